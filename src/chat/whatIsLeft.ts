// The allowance for agents, so that they can plan: figures, busy models and available free ones; account names only if allowed.
import type { AccountView, Snapshot } from '../service/snapshot';
import type { OfferedModel } from './offer';

/** Bounded, because agents pay for each byte with tokens. */
const mostBytes = 1_000;

/** JSON of less than 1,000 bytes; times in UTC. */
export function whatIsLeft(
  { wheel, accounts }: Pick<Snapshot, 'wheel' | 'accounts'>,
  models: readonly OfferedModel[],
  withNames: boolean,
): string {
  const figures = {
    freeRequestsLeftToday: wheel.freeLeft,
    freeRequestsADay: wheel.freeLimit,
    // Bounded by the wheel's figure, which leaves out accounts that are off.
    freeRequestsLeftThisMinute: Math.min(leftThisMinute(accounts), wheel.freeLeft),
    resetsAt: wheel.resetAtMs === null ? null : isoOf(wheel.resetAtMs),
    requestsWaiting: wheel.waiting,
  };
  const lists = {
    ...(withNames ? { accounts: accounts.map(({ name, day }) => ({ name, left: day.left })) } : {}),
    busyModels: models.flatMap(({ id, busyUntilMs }) =>
      busyUntilMs === null ? [] : [{ id, until: isoOf(busyUntilMs) }],
    ),
    healthyFreeModels: models
      .filter(({ isFree, busyUntilMs }) => isFree && busyUntilMs === null)
      .map(({ id }) => id),
  };
  for (let most = 12; most > 0; most--) {
    const text = JSON.stringify({ ...figures, ...shortened(lists, most) });
    if (Buffer.byteLength(text) < mostBytes) return text;
  }
  return JSON.stringify(figures);
}

function leftThisMinute(accounts: readonly AccountView[]): number {
  return accounts.reduce(
    (sum, { minute, day }) => sum + Math.max(Math.min(minute.limit - minute.used, day.left), 0),
    0,
  );
}

/** The first entries of each list, and the number of further ones. */
function shortened(lists: Readonly<Record<string, readonly unknown[]>>, most: number): object {
  const entries = Object.entries(lists);
  const left = entries.filter(([, list]) => list.length > most);
  return {
    ...Object.fromEntries(entries.map(([name, list]) => [name, list.slice(0, most)])),
    ...Object.fromEntries(left.map(([name, list]) => [`${name}NotShown`, list.length - most])),
  };
}

function isoOf(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
