import assert from 'node:assert/strict';
import fc from 'fast-check';
import { changeBetween, changed } from '../../../src/hosting/snapshotChange';
import type { Snapshot } from '../../../src/service/snapshot';
import { accountView, nowMs, stateOf } from '../vscode/views';

/** Accounts by number, each with what it has used. */
function snapshotOf(used: readonly (readonly [id: number, used: number])[], atMs = nowMs): Snapshot {
  const accounts = used.map(([id, own]) =>
    accountView({ accountId: `account-${id}`, day: { ...accountView().day, own } }),
  );
  return { ...stateOf(accounts).snapshot, atMs };
}

describe('changeBetween', () => {
  it('is nothing where only time has passed', () => {
    assert.equal(changeBetween(snapshotOf([[1, 5]]), snapshotOf([[1, 5]], nowMs + 100)), null);
  });

  it('holds the account that has changed and no other', () => {
    const last = snapshotOf([
      [1, 5],
      [2, 5],
    ]);
    const change = changeBetween(
      last,
      snapshotOf([
        [1, 5],
        [2, 6],
      ]),
    );
    assert.deepEqual(
      change?.accounts.map(({ accountId }) => accountId),
      ['account-2'],
    );
    assert.equal(change.order, null);
  });

  it('makes the next snapshot of the last one, whatever has changed', () => {
    const accounts = fc.uniqueArray(fc.tuple(fc.nat(6), fc.nat(3)), { selector: ([id]) => id });
    fc.assert(
      fc.property(accounts, accounts, (before, after) => {
        const [last, next] = [snapshotOf(before), snapshotOf(after, nowMs + 100)];
        const change = changeBetween(last, next);
        const made = change === null ? last : changed(last, change);
        assert.deepEqual({ ...made, atMs: 0 }, { ...next, atMs: 0 });
      }),
    );
  });
});
