// One client request from first to last byte: the loop over its attempts.
import { wait, type Clock } from '../base/clock';
import type { KeyId } from '../base/secret';
import type { Denial } from '../keys/denial';
import type { Lease } from '../keys/lease';
import type { Pool } from '../keys/pool';
import type { Answer } from './answer';
import { attempt, discard, type Attempted } from './attempt';
import { attemptsAllowed } from './attemptBudget';
import { decide, type Decision } from './decision';
import { refusalOf } from './denied';
import { fallbacksOf, type FallbackModels } from './fallback';
import { isFreeModel } from './freeModel';
import type { Judged } from './judge';
import { LastWord, passesOn } from './lastWord';
import { reasonOf, type Outcome } from './outcome';
import { withModel, type Plan } from './plan';
import { relay, type Relayed } from './relay';
import type { Trail } from './report';
import { learnMakers, servedModel } from './served';
import { firstTally, nextTally, type Tally } from './situation';
import type { Upstream } from './upstream';

export interface ExchangeSettings {
  readonly timezone: string;
  readonly maxWaitMs: number;
  readonly deadlineMs: number;
  readonly firstTokenTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly exhaustedStatus: number;
  readonly fallbackModels: FallbackModels;
}

export interface ExchangePorts {
  readonly clock: Clock;
  readonly pool: Pool;
  readonly upstream: Upstream;
  readonly settings: ExchangeSettings;
  /** In [0, 1). */
  readonly random: () => number;
}

/** `lease` null: none is needed. `lastWord`: nobody can serve, and upstream's own last error says it best. */
type Leased = { readonly lease: Lease | null } | 'lastWord';

export class Exchange {
  private plan: Plan;
  private tally: Tally = firstTally;
  private freshConnection = false;
  private deadlineAtMs: number | null = null;
  private readonly tried = new Set<KeyId>();
  private readonly fallbacks: string[];
  private readonly lastWord = new LastWord();

  constructor(
    plan: Plan,
    private readonly answer: Answer,
    private readonly trail: Trail,
    private readonly ports: ExchangePorts,
  ) {
    this.plan = plan;
    this.fallbacks =
      plan.kind === 'models' && plan.body.passing === null
        ? [...fallbacksOf(plan.model, ports.settings.fallbackModels)]
        : [];
  }

  /**
   * Resolves when the client has its answer or upstream's error: with the relay's result, or null after an error that was
   * held. Throws a Refusal that is to be the answer, the signal's reason once the client has left, or a bug.
   */
  async run(signal: AbortSignal): Promise<Relayed | null> {
    for (;;) {
      const leased = await this.lease(signal);
      if (leased === 'lastWord') return this.speak(null);
      using lease = leased.lease;
      const attempted = await this.attempt(lease, signal);
      signal.throwIfAborted();
      const { judged } = attempted;
      const decision = this.decide(judged, lease);
      this.settle(lease, attempted, decision);
      switch (decision.next) {
        case 'relay':
          return await this.relay(lease, attempted);
        case 'giveBack':
          if (!this.useFallback(judged.outcome)) return await this.giveBack(lease, attempted);
          discard(attempted);
          continue;
        case 'retry':
          discard(attempted);
          // Ended before the wait: a back-off is no attempt in flight.
          lease?.[Symbol.dispose]();
          if (isLate(judged.outcome) && this.nextModel()) continue;
          this.prepareRetry(judged.outcome, decision, lease);
          await this.wait(decision.waitMs, signal);
      }
    }
  }

  private nowMs(): number {
    return this.ports.clock.nowMs();
  }

  private async lease(signal: AbortSignal): Promise<Leased> {
    const { pool, settings } = this.ports;
    for (;;) {
      const { requestClass, model, conversation, thing, keyless } = this.plan;
      if (keyless) return { lease: null };
      const fromMs = this.nowMs();
      const accountId = thing === null ? null : pool.wheel.makers.get(thing, fromMs);
      // No new attempt begins after the deadline.
      const patienceMs = Math.max(0, settings.maxWaitMs - this.trail.waitedMs);
      const untilMs = Math.min(fromMs + patienceMs, this.deadlineAtMs ?? Number.POSITIVE_INFINITY);
      const wish = { requestClass, model, conversation, accountId, tried: this.tried };
      const result = await pool.lease({ ...wish, untilMs }, signal);
      this.trail.waited(this.nowMs() - fromMs);
      if ('lease' in result) return result;
      if (result.denial.kind !== 'modelBusy' || !this.nextModel()) return this.denied(result.denial);
    }
  }

  /** Throws what the pool says, unless upstream's own last error says it better. */
  private denied(denial: Denial): 'lastWord' {
    const isAboutModel = denial.kind === 'modelBusy' || denial.kind === 'allTried';
    if (isAboutModel && this.lastWord.isSpeakable) return 'lastWord';
    const { timezone, exhaustedStatus } = this.ports.settings;
    throw refusalOf(denial, {
      nowMs: this.nowMs(),
      timezone,
      exhaustedStatus,
      model: this.plan.model,
      triedKeys: this.tried.size,
    });
  }

