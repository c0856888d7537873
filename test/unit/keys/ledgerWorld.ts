// One account for many simulated days: random traffic of ours and of others against a small truth, by events alone.
import type { Account } from '../../../src/keys/account';
import { dayMs } from '../../../src/keys/calendar';
import { learn } from '../../../src/keys/learning';
import { Lease, type LeaseOwner } from '../../../src/keys/lease';
import type { Verdict } from '../../../src/keys/lock';
import { Roster } from '../../../src/keys/roster';
import { Wheel } from '../../../src/keys/wheel';
import { freeRequest, makeKey, makeReading, minuteMs } from './make';
import { TruthAccount } from './upstreamTruth';

export interface WorldOptions {
  readonly seed: number;
  readonly days: number;
  readonly dailyLimit: number;
  /** The share of own attempts that upstream does not count. */
  readonly uncountedShare: number;
  /** How many attempts are made elsewhere a day, on average. */
  readonly elsewhere: number;
  /** The longest that an attempt runs. */
  readonly longestMs: number;
  readonly restarts: boolean;
  /** Upstream's refusals say when the day ends. */
  readonly saysReset: boolean;
}

export interface Findings {
  attempts: number;
  limitAnswers: number;
  refusals: number;
  /** Limit answers to attempts that left within a minute after another one of the same day had come, to a process that was still there. */
  needless: string[];
  /** Requests refused for more than two minutes while the truth had allowance. */
  starved: string[];
  /** The longest that requests were refused while the truth had allowance. */
  longestRefusedMs: number;
  /** Cases in which the shown number was further off than the rule allows. */
  tooHigh: string[];
  tooLow: string[];
  /** The largest error of the shown number. */
  isOff: number;
}

interface Event {
  readonly atMs: number;
  readonly run: () => void;
}

const refusedMostMs = 2 * minuteMs;
const retryEveryMs = 10_000;
const roundMs = 45_000;
const activeForMs = 5 * minuteMs;

export class LedgerWorld implements LeaseOwner {
  readonly found: Findings = {
    attempts: 0,
    limitAnswers: 0,
    refusals: 0,
    needless: [],
    starved: [],
    longestRefusedMs: 0,
    tooHigh: [],
    tooLow: [],
    isOff: 0,
  };
  private wallMs = Date.UTC(2026, 0, 15);
  private readonly heap: Event[] = [];
  private readonly truth: TruthAccount;
  /** Of the last days: attempts elsewhere, own ones, and those of them that upstream did not count. */
  private othersAtMs: number[] = [];
  private sentAtMs: number[] = [];
  private lostAtMs: number[] = [];
  private readonly running = new Set<{ endedAtMs: number }>();
  private readonly key = makeKey('only');
  private readonly wheel = new Wheel('UTC');
  private roster = this.freshRoster();
  private generation = 0;
  private inTransit = 0;
  private roundIsSet = false;
  private activeUntilMs = 0;
  private limitAnswer = { sentAtMs: Number.NEGATIVE_INFINITY, atMs: Number.NEGATIVE_INFINITY };
  private refusedSinceMs: number | null = null;
  /** The last reading that was believed; `unsure`: our attempts that it may have missed, or counted in advance. */
  private reading = { askedAtMs: 0, unsure: 0 };
  private randomState: number;

  constructor(private readonly options: WorldOptions) {
    this.randomState = options.seed | 1;
    this.truth = new TruthAccount('only', options.dailyLimit);
    this.read(this.wallMs);
  }

  nowMs(): number {
    return this.wallMs;
  }

  run(): Findings {
    for (let day = 0; day < this.options.days; day++) {
      const startMs = Date.UTC(2026, 0, 15) + day * dayMs;
      this.planDay(startMs);
      this.playTo(startMs + dayMs);
    }
    return this.found;
  }

  learned(lease: Lease, verdict: Verdict): void {
    learn(verdict, lease, this.wheel);
    if (verdict.kind === 'locked' && verdict.reason === 'dailyLimit') this.readSoon();
  }

