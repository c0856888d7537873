// The body of GET /key-status: labels and masked keys, no secrets.
import type { Snapshot } from './snapshot';

/** Plain JSON, times as ISO 8601. */
export function keyStatus({ wheel, accounts, busyModels }: Snapshot): unknown {
  return {
    free_left: wheel.freeLeft,
    free_limit: wheel.freeLimit,
    resets_at: iso(wheel.resetAtMs),
    waiting: wheel.waiting,
    accounts: accounts.map(({ name, day, minute, state, untilMs, keys, locks }) => ({
      name,
      state,
      until: iso(untilMs),
      day: { used: day.used, limit: day.limit, left: day.left, resets_at: iso(day.resetAtMs) },
      minute: { used: minute.used, limit: minute.limit },
      locks: locks.map(({ reason, covers, untilMs: lockUntilMs }) => ({
        reason,
        covers,
        until: iso(lockUntilMs),
      })),
      keys: keys.map(({ label, masked, health, enabled, requests, errors }) => ({
        label,
        key: masked,
        health,
        enabled,
        requests,
        errors,
      })),
    })),
    busy_models: busyModels.map(({ model, accountId, keyId, reason, untilMs }) => {
      const account = accounts.find((each) => each.accountId === accountId);
      const key = account?.keys.find((each) => each.keyId === keyId);
      return { model, reason, account: account?.name ?? null, key: key?.label ?? null, until: iso(untilMs) };
    }),
  };
}

function iso(atMs: number | null): string | null {
  return atMs === null ? null : new Date(atMs).toISOString();
}
