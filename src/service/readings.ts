// Schedules the readings of what each account and key has left: few at a time, often during use, else hourly.
import type { Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import type { Log } from '../base/log';
import type { KeyId } from '../base/secret';
import { isLasting } from '../base/systemError';
import type { Account } from '../keys/account';
import type { KeyState } from '../keys/keyState';
import type { Pool } from '../keys/pool';
import type { KeyAnswer } from './keyring/keyCheck';

const mostAtOnce = 4;
/** Least time between the starts of two readings: five a second. */
const betweenMs = 200;
/** An account is read this often while requests come or a window is active. */
const activeEveryMs = 45_000;
/** An account that is used elsewhere too is read this often. */
const foreignEveryMs = 20_000;
const foreignForMs = 10 * 60_000;
const idleEveryMs = 60 * 60_000;
/** How long a request counts as use. */
export const activeForMs = 5 * 60_000;
/** Pauses after failures double up to this. */
const longestPauseMs = idleEveryMs;
/** During use, a key that is not read for its account is read this often, for its own figures such as its cap. */
const keyEveryMs = 5 * 60_000;
const badEveryMs = 60 * 60_000;
/** How long requests wait for the first readings where nothing was saved. */
const firstReadingMs = 1_000;
/** A good key that is refused is read once more after this time: a short outage switches nothing off. */
const secondLookMs = 60_000;
/** A key that was never accepted is read once more after this time: its user waits for the result. */
const newKeyLookMs = 2_000;
/** A key that has just become bad is read this often at first, in case upstream was at fault. */
const lookAgainMs = 60_000;
const lookAgainForMs = 5 * 60_000;

export interface ReadingPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly pool: Pool;
  readonly ask: (key: string) => Promise<KeyAnswer>;
}

export class Readings implements Disposable {
  private readonly queue = new Set<KeyId>();
  /** The time of the first refused reading of each key since the last one that was not refused. */
  private readonly refusedSinceMs = new WeakMap<KeyState, number>();
  /** Timers of the next reading of refused keys. */
  private readonly looks = new Map<KeyId, Disposable>();
  private readonly idleWaiters = new Set<() => void>();
  private running = 0;
  private pauses = 0;
  private nextStartMs = 0;
  private pacing: Disposable | null = null;
  private readonly askedAtMs = new WeakMap<KeyState, number>();
  /** Until when an account counts as used elsewhere too. */
  private readonly foreignUntilMs = new WeakMap<Account, number>();
  /** The pause between readings of an account that could not be read. */
  private readonly pausesMs = new WeakMap<Account, number>();
  /** Why the last reading of each key failed; the same reason is logged only once in a row. */
  private readonly unread = new WeakMap<KeyState, string>();
  private activeUntilMs: number;
  private round: Disposable;
  private isDisposed = false;

  constructor(private readonly ports: ReadingPorts) {
    this.activeUntilMs = ports.clock.elapsedMs() + activeForMs;
    this.round = ports.clock.after(activeEveryMs, () => this.look());
  }

  /** Marks the proxy as used for `forMs`. */
  active(forMs: number): void {
    const nowMs = this.ports.clock.elapsedMs();
    const wasIdle = this.activeUntilMs < nowMs;
    this.activeUntilMs = Math.max(this.activeUntilMs, nowMs + forMs);
    if (wasIdle) this.look();
  }

  /** Resolves when all queued keys have been read, or after a second. */
  async first(): Promise<void> {
    const late = new Promise<void>((resolve) => void this.ports.clock.after(firstReadingMs, resolve));
    await Promise.race([this.settled(), late]);
  }

  /** Queues a reading of the key; a key that is queued already is read once. */
  want(keyId: KeyId): void {
    if (this.isDisposed) return;
    this.queue.add(keyId);
    this.pump();
  }

  /** Queues keys without a known account, then one key an account, then bad keys, which may be valid again. */
  wantAll(): void {
    if (this.isDisposed) return;
    const { keys, accounts } = this.ports.pool.roster;
    const states = [...keys.values()];
    const wanted = [
      ...states.filter(({ accountRef }) => accountRef === null),
      ...accounts.flatMap((account) => askable(account) ?? account.keys[0] ?? []),
      ...states.filter(({ health }) => health === 'bad'),
    ];
    // All are queued before `pump` takes the first off the queue: a key that occurs twice would be read twice.
    for (const { key } of wanted) this.queue.add(key.keyId);
    this.pump();
  }