  changed(): void {
    // Not used in this world.
  }

  ended(account: Account): void {
    if (account.ledger.emptiness === 'doubtful') this.ask();
  }

  private get account(): Account {
    const account = this.roster.owners.get(this.key.keyId);
    if (account === undefined) throw new Error('There is one account.');
    return account;
  }

  /** A few sessions a day; a third of them around a midnight. */
  private planDay(startMs: number): void {
    const isRecent = (atMs: number): boolean => atMs >= startMs - 10 * minuteMs;
    this.othersAtMs = this.othersAtMs.filter(isRecent);
    this.sentAtMs = this.sentAtMs.filter(isRecent);
    this.lostAtMs = this.lostAtMs.filter(isRecent);
    for (let session = this.whole(1, 3); session > 0; session--) {
      const atMs =
        this.random() < 0.35 ? startMs + dayMs - this.whole(0, 4 * minuteMs) : startMs + this.whole(0, dayMs);
      this.planSession(atMs);
    }
    const elsewhere = Math.round(this.options.elsewhere * 2 * this.random());
    const burstAtMs = startMs + this.whole(0, dayMs);
    for (let nth = 0; nth < elsewhere; nth++) {
      const atMs = this.random() < 0.5 ? startMs + this.whole(0, dayMs) : burstAtMs + this.whole(0, minuteMs);
      this.at(atMs, () => this.attemptElsewhere());
    }
    if (this.options.restarts && this.random() < 0.3) {
      this.at(startMs + this.whole(0, dayMs), () => this.restart());
    }
  }

  /** A client that sends some requests, and tries each that was refused again and again. */
  private planSession(fromMs: number): void {
    const steadyMs = this.random() < 0.5 ? this.whole(3_100, 20_000) : this.whole(3_100, 90_000);
    const count = this.whole(1, this.options.dailyLimit);
    let atMs = fromMs;
    for (let nth = 0; nth < count; nth++) {
      this.at(atMs, () => this.request(24));
      atMs += this.random() < 0.1 ? this.whole(0, 10 * minuteMs) : steadyMs;
    }
  }

  private request(tries: number): void {
    const { account } = this;
    account.ledger.roll(this.wallMs);
    this.activeUntilMs = this.wallMs + activeForMs;
    this.setRound();
    this.note();
    if (account.readyAtMs('free', this.wallMs) > this.wallMs) {
      this.ask();
      // The pool lets it wait for the reading.
      if (!account.ledger.awaitsReading(this.wallMs)) this.refuse();
      // Where the truth has nothing left, a few retries show as much as many.
      const left = this.refusedSinceMs === null ? tries - 6 : tries - 1;
      if (left > 0) this.at(this.wallMs + retryEveryMs, () => this.request(left));
      return;
    }
    this.refusedSinceMs = null;
    this.attempt(account);
  }

  private attempt(account: Account): void {
    const state = account.keyFor('free', this.wallMs);
    if (state === null) throw new Error('The only key is on.');
    const request = freeRequest(this.wallMs, { model: 'm:free' });
    const lease = new Lease(this, { account, state, request, permit: null });
    const { generation } = this;
    const sentAtMs = this.wallMs;
    const last = this.limitAnswer;
    const afterLimitAnswer =
      sentAtMs >= last.atMs &&
      sentAtMs - last.atMs < minuteMs &&
      Math.floor(sentAtMs / dayMs) === Math.floor(last.sentAtMs / dayMs);
    lease.markSent();
    this.found.attempts++;
    this.inTransit++;
    const isCounted = this.random() >= this.options.uncountedShare;
    this.sentAtMs.push(sentAtMs);
    if (!isCounted) this.lostAtMs.push(sentAtMs);
    const life = { endedAtMs: Number.POSITIVE_INFINITY };
    this.running.add(life);
    this.at(sentAtMs + this.whole(0, 500), () => {
      this.inTransit--;
      const isOver = this.truth.arrive(this.wallMs, isCounted) === 'daily';
      const resetAtMs = (Math.floor(this.wallMs / dayMs) + 1) * dayMs;
      this.at(this.wallMs + this.whole(1, 2_000), () => {
        if (isOver) this.noteLimitAnswer(sentAtMs, afterLimitAnswer);
        if (generation !== this.generation) {
          // No process got the answer.
          life.endedAtMs = this.wallMs;
          return;
        }
        if (isOver) this.limitAnswer = { sentAtMs, atMs: this.wallMs };
        lease.markHead();
        if (!isOver) lease.settle({ kind: 'healthy' });
        else {
          const untilMs = this.options.saysReset ? resetAtMs : null;
          lease.settle({ kind: 'locked', reason: 'dailyLimit', untilMs, limit: this.options.dailyLimit });
        }
        this.at(this.wallMs + (isOver ? 0 : this.whole(0, this.options.longestMs)), () => {
          life.endedAtMs = this.wallMs;
          if (generation === this.generation) lease[Symbol.dispose]();
        });
      });
    });
  }