  private async attempt(lease: Lease | null, signal: AbortSignal): Promise<Attempted> {
    const { clock, upstream, settings } = this.ports;
    const { firstTokenTimeoutMs, idleTimeoutMs } = settings;
    // A dead pooled connection cannot be told from a lost request: what must not be made twice gets its own.
    const fresh = this.freshConnection || !this.plan.repeatable;
    const ports = { clock, upstream, firstTokenTimeoutMs, idleTimeoutMs, fresh };
    const attempted = await attempt(this.plan, lease, ports, signal);
    const { sent, judged, sentAtMs } = attempted;
    this.deadlineAtMs ??= sentAtMs + settings.deadlineMs;
    this.trail.add({
      atMs: sentAtMs,
      keyId: lease?.key.keyId ?? null,
      keyLabel: lease?.key.label ?? null,
      status: judged.error?.status ?? ('reply' in sent ? sent.reply.status : null),
      outcome: reasonOf(judged.outcome),
    });
    return attempted;
  }

  private decide({ outcome, sawWork }: Judged, lease: Lease | null): Decision {
    // The way of nearly all requests: nothing of a situation is asked.
    if (outcome.kind === 'answer') return { next: 'relay', verdict: { kind: 'healthy' } };
    const { requestClass, repeatable, model } = this.plan;
    const nowMs = this.nowMs();
    const decision = decide(outcome, {
      ...this.tally,
      class: requestClass,
      repeatable,
      model,
      nowMs,
      deadlineAtMs: this.deadlineAtMs ?? nowMs,
      attemptsAllowed: attemptsAllowed(requestClass, this.allowanceLeft()),
      sawWork,
      random: this.ports.random,
    });
    // Without a key there is no other key.
    const isVain = lease === null && decision.next === 'retry' && decision.elsewhere;
    return isVain ? { next: 'giveBack', verdict: decision.verdict } : decision;
  }

  private allowanceLeft(): number {
    const { requestClass, model, conversation } = this.plan;
    const wish = { requestClass, model, conversation, accountId: null, tried: this.tried };
    return this.ports.pool.wheel.candidates(wish).reduce((sum, { ledger }) => sum + ledger.left, 0);
  }

  private settle(lease: Lease | null, { sent, judged }: Attempted, decision: Decision): void {
    this.lastWord.hear(sent, judged);
    const isPaidAnswer = decision.next === 'relay' && this.plan.requestClass === 'paid';
    const servedFree = isPaidAnswer && isFreeModel(servedModel(judged) ?? '');
    lease?.settle(decision.verdict, servedFree);
  }

  private prepareRetry(
    outcome: Outcome,
    decision: Extract<Decision, { next: 'retry' }>,
    lease: Lease | null,
  ): void {
    this.tally = nextTally(this.tally, outcome);
    this.freshConnection = decision.freshConnection;
    if (decision.elsewhere && lease !== null) this.tried.add(lease.key.keyId);
  }

  private async wait(waitMs: number, signal: AbortSignal): Promise<void> {
    if (waitMs <= 0) return;
    await wait(this.ports.clock, waitMs, signal);
    this.trail.waited(waitMs);
  }

  private async relay(lease: Lease | null, { sent, judged }: Attempted): Promise<Relayed> {
    if (!('reply' in sent) || judged.held === null) throw new Error('An answer without a reply.');
    const { plan, answer, trail } = this;
    const { clock, settings, pool } = this.ports;
    const nowMs = this.nowMs();
    trail.firstToken(nowMs);
    const answered = { plan, reply: sent.reply, judged, nowMs };
    if (lease !== null) trail.made = learnMakers(pool.wheel, lease.accountId, answered);
    const { idleTimeoutMs } = settings;
    // What passes through may still be on its way.
    if (plan.body.passing === null) plan.body.release();
    return await relay(sent.reply, judged.held, { clock, plan, answer, idleTimeoutMs });
  }

  /** Whether the user named another model for this: never for the request's own fault, except a context that is too long. */
  private useFallback(outcome: Outcome): boolean {
    if (outcome.kind === 'requestFault' && !outcome.contextLength) return false;
    return this.nextModel();
  }

  private nextModel(): boolean {
    const next = this.fallbacks.shift();
    if (next === undefined) return false;
    this.plan = withModel(this.plan, next);
    this.tally = firstTally;
    this.freshConnection = false;
    this.tried.clear();
    return true;
  }

  private async giveBack(lease: Lease | null, attempted: Attempted): Promise<Relayed | null> {
    if (passesOn(attempted.judged, this.answer)) return await this.relay(lease, attempted);
    discard(attempted);
    return this.speak(attempted.judged.outcome);
  }

  private speak(outcome: Outcome | null): null {
    this.lastWord.speak(this.answer, outcome, this.plan.model);
    return null;
  }
}

function isLate(outcome: Outcome): boolean {
  return outcome.kind === 'fault' && outcome.fault.code === 'firstTokenTimeout';
}