  /** Starts no reading until `first` has settled, so that the port is bound before; settles as `first` does. */
  async after<T>(first: Promise<T>): Promise<T> {
    this.pauses++;
    try {
      return await first;
    } finally {
      this.pauses--;
      this.pump();
    }
  }

  /** Resolves when no reading is queued or runs. */
  async settled(): Promise<void> {
    if (this.queue.size === 0 && this.running === 0) return;
    await new Promise<void>((resolve) => this.idleWaiters.add(resolve));
  }

  dispose(): void {
    this.isDisposed = true;
    this.queue.clear();
    this.round.dispose();
    this.pacing?.dispose();
    for (const look of this.looks.values()) look.dispose();
    for (const resolve of this.idleWaiters) resolve();
  }

  /** Queues the keys that are due, the longest unread first, and looks again when more are. */
  private look(): void {
    this.round.dispose();
    if (this.isDisposed) return;
    const { pool, clock } = this.ports;
    const nowMs = clock.elapsedMs();
    const states = [...pool.roster.keys.values()];
    const dues = states.map((state) => ({ state, dueAtMs: this.dueAtMs(state, nowMs) }));
    for (const { state, dueAtMs } of dues.toSorted((a, b) => a.dueAtMs - b.dueAtMs))
      if (dueAtMs <= nowMs) this.queue.add(state.key.keyId);
    const nextMs = Math.min(
      nowMs + idleEveryMs,
      ...dues.map(({ dueAtMs }) => dueAtMs).filter((atMs) => atMs > nowMs),
    );
    this.round = clock.after(Math.max(betweenMs, nextMs - nowMs), () => this.look());
    this.pump();
  }

  /** When the key is due to be read, for its account or for its own cap; Infinity if the key serves nothing. */
  private dueAtMs(state: KeyState, nowMs: number): number {
    const { health } = state;
    if (health === 'bad') return state.markedBadAtMs + badEveryMs;
    if (!state.serves('unmetered') && health !== 'unchecked') return Number.POSITIVE_INFINITY;
    const askedAtMs = this.askedAtMs.get(state) ?? state.reading?.askedAtMs ?? 0;
    const everyMs = this.everyMs(state, askedAtMs, nowMs);
    // An unchecked key serves only after a reading: its pause stays short, unless only a person can mend the failure.
    const isUrgent = health === 'unchecked' && !isLasting(this.unread.get(state) ?? '');
    return askedAtMs + (isUrgent ? Math.min(everyMs, this.pace(keyEveryMs, nowMs)) : everyMs);
  }

  private everyMs(state: KeyState, askedAtMs: number, nowMs: number): number {
    const account = this.accountReadBy(state);
    const { capLeft, lastUsedAtMs } = state;
    if (account === null)
      return this.pace(
        capLeft !== null && (lastUsedAtMs ?? 0) > askedAtMs ? activeEveryMs : keyEveryMs,
        nowMs,
      );
    const isForeign = (this.foreignUntilMs.get(account) ?? 0) > nowMs;
    const everyMs = this.pace(isForeign ? foreignEveryMs : activeEveryMs, nowMs);
    return Math.max(everyMs, this.pausesMs.get(account) ?? 0);
  }

  /** The account that is read by this key; null if it is read by another key. */
  private accountReadBy(state: KeyState): Account | null {
    const account = this.ports.pool.roster.owners.get(state.key.keyId);
    return account !== undefined && askable(account) === state ? account : null;
  }

  private pace(activeMs: number, nowMs: number): number {
    return nowMs <= this.activeUntilMs ? activeMs : idleEveryMs;
  }

