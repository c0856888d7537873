// A saved state is up to a second old: what a snapshot has told since is added to it.
import { firstDay } from '../keys/dayCount';
import { readSaved, type SavedState } from '../keys/savedState';
import type { AccountView, Snapshot } from './snapshot';

/** As the minute window itself reckons where it does not know better. */
const slotMs = 60_500;

type SavedAccount = SavedState['accounts'][string];

/** The state with the snapshot's counts where those are higher, of the same day. What has left is in both counts, running or not. */
export function freshState(raw: unknown, snapshot: Snapshot | null): unknown {
  const read = readSaved(raw);
  if (read.kind !== 'good' || snapshot === null) return raw;
  const accounts = { ...read.state.accounts };
  for (const view of snapshot.accounts) {
    const saved = accounts[view.accountId] ?? unused(view);
    if (view.day.own > saved.ledger.own) {
      accounts[view.accountId] = withCounts(saved, view, snapshot.atMs);
    }
  }
  return { ...read.state, accounts };
}

/** An account whose first attempt is younger than the state. */
function unused({ day, minute }: AccountView): SavedAccount {
  const { server, resetAtMs } = day;
  const learnedLimit = server?.limit ?? null;
  const everRead = server !== null;
  return {
    ledger: {
      ...firstDay(resetAtMs),
      learnedLimit,
      everRead,
      unsure: { count: 0, atMs: 0 },
    },
    minute: { freeAtMs: [], limit: minute.limit, limitUntilMs: 0 },
    locks: [],
  };
}

function withCounts(saved: SavedAccount, { day }: AccountView, atMs: number): SavedAccount {
  const { ledger, minute } = saved;
  const missing = day.own - ledger.own;
  if (day.resetAtMs !== ledger.resetAtMs) return saved;
  return {
    ...saved,
    ledger: {
      ...ledger,
      own: ledger.own + missing,
      lastSentAtMs: Math.max(ledger.lastSentAtMs, atMs),
      unsure: { count: ledger.unsure.count + missing, atMs: Math.max(ledger.unsure.atMs, atMs) },
    },
    minute: {
      ...minute,
      freeAtMs: [...minute.freeAtMs, ...Array.from({ length: missing }, () => atMs + slotMs)],
    },
  };
}
