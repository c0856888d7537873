// The list of the last exchanges.
import assert from 'node:assert/strict';
import type { ExchangeReport } from '../../../src/proxy/report';
import { Activity } from '../../../src/service/activity';

const report: ExchangeReport = {
  startedAtMs: 1,
  endedAtMs: 2,
  client: 'test',
  method: 'POST',
  path: '/chat/completions',
  model: 'x/y:free',
  requestClass: 'free',
  streaming: false,
  end: 'answered',
  status: 200,
  refusal: null,
  waitedMs: 0,
  firstTokenMs: 1,
  usage: null,
  attempts: [{ atMs: 1, keyId: null, keyLabel: null, status: 200, outcome: 'answer', waitedMs: 0 }],
  made: [],
};

describe('Activity', () => {
  it('gives the newest first, each with a number of its own', () => {
    const activity = new Activity();
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
    const activity = new Activity();
    for (let nth = 1; nth <= 1_234; nth++) activity.add(report);
    const kept = activity.newestFirst();
    assert.deepEqual([kept.length, kept[0]?.id, kept.at(-1)?.id], [500, 1_234, 735]);
  });

  it('gives what views know: the class under its name, keys that were not needed as empty', () => {
    const view = new Activity().add(report);
    assert.equal(view.class, 'free');
    assert.ok(!('requestClass' in view));
    assert.deepEqual([view.attempts[0]?.keyId, view.attempts[0]?.keyLabel], ['', '']);
  });

  it('keeps no name longer than a line, and no key in one', () => {
    const activity = new Activity();
    const key = `sk-or-v1-${'canary'.repeat(8)}`;
    const view = activity.add({ ...report, model: 'm'.repeat(5_000), path: `/files/${key}`, client: key });
    assert.equal(view.model?.length, 201);
    assert.doesNotMatch(JSON.stringify(activity.save()), /canary/);
  });

  it('comes back from what was saved, but for the labels of keys, and numbers go on', () => {
    const [attempt] = report.attempts;
    assert.ok(attempt);
    const activity = new Activity();
    activity.add({ ...report, attempts: [{ ...attempt, keyId: 'aaaaaaaaaaaa', keyLabel: 'Private' }] });
    activity.add(report);
    assert.doesNotMatch(JSON.stringify(activity.save()), /Private/);
    const other = new Activity();
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
