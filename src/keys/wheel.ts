// All that is known of keys, accounts and models, and the choice of account and key for a request.
import type { KeyId } from '../base/secret';
import type { Account } from './account';
import { Calendar } from './calendar';
import { ModelClasses } from './freeModel';
import type { Grant, LeaseRequest, Wish } from './lease';
import { Locks } from './lock';
import { ModelLocks } from './modelLocks';
import { RecentEntries } from './recentEntries';
import { Roster } from './roster';
import { shiftedState, stateVersion, type SavedState } from './savedState';

/** The prefix of a conversation's name where the conversation is one body whose answer may be in a key's response cache. */
export const cachedConversation = 'cache:';

type Choice = Pick<Grant, 'account' | 'state'>;

export class Wheel {
  readonly calendar: Calendar;
  readonly roster: Roster;
  readonly modelLocks = new ModelLocks();
  readonly modelClasses = new ModelClasses();
  /** Locks of everything. */
  readonly locks = new Locks();
  /** The key that last served a conversation. */
  readonly conversations = new RecentEntries<KeyId>();
  private rolledUntilMs = 0;

  constructor(zone: string) {
    this.calendar = new Calendar(zone);
    this.roster = new Roster(this.calendar, this.modelLocks);
  }

  /** Begins the new day where the old one is over, by a wall time that may have jumped; true if it has. */
  roll(nowMs: number, wallMs: number): boolean {
    const { calendar } = this;
    const delayMs = calendar.follow(wallMs - nowMs);
    if (delayMs === 0 && nowMs < this.rolledUntilMs) return false;
    this.rolledUntilMs = Math.min(calendar.nextUtcMidnightMs(nowMs), calendar.nextMidnightMs(nowMs));
    for (const account of this.roster.accounts) {
      if (delayMs !== 0) account.delayReset(delayMs, nowMs);
      account.ledger.roll(nowMs);
    }
    return delayMs !== 0;
  }

  setZone(zone: string, nowMs: number): void {
    this.calendar.setZone(zone);
    this.rolledUntilMs = 0;
    this.roster.configure(nowMs);
  }

  /** The state worth saving: accounts and keys of which nothing is known are left out. */
  save(nowMs: number): SavedState {
    const state: SavedState = {
      version: stateVersion,
      revision: 0,
      savedAtMs: nowMs,
      ...this.roster.save(nowMs),
      models: [...this.modelLocks.active(nowMs)],
      locks: [...this.locks.active(nowMs)],
    };
    return shiftedState(state, this.calendar.wallOf(0));
  }

  /** Keeps a saved state for keys and accounts that come from now on; its locks of models and of everything hold at once. */
  restore(saved: SavedState, nowMs: number): void {
    const savedAtMs = this.calendar.elapsedOf(saved.savedAtMs);
    // A clock that was set back between two runs must not make locks longer.
    const state = shiftedState(saved, Math.min(savedAtMs, nowMs) - saved.savedAtMs);
    this.roster.restore(state);
    this.modelLocks.restore(state.models, nowMs);
    for (const lock of state.locks) this.locks.join(lock);
  }

  /** The account and key that would serve now, or null if none can. */
  choose(wish: Wish, nowMs: number): Choice | null {
    if (this.heldBackUntilMs(wish, nowMs) > nowMs) return null;
    const reordered = this.reorderedKeys(wish, nowMs);
    const tried = reordered.length === 0 ? null : new Set([...wish.tried, ...reordered]);
    return (tried === null ? null : this.chooseAny({ ...wish, tried }, nowMs)) ?? this.chooseAny(wish, nowMs);
  }

  private chooseAny(wish: Wish, nowMs: number): Choice | null {
    return this.kept(wish, nowMs) ?? this.best(wish, nowMs);
  }

  /** When the locks of everything and of the model let the wish go: 0 is now, Infinity is the end of a running probe of the model. */
  heldBackUntilMs(wish: Wish, nowMs: number): number {
    return Math.max(
      this.locks.lockedUntilMs(wish.requestClass, nowMs),
      this.modelLocks.heldUntilMs(wish, null, nowMs),
    );
  }

  /** When the first account that may serve the wish is ready, apart from locks of everything and of the model; Infinity: never. */
  accountReadyAtMs(wish: Wish, nowMs: number): number {
    const { requestClass, tried } = wish;
    let soonestMs = Number.POSITIVE_INFINITY;
    for (const account of this.accountsFor(wish)) {
      const modelMs = this.modelLocks.heldUntilMs(wish, account.accountId, nowMs);
      soonestMs = Math.min(soonestMs, Math.max(modelMs, account.readyAtMs(requestClass, nowMs, tried)));
      if (soonestMs <= nowMs) break;
    }
    return soonestMs;
  }

