import assert from 'node:assert/strict';
import { changed, eventText, parseEvent } from '../../../src/hosting/hostEvents';
import type { Snapshot } from '../../../src/service/snapshot';
import { ManualClock } from '../../support/manualClock';
import { makeKey, makePool } from '../keys/make';
import { snapshotOf } from '../service/snapshots';

/** A snapshot of so many accounts with five keys each. */
function crowd(accountCount: number): Snapshot {
  const clock = new ManualClock();
  const groups: Record<string, ReturnType<typeof makeKey>[]> = {};
  for (let account = 0; account < accountCount; account++) {
    const names = Array.from({ length: 5 }, (_, key) => `a-key-with-a-name-${account}-${key}`);
    groups[`account-${account}`] = names.map((name) => makeKey(name));
  }
  return snapshotOf(makePool(clock, groups));
}

describe('an event of the host', () => {
  it('holds a whole snapshot of 100 accounts and 500 keys in less than 256 KB', () => {
    const snapshot = crowd(100);
    assert.deepEqual([snapshot.wheel.accounts, snapshot.wheel.keys], [100, 500]);
    const { length } = eventText({ kind: 'snapshot', snapshot });
    assert.ok(length < 256 * 1024, `${length} characters`);
  });

  it('is read as it was written, and not at all where it was cut off', () => {
    const event = { kind: 'snapshot', snapshot: crowd(1) } as const;
    assert.deepEqual(parseEvent(eventText(event)), event);
    assert.equal(parseEvent('data: {"kind":'), null);
  });

  it('may be a change of a host of an earlier build: accounts come, go, move and differ', () => {
    const last = crowd(3);
    const [one, two, three] = last.accounts;
    assert.ok(one && two && three);
    const other = { ...two, state: 'waiting' } as const;
    const fields = { atMs: last.atMs + 1, timezone: 'Asia/Tokyo' };
    const same = changed(last, { fields, order: null, accounts: [other] });
    assert.deepEqual(same, { ...last, ...fields, accounts: [one, other, three] });
    const order = [three.accountId, two.accountId, 'new'];
    const added = { ...one, accountId: 'new' };
    assert.deepEqual(changed(same, { fields: {}, order, accounts: [added] }).accounts, [three, other, added]);
  });
});
