// One client request from first to last byte: the loop over its attempts.
import { wait } from '../base/clock';
import type { KeyId } from '../base/secret';
import type { AccountId } from '../keys/account';
import type { Denial } from '../keys/denials';
import { isFreeModel } from '../keys/freeModel';
import type { Lease, LeaseRequest, Wish } from '../keys/lease';
import { refusalOf, refusalOfPaid } from './answer/denialRefusal';
import { LastError, passesOn } from './answer/lastError';
import { relay, type Relayed } from './answer/relay';
import type { AttemptLimit } from './attemptLimit';
import { attempt, attemptReportOf, discard, isServedFree, learnMakers } from './attempt';
import type { ExchangeParts, ExchangePorts } from './runningExchange';
import {
  decide,
  isModelFailure,
  isPolicyRefusal,
  patienceMs,
  verdictOnEnd,
  type Decision,
  type Retry,
} from './decision/decision';
import {
  attemptsAllowed,
  firstTally,
  nextTally,
  tallyOfNextModel,
  type Situation,
  type Tally,
} from './decision/situation';
import type { Outcome } from './errors/outcome';
import { Fallbacks, fallbacksOf, type FallbackKind } from './request/fallback';
import { withModel, type Plan } from './request/plan';
import { outcomeOfError, type Answered, type Failed, type Judged } from './upstream/judge';

/** `lease` null: none is needed. `lastError`: no account can serve, and upstream's own last error is the best answer. */
type Leased = { readonly lease: Lease | null } | 'lastError';

/** Reads, such as lists of models, are given up in time for a person who waits. */
const readDeadlineMs = 5_000;
const budgetPauseMs = 1_000;

export class Exchange {
  private plan: Plan;
  /** The plan as the client asked, whichever model serves. */
  private readonly originalPlan: Plan;
  private tally: Tally = firstTally;
  /** Whether the end of the present model's lock may be upstream's hint, given to this exchange or to an earlier one. */
  private isEndKnown = true;
  private hereSinceMs: number;
  private freshConnection = false;
  private deadlineAtMs: number | null = null;
  /** Keys that must not serve this exchange again, with the present model. */
  private readonly tried = new Set<KeyId>();
  /** Keys that must not serve it with any model: an organization's policy refused it, and they belong to no organization. */
  private readonly barred = new Set<KeyId>();
  private readonly fallbacks: Fallbacks;
  private readonly lastError = new LastError();
  private readonly limit: AttemptLimit;
  private repeat: Disposable | null = null;

  constructor(
    plan: Plan,
    private readonly own: ExchangeParts,
    private readonly ports: ExchangePorts,
  ) {
    this.hereSinceMs = this.nowMs();
    this.originalPlan = this.plan = plan;
    this.limit = plan.keyless ? ports.keylessLimit : ports.attemptLimit;
    const isKept = plan.kind === 'models' && plan.body.passing === null;
    const models = isKept ? fallbacksOf(plan.model, ports.settings.fallbackModels) : [];
    this.fallbacks = new Fallbacks(ports.isFreeOnly() ? models.filter(isFreeModel) : models);
  }

  /**
   * Resolves when the client has its answer or upstream's error: with the relay's result, or null after a held error.
   * Throws a Refusal that is to be the answer, the signal's reason once the client has left, or a bug. Called once.
   */
  async run(): Promise<Relayed | null> {
    try {
      this.checkCost();
      this.ports.streamFailures.check(this.originalPlan, this.ports.clock);
      for (;;) {
        this.own.signal.throwIfAborted();
        const leased = this.leaseNow() ?? (await this.lease());
        if (leased === 'lastError') return this.giveBackLast(null);
        const ended = await this.tryOnce(leased.lease);
        if (ended !== 'again') return ended;
      }
    } finally {
      this.repeat?.[Symbol.dispose]();
    }
  }

