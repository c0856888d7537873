import assert from 'node:assert/strict';
import { eventText, parseEvent } from '../../../src/hosting/hostEvents';
import type { Snapshot } from '../../../src/service/snapshot';
import { ManualClock } from '../../support/manualClock';
import { makeKey, makePool } from '../keys/make';
import { snapshotOf } from '../service/snapshots';

/** A snapshot of so many accounts with five keys each. */
function accountsOf(accountCount: number): Snapshot {
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
    const snapshot = accountsOf(100);
    assert.deepEqual([snapshot.wheel.accounts, snapshot.wheel.keys], [100, 500]);
    const { length } = eventText({ kind: 'snapshot', snapshot });
    assert.ok(length < 256 * 1024, `${length} characters`);
  });

  it('is read as it was written, and not at all where it was cut off', () => {
    const event = { kind: 'snapshot', snapshot: accountsOf(1) } as const;
    assert.deepEqual(parseEvent(eventText(event)), event);
    assert.equal(parseEvent('{"kind":'), null);
  });
});
