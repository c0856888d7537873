// When each account is asked what is left: never in the path of a request, few at a time.
import type { Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import type { Log } from '../base/log';
import type { KeyId } from '../base/secret';
import type { Account } from '../keys/account';
import type { KeyState } from '../keys/keyState';
import type { Pool } from '../keys/pool';
import type { KeyAnswer } from './keyReader';

const mostAtOnce = 4;
/** Five a second. */
const betweenMs = 200;
const everyMs = 5 * 60_000;
const badEveryMs = 60 * 60_000;
/** A key that was good and is refused is asked once more after so long: one bad minute switches nothing off. */
const secondLookMs = 60_000;
/** What is wrong with a key that was never accepted, its user wants to know now. */
const newKeyLookMs = 2_000;
/** A key that has just become bad is asked this often for so long: should it have been upstream's fault after all. */
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
  /** Since when each key was refused whenever it was asked. */
  private readonly refusedSinceMs = new WeakMap<KeyState, number>();
  /** When refused keys are asked again. */
  private readonly looks = new Map<KeyId, Disposable>();
  private readonly idleWaiters = new Set<() => void>();
  private running = 0;
  private holds = 0;
  private nextStartMs = 0;
  private pacing: Disposable | null = null;
  private round: Disposable;
  private isDisposed = false;

  constructor(private readonly ports: ReadingPorts) {
    this.round = ports.clock.after(everyMs, () => this.nextRound());
  }

  /** Asks for the key's reading as soon as its turn comes; one that waits already is not asked twice. */
  want(keyId: KeyId): void {
    if (this.isDisposed) return;
    this.queue.add(keyId);
    this.pump();
  }

  /** Keys without a known account first, then one key an account; those that were bad may be good by now. */
  wantAll(): void {
    if (this.isDisposed) return;
    const { keys, accounts } = this.ports.pool.wheel.roster;
    const states = [...keys.values()];
    const wanted = [
      ...states.filter(({ accountRef }) => accountRef === null),
      ...accounts.flatMap((account) => askable(account) ?? []),
      ...states.filter(({ health }) => health === 'bad'),
    ];
    // All at once: the first of them leaves as soon as it is wanted, and would be wanted twice.
    for (const { key } of wanted) this.queue.add(key.keyId);
    this.pump();
  }

  /** No key is asked before this has ended, as the port is to be bound first; resolves or rejects as it does. */
  async after<T>(first: Promise<T>): Promise<T> {
    this.holds++;
    try {
      return await first;
    } finally {
      this.holds--;
      this.pump();
    }
  }

  /** Resolves when nothing waits or runs. */
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

  private nextRound(): void {
    if (this.isDisposed) return;
    const nowMs = this.ports.clock.nowMs();
    const { roster } = this.ports.pool.wheel;
    for (const account of roster.accounts) {
      const state = askable(account);
      const isWorthIt = account.lastUsedAtMs >= lastAskedAtMs(account, nowMs) || account.ledger.isUnsure;
      if (state !== null && isWorthIt) this.want(state.key.keyId);
    }
    for (const state of roster.keys.values()) {
      if (isQuestionable(state, nowMs)) this.want(state.key.keyId);
    }
    this.round = this.ports.clock.after(everyMs, () => this.nextRound());
  }

  private pump(): void {
    if (this.isDisposed || this.holds > 0 || this.pacing !== null || this.running >= mostAtOnce) return;
    const [keyId] = this.queue;
    if (keyId === undefined) {
      this.tellIdle();
      return;
    }
    const waitMs = this.nextStartMs - this.ports.clock.nowMs();
    if (waitMs > 0) {
      this.pacing = this.ports.clock.after(Math.min(waitMs, betweenMs), () => {
        this.pacing = null;
        // It was waited for: after a clock that was set back the instant itself may be hours away.
        this.nextStartMs = 0;
        this.pump();
      });
      return;
    }
    this.queue.delete(keyId);
    this.nextStartMs = this.ports.clock.nowMs() + betweenMs;
    const state = this.ports.pool.wheel.roster.keys.get(keyId);
    if (state !== undefined) this.read(state);
    this.pump();
  }

  private read(state: KeyState): void {
    this.running++;
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
    const { pool, log } = this.ports;
    const { keyId, label } = state.key;
    switch (answer.kind) {
      case 'read':
        this.refusedSinceMs.delete(state);
        pool.read(keyId, answer.reading);
        return;
      case 'refused':
        this.applyRefusal(state);
        return;
      case 'unreachable':
        this.refusedSinceMs.delete(state);
        log.warn(`What is left of ${label} (${keyId}) could not be read: ${answer.detail}.`);
    }
  }

  /** A key is bad that is still refused at a second look, unless other accounts are refused as well: then it is upstream's bad minute. */
  private applyRefusal(state: KeyState): void {
    const { pool, log, clock } = this.ports;
    const { keyId, label } = state.key;
    const nowMs = clock.nowMs();
    const refusedForMs = Math.max(0, nowMs - (this.refusedSinceMs.get(state) ?? nowMs));
    this.refusedSinceMs.set(state, nowMs - refusedForMs);
    if (state.health === 'bad') {
      pool.markBad(keyId);
      if (refusedForMs < lookAgainForMs) this.lookLater(keyId, lookAgainMs);
      return;
    }
    // Of keys that were accepted before; that several new ones are bad is no incident.
    const isIncident = pool.wheel.readRefused(state, nowMs) && state.health === 'good';
    const lookAfterMs = state.health === 'unchecked' ? newKeyLookMs : secondLookMs;
    if (refusedForMs < lookAfterMs) {
      this.lookLater(keyId, lookAfterMs - refusedForMs);
      return;
    }
    if (isIncident) {
      this.refusedSinceMs.delete(state);
      log.warn('OpenRouter refuses keys of several accounts: that is taken for its own incident.');
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

  private tellIdle(): void {
    if (this.running > 0) return;
    for (const resolve of this.idleWaiters) resolve();
    this.idleWaiters.clear();
  }
}

/** A key that works, if there is one: the others could not tell. Null for an account without keys. */
function askable({ keys }: Account): KeyState | null {
  return keys.find((each) => each.serves('unmetered')) ?? keys[0] ?? null;
}

/** Whether the key itself is to be asked again, whatever its account does. */
function isQuestionable({ health, lastRefusedAtMs, locks }: KeyState, nowMs: number): boolean {
  switch (health) {
    case 'unchecked':
      return true;
    case 'bad':
      return nowMs - pastOr(Number.NEGATIVE_INFINITY, lastRefusedAtMs, nowMs) >= badEveryMs;
    case 'good':
    case 'management':
      // A cap that its user has raised shows here alone: the lock keeps requests off until the cap's own reset.
      return (locks.get('keyCap')?.untilMs ?? 0) > nowMs;
  }
}

/** When the account was asked last, 1 if it was not: later than any use that never was. */
function lastAskedAtMs({ keys }: Account, nowMs: number): number {
  return Math.max(1, ...keys.map(({ reading }) => pastOr(0, reading?.askedAtMs ?? 0, nowMs)));
}

/** The instant, unless it has not come yet: then the clock was set back, and nobody knows when that was. */
function pastOr(instead: number, atMs: number, nowMs: number): number {
  return atMs <= nowMs ? atMs : instead;
}