  private noteLimitAnswer(sentAtMs: number, afterLimitAnswer: boolean): void {
    this.found.limitAnswers++;
    if (afterLimitAnswer) this.found.needless.push(this.describe(`limit answer to ${sentAtMs}`));
  }

  private refuse(): void {
    this.found.refusals++;
    const hasAllowance = this.truth.usedAt(this.wallMs) + this.inTransit < this.options.dailyLimit;
    if (!hasAllowance || this.account.minute.nextSlotAtMs(this.wallMs) > this.wallMs) {
      this.refusedSinceMs = null;
      return;
    }
    this.refusedSinceMs ??= this.wallMs;
    const refusedMs = this.wallMs - this.refusedSinceMs;
    this.found.longestRefusedMs = Math.max(this.found.longestRefusedMs, refusedMs);
    // No reading is believed in a day's first 120 s: a day that is used up in its first seconds is in doubt for longer.
    const morningMs =
      Math.floor(this.refusedSinceMs / dayMs) * dayMs + 125_000 + retryEveryMs - this.refusedSinceMs;
    if (refusedMs > Math.max(refusedMostMs, morningMs))
      this.found.starved.push(this.describe(`refused for ${refusedMs} ms`));
  }

  /** How far the shown number is from the truth, against what the rule allows. */
  private note(): void {
    const off = this.account.ledger.used - this.truth.usedAt(this.wallMs);
    const dayStartMs = Math.floor(this.wallMs / dayMs) * dayMs;
    const askedAtMs = this.reading.askedAtMs >= dayStartMs ? this.reading.askedAtMs : dayStartMs;
    const unsure = askedAtMs === dayStartMs ? 0 : this.reading.unsure;
    const others = countSince(this.othersAtMs, Math.max(dayStartMs, askedAtMs - 90_000));
    const lost = countSince(this.lostAtMs, askedAtMs);
    // Attempts of the last half second of a day are counted on both days.
    const early = countSince(this.sentAtMs, dayStartMs - 500) - countSince(this.sentAtMs, dayStartMs);
    if (off > unsure + lost + early + this.inTransit) this.found.tooHigh.push(this.describe(`off by ${off}`));
    if (-off > unsure + others) this.found.tooLow.push(this.describe(`off by ${off}`));
    this.found.isOff = Math.max(this.found.isOff, Math.abs(off));
  }

  private attemptElsewhere(): void {
    this.truth.count(this.wallMs, 1);
    this.othersAtMs.push(this.wallMs);
  }

  private ask(): void {
    if (this.account.keyToRead(this.wallMs) !== null) {
      this.account.ledger.noteAsked(this.wallMs);
      this.readSoon();
    }
  }

  private readSoon(): void {
    const askedAtMs = this.wallMs + this.whole(0, 200);
    const { generation } = this;
    this.at(askedAtMs, () => {
      const told = this.truth.told(this.wallMs, this.whole(0, 90_000));
      this.at(this.wallMs + this.whole(10, 2_000), () => {
        if (generation === this.generation) this.read(askedAtMs, told);
      });
    });
  }

