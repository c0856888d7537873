// Why no lease was given: facts, from which a refusal makes its sentence. Their instants are wall time.
import type { Account, AccountId } from './account';
import type { Wish } from './lease';
import { holdsBack, type RequestClass } from './lock';
import { scopes, type LockReason } from './scope';
import type { Wheel } from './wheel';

/** How one account stood when a request was denied. */
export interface AccountStanding {
  readonly accountId: AccountId;
  /** The user's name of the account, else its first key's label. */
  readonly name: string;
  /** What holds it back: a lock's reason, its day or minute, or that no key of it may serve the class. */
  readonly reason: LockReason | 'keysOff';
  /** Null where only the user can change it. */
  readonly untilMs: number | null;
  /** Free requests a day, used or not. */
  readonly freeLimit: number;
}

/**
 * `noKeys`: there is no usable key · `keysAwaited`: it is not known yet which keys there are · `lineFull`: too many wait ·
 * `exhausted`: no account can serve in time · `modelBusy`: the model is held back for longer than the wait, for all
 * accounts or for those that could serve · `allTried`: every key that could was tried in this exchange · `stopping`: the
 * proxy stops.
 */
export type DenialKind =
  'noKeys' | 'keysAwaited' | 'lineFull' | 'exhausted' | 'modelBusy' | 'allTried' | 'stopping';

export interface Denial {
  readonly kind: DenialKind;
  readonly requestClass: RequestClass;
  /** The soonest moment at which it would be worth asking again, or null where none is known. */
  readonly retryAtMs: number | null;
  readonly accounts: readonly AccountStanding[];
}

/** The name that people see: the user's own, else the label of the account's first key. */
export function nameOf(account: Account): string {
  const first = account.keys[0]?.key;
  return (
    account.keys.find(({ key }) => key.accountName !== null)?.key.accountName ??
    first?.label ??
    account.accountId
  );
}

/** The denial of the moment. Of all accounts that cannot serve now it tells what holds them; a lock of everything is every account's. */
export function denialOf(wheel: Wheel, kind: DenialKind, wish: Wish, nowMs: number): Denial {
  const { requestClass } = wish;
  const readyAtMs = wheel.servableAtMs(wish, nowMs);
  const [everything] = wheel.locks.active(nowMs);
  const accounts = wheel.roster.accounts.filter(
    (account) => everything !== undefined || account.readyAtMs(requestClass, nowMs) > nowMs,
  );
  return {
    kind,
    requestClass,
    retryAtMs: Number.isFinite(readyAtMs) ? wheel.calendar.wallOf(Math.max(readyAtMs, nowMs)) : null,
    accounts: accounts.map((account) => {
      const { reason, untilMs } = everything ?? holdOf(account, requestClass, nowMs);
      return {
        accountId: account.accountId,
        name: nameOf(account),
        reason,
        untilMs: untilMs === null ? null : wheel.calendar.wallOf(untilMs),
        freeLimit: account.ledger.limit,
      };
    }),
  };
}

function holdOf(
  account: Account,
  requestClass: RequestClass,
  nowMs: number,
): Pick<AccountStanding, 'reason' | 'untilMs'> {
  const { ledger, keys, minute } = account;
  if (keys.every((state) => !state.serves(requestClass))) return { reason: 'keysOff', untilMs: null };
  // A lock of one key holds the account back only where no other key is left.
  const isHeldByKeys = keys.every((state) => state.unlockedAtMs(requestClass, nowMs) > nowMs);
  const holders = [account, ...(isHeldByKeys ? keys.filter((state) => state.serves(requestClass)) : [])];
  const isUsedUp = ledger.emptiness === 'spent' || ledger.emptiness === 'doubtful';
  const day = { ...scopes.dailyLimit, reason: 'dailyLimit', untilMs: ledger.resetAtMs } as const;
  const [longest] = [...holders.flatMap(({ locks }) => locks.active(nowMs)), ...(isUsedUp ? [day] : [])]
    .filter((lock) => holdsBack(lock, requestClass))
    .sort((a, b) => b.untilMs - a.untilMs);
  return longest ?? { reason: 'minuteLimit', untilMs: minute.nextSlotAtMs(nowMs) || null };
}