  /** Makes one attempt, and prepares the next step by its outcome. */
  private async tryOnce(lease: Lease | null): Promise<Relayed | null | 'again'> {
    let permit: Disposable | null = null;
    try {
      permit = this.limit.enterNow() ?? (await this.enterUpstream());
      this.checkCost();
      if (lease !== null && !this.ports.pool.allows(lease)) return 'again';
      const judged = await this.send(lease);
      if ('end' in judged) return this.learnFromEnd(judged, lease);
      const { outcome } = judged;
      const decision = this.decide(judged, lease);
      this.settle(lease, judged, decision);
      switch (decision.next) {
        case 'giveBack':
          return await this.giveBack(lease, judged);
        case 'fallback':
          discard(judged);
          this.tally = nextTally(this.tally, outcome);
          this.leaveModel(outcome);
          return 'again';
        case 'retry':
          break;
      }
      discard(judged);
      // The lease ends before the wait: a back-off is no attempt in flight.
      lease?.[Symbol.dispose]();
      permit[Symbol.dispose]();
      this.prepareRetry(outcome, decision, lease);
      if (await this.waitToRetry(outcome, decision)) return 'again';
      return this.giveBackLast(outcome);
    } finally {
      permit?.[Symbol.dispose]();
      lease?.[Symbol.dispose]();
    }
  }

  private checkCost(): void {
    const { requestClass, mayCost, model } = this.plan;
    if ((mayCost || requestClass === 'paid') && this.ports.isFreeOnly()) throw refusalOfPaid(model);
  }

  private nowMs(): number {
    return this.ports.clock.elapsedMs();
  }

  private get fallback(): FallbackKind {
    return this.fallbacks.kindFor(this.plan.requestClass);
  }

  /** A lease without a wait, as nearly always; null where the request has to wait. */
  private leaseNow(): Leased | null {
    if (this.plan.keyless) return { lease: null };
    const lease = this.ports.pool.leaseNow(this.request(this.nowMs()));
    return lease === null ? null : { lease };
  }

  private async lease(): Promise<Leased> {
    for (;;) {
      const fromMs = this.nowMs();
      const request = this.request(fromMs);
      this.own.trail.enter('waiting', request.untilMs);
      const result = await this.ports.pool.lease(request, this.own.signal);
      this.own.trail.waited(this.nowMs() - fromMs);
      if ('lease' in result) return result;
      if (!this.fallbacks.helpAfter(result.denial.kind, this.plan.requestClass))
        return this.checkDenial(result.denial);
      this.nextModel();
    }
  }

  private request(fromMs: number): LeaseRequest {
    const { requestClass, client } = this.plan;
    const patientUntilMs = (kind: FallbackKind, isEndKnown: boolean): number =>
      Math.max(fromMs, this.hereSinceMs + patienceMs(kind, isEndKnown));
    // An account's slot frees at a known time, so that a wait for it counts as hinted.
    const ofAccountsMs = patientUntilMs(this.fallbacks.otherKindFor(requestClass), true);
    const untilMs = Math.min(this.waitUntilMs(fromMs), ofAccountsMs);
    const modelUntilMs = Math.min(untilMs, patientUntilMs(this.fallback, this.isEndKnown));
    return { untilMs, modelUntilMs, client, ...this.wish(this.maker()) };
  }

  /** The end of a wait: the rest of `maxWaitMs`, but no later than the deadline, after which no attempt begins. */
  private waitUntilMs(fromMs: number): number {
    const patienceMs = Math.max(0, this.ports.settings.maxWaitMs - this.own.trail.waitedMs);
    return Math.min(fromMs + patienceMs, this.deadlineAtMs ?? Number.POSITIVE_INFINITY);
  }

  private async enterUpstream(): Promise<Disposable> {
    const fromMs = this.nowMs();
    const permit = await this.limit.enter(this.waitUntilMs(fromMs), this.own.signal);
    this.own.trail.waited(this.nowMs() - fromMs);
    return permit;
  }

  private wish(accountId: Wish['accountId'] = null): Wish {
    const { requestClass, model, conversation } = this.plan;
    const tried = this.barred.size === 0 ? this.tried : new Set([...this.tried, ...this.barred]);
    const hasFallback = this.fallbacks.left > 0;
    return { requestClass, model, conversation, accountId, tried, hasFallback };
  }

  /** Throws the pool's denial as a refusal, unless upstream's own last error is the better answer. */
  private checkDenial(denial: Denial): 'lastError' {
    if (this.lastError.isBetterThan(denial.kind)) return 'lastError';
    const { settings, clock, isFreeOnly } = this.ports;
    const own = { model: this.plan.model, triedKeys: this.tried.size, isFreeOnly: isFreeOnly() };
    throw refusalOf(denial, { ...settings, ...own, nowMs: clock.wallMs() });
  }