  private read(askedAtMs: number, told = this.truth.told(askedAtMs, 0)): void {
    const [state] = this.roster.keys.values();
    if (state === undefined) throw new Error('There is one key.');
    this.roster.read(state, { ...makeReading('only', askedAtMs, told), atMs: this.wallMs });
    if (this.account.ledger.day.latest?.atMs === this.wallMs) {
      for (const attempt of this.running)
        if (attempt.endedAtMs < this.wallMs - 200_000) this.running.delete(attempt);
      const unsure = [...this.running].filter(({ endedAtMs }) => endedAtMs > askedAtMs - 90_000).length;
      this.reading = { askedAtMs, unsure };
    }
    this.note();
  }

  /** As the service reads: every 45 s while requests come, and for some minutes after. */
  private setRound(): void {
    if (this.roundIsSet) return;
    this.roundIsSet = true;
    this.at(this.wallMs + roundMs, () => {
      this.roundIsSet = false;
      if (this.wallMs > this.activeUntilMs) return;
      this.readSoon();
      this.setRound();
    });
  }

  /** The process is killed; what it had saved within the last second is there again, and has been heard as well. */
  private restart(): void {
    const saved = this.roster.save(this.wallMs);
    // Doubt begins anew: when the account was asked last is not saved.
    this.refusedSinceMs = null;
    // Of the unsure attempts only the last end is saved.
    const unsure = [...this.running].filter(({ endedAtMs }) => endedAtMs > this.wallMs - 90_000);
    const lastEndedMs = Math.min(this.wallMs, Math.max(...unsure.map(({ endedAtMs }) => endedAtMs)));
    for (const attempt of unsure) if (attempt.endedAtMs < lastEndedMs) attempt.endedAtMs = lastEndedMs;
    this.generation++;
    this.roster = this.freshRoster([saved, saved]);
    this.readSoon();
  }

  private freshRoster(states: readonly ReturnType<Roster['save']>[] = []): Roster {
    const roster = new Roster(this.wheel.calendar, this.wheel.modelLocks);
    for (const state of states) roster.restore(state);
    roster.setKeys([this.key], this.wallMs);
    return roster;
  }

  private describe(what: string): string {
    const { ledger } = this.account;
    const truly = this.truth.usedAt(this.wallMs);
    const lock = this.account.locks.get('dailyLimit');
    return `${new Date(this.wallMs).toISOString()} ${what}: used ${ledger.used} of ${ledger.limit}, truly ${truly}, ${ledger.emptiness}, lock ${JSON.stringify(lock)}, seed ${this.options.seed}`;
  }

  private playTo(endMs: number): void {
    for (let next = this.heap[0]; next !== undefined && next.atMs < endMs; next = this.heap[0]) {
      this.pop();
      this.wallMs = next.atMs;
      next.run();
    }
    this.wallMs = endMs;
  }

  private at(atMs: number, run: () => void): void {
    const { heap } = this;
    const event = { atMs: Math.max(atMs, this.wallMs), run };
    let index = heap.push(event) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || above.atMs <= event.atMs) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = event;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      const left = heap[child];
      if (left === undefined) break;
      const right = heap[child + 1];
      if (right !== undefined && right.atMs < left.atMs) child++;
      const below = heap[child];
      if (below === undefined || below.atMs >= last.atMs) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = last;
  }

  /** Mulberry32. */
  private random(): number {
    this.randomState = (this.randomState + 0x6d2b79f5) | 0;
    let t = Math.imul(this.randomState ^ (this.randomState >>> 15), 1 | this.randomState);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  private whole(least: number, most: number): number {
    return least + Math.floor(this.random() * (most - least + 1));
  }
}

/** The number of sorted times that are not before `fromMs`; searched from the end, where late times are. */
function countSince(timesMs: readonly number[], fromMs: number): number {
  let count = 0;
  while ((timesMs.at(-1 - count) ?? Number.NEGATIVE_INFINITY) >= fromMs) count++;
  return count;
}