  private pump(): void {
    if (this.isDisposed || this.pauses > 0 || this.pacing !== null || this.running >= mostAtOnce) return;
    const [keyId] = this.queue;
    if (keyId === undefined) {
      if (this.running > 0) return;
      for (const resolve of this.idleWaiters) resolve();
      this.idleWaiters.clear();
      return;
    }
    const waitMs = this.nextStartMs - this.ports.clock.elapsedMs();
    if (waitMs > 0) {
      this.pacing = this.ports.clock.after(waitMs, () => {
        this.pacing = null;
        this.pump();
      });
      return;
    }
    this.queue.delete(keyId);
    this.nextStartMs = this.ports.clock.elapsedMs() + betweenMs;
    const state = this.ports.pool.roster.keys.get(keyId);
    if (state !== undefined) this.read(state);
    this.pump();
  }

  private read(state: KeyState): void {
    this.running++;
    this.askedAtMs.set(state, this.ports.clock.elapsedMs());
    this.ports
      .ask(state.key.secret.reveal())
      .then((answer) => this.apply(state, answer))
      .catch((error: unknown) => this.ports.log.error('A reading failed.', error))
      .finally(() => {
        this.running--;
        this.pump();
      });
  }

  private apply(state: KeyState, answer: KeyAnswer): void {
    if (this.isDisposed) return;
    const { pool, log, clock } = this.ports;
    const { keyId, label } = state.key;
    const account = this.accountReadBy(state);
    switch (answer.kind) {
      case 'read': {
        this.refusedSinceMs.delete(state);
        this.unread.delete(state);
        const { daily } = answer.reading;
        if (account !== null) {
          this.pausesMs.delete(account);
          if (daily !== null && account.ledger.showsOthers(daily.used))
            this.foreignUntilMs.set(account, clock.elapsedMs() + foreignForMs);
        }
        pool.read(keyId, answer.reading);
        this.look();
        return;
      }
      case 'refused':
        this.applyRefusal(state);
        return;
      case 'unreachable':
        this.refusedSinceMs.delete(state);
        if (account !== null && isToBeSpared(answer.detail)) {
          const pauseMs = 2 * (this.pausesMs.get(account) ?? activeEveryMs / 2);
          this.pausesMs.set(account, Math.min(pauseMs, longestPauseMs));
        }
        if (this.unread.get(state) !== answer.detail)
          log.warn(`The allowance of ${label} (${keyId}) could not be read: ${answer.detail}.`);
        this.unread.set(state, answer.detail);
        this.look();
    }
  }

  /** A key is bad if a second reading is refused too, unless other accounts are refused as well: then upstream is at fault. */
  private applyRefusal(state: KeyState): void {
    const { pool, log, clock } = this.ports;
    const { keyId, label } = state.key;
    const nowMs = clock.elapsedMs();
    const refusedForMs = nowMs - (this.refusedSinceMs.get(state) ?? nowMs);
    this.refusedSinceMs.set(state, nowMs - refusedForMs);
    if (state.health === 'bad') {
      pool.markBad(keyId);
      if (refusedForMs < lookAgainForMs) this.lookLater(keyId, lookAgainMs);
      return;
    }
    // Only keys that were accepted before count: several bad new keys are no incident.
    const isIncident = pool.roster.refused(state, nowMs).length > 0 && state.health === 'good';
    const lookAfterMs = state.health === 'unchecked' ? newKeyLookMs : secondLookMs;
    if (refusedForMs < lookAfterMs) {
      this.lookLater(keyId, lookAfterMs - refusedForMs);
      return;
    }
    if (isIncident) {
      this.refusedSinceMs.delete(state);
      log.warn('OpenRouter refuses keys of several accounts: this counts as an incident of OpenRouter.');
      return;
    }
    log.warn(`OpenRouter refuses the key ${label} (${keyId}): it is not used until it is accepted again.`);
    pool.markBad(keyId);
    this.lookLater(keyId, lookAgainMs);
  }

  private lookLater(keyId: KeyId, delayMs: number): void {
    this.looks.get(keyId)?.dispose();
    const look = this.ports.clock.after(delayMs, () => {
      this.looks.delete(keyId);
      this.want(keyId);
    });
    this.looks.set(keyId, look);
  }
}

/** Whether pauses grow: upstream answers with errors, or only a person can mend the failure. An outage is not waited out. */
function isToBeSpared(detail: string): boolean {
  return detail.startsWith('status ') || isLasting(detail);
}

/** The key that is read for its account: the first that works, or null. */
function askable({ keys }: Account): KeyState | null {
  return keys.find((each) => each.serves('unmetered')) ?? null;
}
