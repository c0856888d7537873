import assert from 'node:assert/strict';
import { exchangeTable } from '../../../../src/service/history/exchangeTable';
import { exchangeView } from '../exchanges';

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
