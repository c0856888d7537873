import assert from 'node:assert/strict';
import { exchangeReport, exchangeTable } from '../../../../src/service/history/exchangeText';
import { exchangeView } from '../exchanges';

describe('exchangeReport', () => {
  it('tells the trail of an exchange, and names no label', () => {
    const text = exchangeReport(exchangeView({}), '1.2.3');
    assert.equal(
      text,
      [
        'Keywheel: 1.2.3',
        'Request: POST /api/v1/chat/completions',
        'Client: Cline',
        'Model: a/b:free',
        'Class: free, streaming',
        'Began: 2026-11-22T18:00:00.000Z',
        'Took: 2.500 s',
        'Ended: answered, status 200',
        'Waited: 0.900 s',
        'First token after: 1.400 s',
        'Tokens: 1200 in, 34 out',
        'Attempts:',
        '  1. after 0.000 s (waited 0.000 s), key aaaaaaaaaaaa: busy, status 429',
        '  2. after 1.000 s (waited 0.900 s), key aaaaaaaaaaaa: answer, status 200',
      ].join('\n'),
    );
    assert.doesNotMatch(text, /Private/);
  });

  it('tells of no time below zero, though the clock was set back meanwhile', () => {
    const { startedAtMs, attempts } = exchangeView({});
    const back = attempts.map((attempt) => ({ ...attempt, atMs: startedAtMs - 3_600_000 }));
    const text = exchangeReport(exchangeView({ endedAtMs: startedAtMs - 3_597_500, attempts: back }), '1');
    assert.match(text, /Took: 0\.000 s/);
    assert.match(text, /1\. after 0\.000 s/);
  });

  it('tells why it was refused: OpenRouter’s own words, and of ours the code, as they name accounts', () => {
    const refused = { end: 'refused', status: 429 } as const;
    const ours = exchangeView({
      ...refused,
      refusal: 'accounts_exhausted',
      message: 'Private has nothing left.',
    });
    assert.match(exchangeReport(ours, '1'), /\nEnded: refused, status 429 \(accounts_exhausted\)\n/);
    assert.doesNotMatch(exchangeReport(ours, '1'), /Private/);
    const theirs = exchangeView({ ...refused, status: 400, message: 'Too long.' });
    assert.match(exchangeReport(theirs, '1'), /\nEnded: refused, status 400: Too long\.\n/);
  });

  it('tells what did not come', () => {
    const text = exchangeReport(
      exchangeView({ model: null, status: null, usage: null, firstTokenMs: null, attempts: [] }),
      '1',
    );
    assert.match(text, /Model: -\n/);
    assert.match(text, /status none/);
  });
});

describe('the table of exchanges', () => {
  it('has a row for each in CSV, under names, with quotes where they are needed', () => {
    const message = 'Too long, "really".';
    const [names, row, end] = exchangeTable([exchangeView({ end: 'refused', message })], 'csv').split('\r\n');
    assert.match(names ?? '', /^time,client,model,request,type,streaming,outcome,status,message,key,/);
    assert.equal(
      row,
      '2026-11-22T18:00:00.000Z,Cline,a/b:free,POST /api/v1/chat/completions,free,true,refused,200,' +
        '"Too long, ""really"".",Private,2,900,2500,1400,1200,34,0',
    );
    assert.equal(end, '');
  });

  it('gives a spreadsheet no formula', () => {
    assert.match(exchangeTable([exchangeView({ client: '=1+1' })], 'csv'), /,'=1\+1,/);
  });

  it('is a list of objects in JSON, with null for what is not known', () => {
    const [only] = JSON.parse(exchangeTable([exchangeView({ usage: null })], 'json')) as [
      Readonly<Record<string, unknown>>,
    ];
    assert.deepEqual([only.client, only.cost, only.durationMs], ['Cline', null, 2500]);
  });
});