  /** Sends once. An answer is settled and relayed at once, and the result is the relay's; a failure is left to the caller. */
  private send(lease: Lease | null): Promise<Failed | Relayed> {
    const { fallbacks, ports } = this;
    return new Promise((resolve, reject) => {
      const onJudged = (judged: Judged, sentAtMs: number): void => {
        this.deadlineAtMs ??=
          sentAtMs + (this.plan.kind === 'plain' ? readDeadlineMs : ports.settings.deadlineMs);
        this.own.trail.add(sentAtMs, attemptReportOf(judged, lease));
        if (this.own.signal.aborted) reject(this.own.signal.reason);
        else if (judged.outcome !== null) resolve(judged);
        else {
          this.repeat?.[Symbol.dispose]();
          lease?.settle({ kind: 'healthy' }, isServedFree(this.plan, judged));
          this.relay(lease, judged, resolve);
        }
      };
      this.own.trail.enter('asking');
      this.own.trail.keyLabel = lease?.key.label ?? '';
      const circumstances = {
        // A dead pooled connection looks like a lost request: a thing that must not be made twice gets a connection of its own.
        fresh: this.freshConnection || this.plan.repeatable !== 'always',
        readHeadMs: this.deadlineAtMs === null ? readDeadlineMs : this.deadlineAtMs - this.nowMs(),
        hasFallback: fallbacks.left > 0,
      };
      attempt(this.plan, lease, { own: this.own, ports, circumstances }, { onJudged, onError: reject });
    });
  }

  private decide({ outcome, sawWork, error }: Failed, lease: Lease | null): Decision {
    const mayBeOthers = error?.status === 404 && this.plan.thing !== null && this.maker() === null;
    const decision = decide(outcome, this.situation(sawWork, lease, mayBeOthers));
    // Without a key there is no other key.
    const isVain = lease === null && decision.next === 'retry' && decision.elsewhere !== 'no';
    return isVain ? { next: 'giveBack', verdict: decision.verdict } : decision;
  }

  /** The account that made the thing that is asked for; null where there is no such thing, or its maker is unknown. */
  private maker(): AccountId | null {
    const { thing } = this.plan;
    const { clock, pool } = this.ports;
    return thing === null ? null : pool.makers.get(thing, clock.wallMs());
  }

  private situation(sawWork: boolean, lease: Lease | null, mayBeOthers = false): Situation {
    const { plan, tally, fallback, ports } = this;
    const { requestClass, repeatable, model, kind } = plan;
    const { pool } = ports;
    const wish = this.wish();
    const nowMs = this.nowMs();
    const accounts = pool.roster.accounts.length;
    return {
      ...tally,
      class: requestClass,
      repeatable,
      model,
      attemptsAllowed: mayBeOthers
        ? accounts
        : attemptsAllowed(requestClass, kind === 'plain', pool.leftFor(wish)),
      isProbe: pool.wheel.modelLocks.wasLeft(model, nowMs),
      othersReady: tally.attemptsHere < accounts && lease !== null && pool.canServe(wish, lease),
      mayBeOthers,
      nowMs,
      spentHereMs: nowMs - this.hereSinceMs,
      deadlineAtMs: this.deadlineAtMs ?? nowMs,
      sawWork,
      fallback,
      fallbacksLeft: this.fallbacks.left,
      policyRefusals: ports.settings.policyRefusals,
      random: ports.random,
    };
  }

  private settle(lease: Lease | null, failed: Failed, { verdict }: Decision): void {
    this.repeat?.[Symbol.dispose]();
    this.lastError.keep(failed);
    lease?.settle(verdict);
    if (lease === null || !isPolicyRefusal(failed.outcome)) return;
    for (const keyId of this.ports.pool.keysBarredBy(lease.accountId)) this.barred.add(keyId);
  }

  private prepareRetry(outcome: Outcome, { elsewhere, freshConnection }: Retry, lease: Lease | null): void {
    this.tally = nextTally(this.tally, outcome);
    this.freshConnection = freshConnection;
    this.isEndKnown = 'untilMs' in outcome && outcome.untilMs !== null;
    if (lease === null || elsewhere === 'no') return;
    const keyIds = elsewhere === 'key' ? [lease.key.keyId] : this.ports.pool.keysOfAccount(lease.accountId);
    for (const keyId of keyIds) this.tried.add(keyId);
  }

