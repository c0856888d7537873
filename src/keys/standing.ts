// Explains why accounts cannot serve now.
import type { Account } from './account';
import type { AccountStanding, Denial, DenialKind } from './denial';
import type { Lock, RequestClass } from './lock';
import type { Wheel, Wish } from './wheel';

/** The name that people see: the user's own, else the label of the account's first key. */
export function nameOf(account: Account): string {
  const first = account.keys[0]?.key;
  return (
    account.keys.find(({ key }) => key.accountName !== null)?.key.accountName ??
    first?.label ??
    account.accountId
  );
}

/** What holds the account back the longest. */
function standingOf(account: Account, requestClass: RequestClass, nowMs: number): AccountStanding {
  const { accountId, ledger } = account;
  const name = nameOf(account);
  const longest = longestLock(account, requestClass, nowMs);
  if (account.keys.every((state) => !state.serves(requestClass))) {
    return { accountId, name, reason: 'keysOff', untilMs: null };
  }
  if (requestClass === 'free' && ledger.emptiness !== 'some' && (longest?.untilMs ?? 0) < ledger.resetAtMs) {
    return { accountId, name, reason: 'dayUsed', untilMs: ledger.resetAtMs };
  }
  if (longest !== null) return { accountId, name, reason: longest.reason, untilMs: longest.untilMs };
  return { accountId, name, reason: 'minuteFull', untilMs: account.minute.readyAtMs(nowMs) || null };
}

function longestLock(account: Account, requestClass: RequestClass, nowMs: number): Lock | null {
  const locks = [
    ...account.locks.active(nowMs),
    // A lock of one key holds the account back only where no other key is left.
    ...(account.keys.every((state) => state.readyAtMs(requestClass, nowMs) > nowMs)
      ? account.keys.flatMap((state) => (state.serves(requestClass) ? state.locks.active(nowMs) : []))
      : []),
  ].filter((lock) => lock.covers === 'all' || lock.covers === requestClass);
  return locks.sort((a, b) => b.untilMs - a.untilMs)[0] ?? null;
}

/** Makes the denials of one instant: how the accounts stand is looked up once a class. */
export class Denials {
  private readonly standings = new Map<RequestClass, readonly AccountStanding[]>();

  constructor(
    private readonly wheel: Wheel,
    private readonly nowMs: number,
  ) {}

  of(kind: DenialKind, wish: Wish): Denial {
    const { requestClass } = wish;
    const readyAtMs = this.wheel.servableAtMs(wish, this.nowMs);
    const retryAtMs = Number.isFinite(readyAtMs) ? Math.max(readyAtMs, this.nowMs) : null;
    let accounts = this.standings.get(requestClass);
    if (accounts === undefined) {
      accounts = this.standingsFor(requestClass);
      this.standings.set(requestClass, accounts);
    }
    return { kind, requestClass, retryAtMs, accounts };
  }

  /** Of all accounts that cannot serve now; a lock of everything is every account's. */
  private standingsFor(requestClass: RequestClass): readonly AccountStanding[] {
    const { wheel, nowMs } = this;
    const [everything] = wheel.locks.active(nowMs);
    if (everything !== undefined) {
      const { reason, untilMs } = everything;
      return wheel.roster.accounts.map((account) => ({
        accountId: account.accountId,
        name: nameOf(account),
        reason,
        untilMs,
      }));
    }
    return wheel.roster.accounts
      .filter((account) => account.readyAtMs(requestClass, nowMs) > nowMs)
      .map((account) => standingOf(account, requestClass, nowMs));
  }
}