  /** The instant from which the wish can be served, all considered; Infinity if that is unknown or never. */
  servableAtMs(wish: Wish, nowMs: number): number {
    return Math.max(this.accountReadyAtMs(wish, nowMs), this.heldBackUntilMs(wish, nowMs));
  }

  /** Whether any account and any key may serve the wish. */
  isPlain({ accountId, tried, model }: Wish): boolean {
    return accountId === null && tried.size === 0 && !this.modelLocks.hasNarrowLocks(model);
  }

  /** The instant at which time alone can change something for the requests: the end of a wait, of a hold, or of a doubt. */
  nextChangeMs(waiting: Iterable<{ readonly request: LeaseRequest }>, nowMs: number): number {
    const doubtsMs = this.roster.accounts.map(({ ledger }) => ledger.nextDoubtMs(nowMs));
    let soonestMs = Math.min(...doubtsMs.filter((atMs) => atMs > nowMs));
    const known = { free: new Set(), paid: new Set(), unmetered: new Set() };
    for (const { request } of waiting) {
      soonestMs = Math.min(soonestMs, request.untilMs);
      if (this.isPlain(request)) {
        // Plain requests of one class for one model become ready together: one look is enough for all.
        const models = known[request.requestClass];
        if (models.has(request.model)) continue;
        models.add(request.model);
      }
      const readyAtMs = this.servableAtMs(request, nowMs);
      if (readyAtMs > nowMs) soonestMs = Math.min(soonestMs, readyAtMs);
    }
    return soonestMs;
  }

  /** The accounts that may serve the wish: those with a key that serves its class and was not tried. */
  candidates(wish: Wish): readonly Account[] {
    return this.accountsFor(wish).filter(({ keys }) =>
      keys.some((state) => state.serves(wish.requestClass) && !wish.tried.has(state.key.keyId)),
    );
  }

  /** The ready account with the highest rank; at a tie fewer in flight, then the longest unused. Unmetered: the first, so that a balance is always of the same account. */
  private best(wish: Wish, nowMs: number): Choice | null {
    let best: Choice | null = null;
    let bestRank = 0;
    const isSpread = wish.requestClass !== 'unmetered';
    for (const account of this.accountsFor(wish)) {
      // The rank is cheap to compute: most accounts are passed over by it before anything else is looked at.
      const rank = account.rank(wish.requestClass);
      const isTie = rank === bestRank;
      if (best !== null && (rank < bestRank || (isTie && !(isSpread && isFresher(account, best.account)))))
        continue;
      const choice = this.choiceIn(account, wish, nowMs);
      if (choice === null) continue;
      best = choice;
      bestRank = rank;
    }
    return best;
  }

  private choiceIn(account: Account, wish: Wish, nowMs: number): Choice | null {
    if (account.readyAtMs(wish.requestClass, nowMs) > nowMs) return null;
    if (this.modelLocks.heldUntilMs(wish, account.accountId, nowMs) > nowMs) return null;
    const state = account.keyFor(wish.requestClass, nowMs, wish.tried);
    return state === null ? null : { account, state };
  }

  /** The keys that are tried last: a guess or a setting speaks against them. */
  private reorderedKeys({ model }: Wish, nowMs: number): readonly KeyId[] {
    if (!this.modelLocks.hasNarrowLocks(model)) return [];
    return [...this.roster.owners].flatMap(([keyId, { accountId }]) =>
      this.modelLocks.isReordered(model, accountId, keyId, nowMs) ? [keyId] : [],
    );
  }

  private accountsFor({ accountId }: Wish): readonly Account[] {
    const own = accountId === null ? null : this.roster.account(accountId);
    return own === null ? this.roster.accounts : [own];
  }

  /** A conversation stays with its account, which has its prompt cache, or with its key, which has the cache of whole answers. */
  private kept(wish: Wish, nowMs: number): Choice | null {
    const { requestClass, conversation, accountId, tried } = wish;
    if (conversation === null || accountId !== null) return null;
    const isCached = conversation.startsWith(cachedConversation);
    // Free requests are spread over the accounts, except for those that a response cache may answer.
    if (requestClass !== 'paid' && !isCached) return null;
    const keyId = this.conversations.get(conversation, nowMs);
    const account = this.roster.owners.get(keyId ?? '');
    if (account === undefined) return null;
    if (!isCached) return this.choiceIn(account, wish, nowMs);
    const others = account.keys.flatMap(({ key }) => (key.keyId === keyId ? [] : [key.keyId]));
    const own = { ...wish, tried: new Set([...tried, ...others]) };
    return this.choiceIn(account, own, nowMs) ?? this.choiceIn(account, wish, nowMs);
  }
}

function isFresher(account: Account, than: Account): boolean {
  const busier = account.inFlight - than.inFlight;
  return busier === 0 ? account.lastUsedAtMs < than.lastUsedAtMs : busier < 0;
}