  /**
   * Waits before the next attempt; for one on a guess also for a permit, or goes on to another model if one is left.
   * False: the deadline comes first.
   */
  private async waitToRetry(outcome: Outcome, { waitMs, isGuess }: Retry): Promise<boolean> {
    await this.wait(waitMs);
    if (!isGuess) return true;
    while ((this.repeat = this.ports.repeatLimit.enterNow()) === null) {
      if (this.fallbacks.left > 0) {
        this.leaveModel(outcome);
        return true;
      }
      if (this.nowMs() + budgetPauseMs > (this.deadlineAtMs ?? 0)) return false;
      await this.wait(budgetPauseMs);
    }
    return true;
  }

  private async wait(waitMs: number): Promise<void> {
    if (waitMs <= 0) return;
    this.own.trail.enter('pausing', this.nowMs() + waitMs);
    await wait(this.ports.clock, waitMs, this.own.signal);
    this.own.trail.waited(waitMs);
  }

  private relay(
    lease: Lease | null,
    { reply, held, value }: Pick<Answered, 'reply' | 'held' | 'value'>,
    onRelayed: (relayed: Relayed) => void,
  ): void {
    const { plan, ports } = this;
    const { trail, answer, watch } = this.own;
    trail.enter('answering');
    trail.firstTokenMs = this.nowMs() - trail.fromMs;
    if (lease !== null) {
      const answered = { plan, reply, held, nowMs: ports.clock.wallMs() };
      trail.made = learnMakers(ports.pool.makers, lease.accountId, answered);
    }
    // A body that streams up may still be on its way.
    if (plan.body.passing === null) plan.body.release();
    const { idleTimeoutMs } = ports.settings;
    relay(reply, held, { watch, plan, answer, idleTimeoutMs, value }, onRelayed);
  }

  /** The end of an answer still teaches: an error in a stream about its key, account or model, a break about its thread. */
  private learnFromEnd(relayed: Relayed, lease: Lease | null): Relayed {
    const { clock, streamFailures, pool } = this.ports;
    const { model, kind } = this.plan;
    if (lease === null || kind !== 'models') return relayed;
    const { end, usage, failure } = relayed;
    switch (end) {
      case 'whole':
        streamFailures.answered(this.originalPlan);
        if (model !== null && usage?.cost === 0) pool.wheel.modelClasses.noteCostless(model);
        break;
      case 'error':
      case 'cut': {
        streamFailures.failed(this.originalPlan, this.nowMs());
        const outcome = failure === null ? null : outcomeOfError(failure, this.plan, null, clock);
        lease.amend(verdictOnEnd(outcome, this.situation(true, lease)));
        // The client will ask again: that request is to begin with the fallback.
        if (this.fallbacks.left > 0 && isModelFailure(outcome)) pool.leave(model);
        break;
      }
      case 'clientGone':
        break;
    }
    return relayed;
  }

  /** Goes on with the next model. If the failure was the model's own, later requests with a fallback do not begin with it. */
  private leaveModel(outcome: Outcome): void {
    if (isModelFailure(outcome)) this.ports.pool.leave(this.plan.model);
    this.nextModel();
    // Other pooled connections may have died with the one that failed.
    this.freshConnection = outcome.kind === 'fault';
  }

  private nextModel(): void {
    const model = this.fallbacks.take();
    if (model === null) throw new Error('No model is left.');
    const plan = withModel(this.plan, model);
    this.plan = { ...plan, requestClass: this.ports.pool.wheel.modelClasses.classOf(plan) };
    this.tally = tallyOfNextModel(this.tally);
    this.hereSinceMs = this.nowMs();
    this.freshConnection = false;
    this.isEndKnown = true;
    this.tried.clear();
  }

  private async giveBack(lease: Lease | null, failed: Failed): Promise<Relayed | null> {
    if (passesOn(failed, this.own.answer)) {
      const relayed = await new Promise<Relayed>((resolve) => this.relay(lease, failed, resolve));
      return this.learnFromEnd(relayed, lease);
    }
    discard(failed);
    return this.giveBackLast(failed.outcome);
  }

  private giveBackLast(outcome: Outcome | null): null {
    this.lastError.giveBack(this.own.answer, outcome, this.plan.model);
    return null;
  }
}
