// The list of the last exchanges.
import assert from 'node:assert/strict';
import * as v from 'valibot';
import type { ExchangeReport } from '../../../../src/proxy/report';
import { labelled, savedExchangesSchema } from '../../../../src/service/history/activity';
import { History } from '../../../../src/service/history/history';
import { ManualClock } from '../../../support/manualClock';
import { accountView, keyView } from '../../vscode/views';
import { exchangeView } from '../exchanges';

const report: ExchangeReport = {
  startedAtMs: 1,
  endedAtMs: 2,
  client: 'test',
  method: 'POST',
  path: '/chat/completions',
  model: 'x/y:free',
  class: 'free',
  streaming: false,
  end: 'answered',
  status: 200,
  refusal: null,
  message: null,
  waitedMs: 0,
  firstTokenMs: 1,
  usage: null,
  attempts: [{ atMs: 1, keyId: '', keyLabel: '', status: 200, outcome: 'answer', previous: [], waitedMs: 0 }],
  made: [],
};

function empty(): History {
  return new History({ clock: new ManualClock(), onError: (error) => assert.fail(String(error)) });
}

describe('the exchanges of the history', () => {
  it('gives the newest first, each with a number of its own', () => {
    const activity = empty();
    for (let nth = 1; nth <= 3; nth++) activity.add({ ...report, startedAtMs: nth });
    assert.deepEqual(
      activity.newestFirst().map(({ id, startedAtMs }) => [id, startedAtMs]),
      [
        [3, 3],
        [2, 2],
        [1, 1],
      ],
    );
  });

  it('keeps 500 and no more', () => {
    const activity = empty();
    for (let nth = 1; nth <= 1_234; nth++) activity.add(report);
    const kept = activity.newestFirst();
    assert.deepEqual([kept.length, kept[0]?.id, kept.at(-1)?.id], [500, 1_234, 735]);
  });

  it('saves nothing but what it reads again: no label of a key, no account', () => {
    const activity = empty();
    activity.add({ ...report, made: [{ id: 'gen-1', accountId: 'account-1' }] });
    const [saved] = activity.save().exchanges;
    assert.deepEqual(Object.keys({ ...saved }).includes('made'), false);
    assert.deepEqual(Object.keys({ ...saved?.attempts[0] }).includes('keyLabel'), false);
  });

  it('reads what an older version saved, which told no refusal', () => {
    const activity = empty();
    activity.add(report);
    const [saved] = activity.save().exchanges;
    const { refusal, ...older } = { ...saved };
    assert.equal(refusal, null);
    assert.equal(v.parse(savedExchangesSchema, [older])[0]?.refusal, null);
  });

  it('keeps no name longer than a line, and no key in one', () => {
    const activity = empty();
    const key = `sk-or-v1-${'canary'.repeat(8)}`;
    const view = activity.add({ ...report, model: 'm'.repeat(5_000), path: `/files/${key}`, client: key });
    assert.equal(view.model?.length, 201);
    assert.doesNotMatch(JSON.stringify(activity.save().exchanges), /canary/);
  });

  it('comes back from what was saved, but for the labels of keys, and numbers go on', () => {
    const [attempt] = report.attempts;
    assert.ok(attempt);
    const activity = empty();
    activity.add({ ...report, attempts: [{ ...attempt, keyId: 'aaaaaaaaaaaa', keyLabel: 'Private' }] });
    activity.add(report);
    assert.doesNotMatch(JSON.stringify(activity.save().exchanges), /Private/);
    const other = empty();
    other.add(report);
    other.restore(activity.save());
    assert.deepEqual(
      other.newestFirst().map(({ id, attempts }) => [id, attempts[0]?.keyId, attempts[0]?.keyLabel]),
      [
        [2, '', ''],
        [1, 'aaaaaaaaaaaa', ''],
      ],
    );
    assert.equal(other.add(report).id, 3);
  });
});

const accounts = [accountView({ keys: [keyView({ keyId: 'aaaaaaaaaaaa', label: 'Renamed' })] })];

function labelsOf(keyId: string, keyLabel: string): string | undefined {
  const attempts = exchangeView({}).attempts.map((attempt) => ({ ...attempt, keyId, keyLabel }));
  return labelled([exchangeView({ attempts })], accounts)[0]?.attempts[0]?.keyLabel;
}

describe('the labels of saved exchanges', () => {
  it('are those that the keys have now; a removed key has none', () => {
    assert.equal(labelsOf('aaaaaaaaaaaa', ''), 'Renamed');
    assert.equal(labelsOf('bbbbbbbbbbbb', ''), '');
  });

  it('stay where an exchange has its own', () => {
    assert.equal(labelsOf('aaaaaaaaaaaa', 'Private'), 'Private');
  });
});
