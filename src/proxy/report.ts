// The report of an exchange, for the activity list: no content, no secret.
import type { RequestClass } from '../keys/lock';
import type { Usage } from './answer/usage';

export interface AttemptReport {
  readonly atMs: number;
  /** Empty where the attempt needed no key. */
  readonly keyId: string;
  readonly keyLabel: string;
  readonly status: number | null;
  /** The outcome's kind, such as `answer`, `dailyLimit`, `busy`. */
  readonly outcome: string;
  /** Providers that OpenRouter tried before it answered with the error, such as `DeepInfra 429`. */
  readonly previous: readonly string[];
  /** The model that OpenRouter said has ended, and the successors that it names, the best first. */
  readonly ended?: { readonly model: string; readonly successors: readonly string[] };
  readonly waitedMs: number;
}

/** `answered`: with upstream's whole answer · `refused`: with our error or upstream's · `failed`: broke off · `cancelled`: the client left. */
export type ExchangeEnd = 'answered' | 'refused' | 'failed' | 'cancelled';

export interface ExchangeReport {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly client: string;
  readonly method: string;
  readonly path: string;
  readonly model: string | null;
  readonly class: RequestClass;
  readonly streaming: boolean;
  readonly end: ExchangeEnd;
  /** The status that the client got, or null if it left before. */
  readonly status: number | null;
  readonly refusal: string | null;
  /** The error in the words that the client got, or null. */
  readonly message: string | null;
  readonly waitedMs: number;
  /** From the request to the first event or the answer's head, or null where none came. */
  readonly firstTokenMs: number | null;
  readonly usage: Usage | null;
  readonly attempts: readonly AttemptReport[];
  readonly made: readonly Made[];
}

/** `waiting`: for a slot · `pausing`: before another attempt · `asking`: sent, without an answer yet · `answering`. */
export type Stage = 'waiting' | 'pausing' | 'asking' | 'answering';

/** A thing that upstream made, and the account that made it, which is asked for it later. */
export interface Made {
  readonly id: string;
  readonly accountId: string;
}

/** Gathers the report while the exchange runs. */
export class Trail {
  readonly attempts: AttemptReport[] = [];
  made: readonly Made[] = [];
  waitedMs = 0;
  stage: Stage = 'waiting';
  /** The end of the wait or pause, at the latest; of `elapsedMs`. */
  untilMs = 0;
  keyLabel = '';
  firstTokenMs: number | null = null;
  private waitedBeforeMs = 0;

  /** `startedAtMs`: wall time · `fromMs`: the same instant of `elapsedMs`, the scale of every other instant here. */
  constructor(
    readonly startedAtMs: number,
    readonly fromMs: number,
  ) {}

  /** Adds a wait; it belongs to the next attempt. */
  waited(ms: number): void {
    this.waitedMs += ms;
    this.waitedBeforeMs += ms;
  }

  wallOf(atMs: number): number {
    return this.startedAtMs + atMs - this.fromMs;
  }

  /** Enters `stage`, which lasts until `untilMs` of `elapsedMs` at most. */
  enter(stage: Stage, untilMs = 0): void {
    this.stage = stage;
    this.untilMs = untilMs;
  }

  /** Adds an attempt. `atMs`: of `elapsedMs`. */
  add(atMs: number, attempt: Omit<AttemptReport, 'atMs' | 'waitedMs'>): void {
    this.attempts.push({ atMs: this.wallOf(atMs), waitedMs: this.waitedBeforeMs, ...attempt });
    this.waitedBeforeMs = 0;
  }

  /** The trail in headers, for users who look for the cause of an answer. */
  headers(): string[] {
    const last = this.attempts.at(-1);
    const headers = ['x-keywheel-attempts', String(this.attempts.length)];
    if (last !== undefined && last.keyId !== '') headers.push('x-keywheel-key', headerText(last.keyLabel));
    headers.push('x-keywheel-waited-ms', String(Math.round(this.waitedMs)));
    return headers;
  }
}

/** A label may hold any character; a header value may not (RFC 9110 5.5). */
function headerText(label: string): string {
  if (/^[\x20-\x7e]*$/.test(label)) return label;
  // Half of a surrogate pair is no character: encoding it would throw.
  return encodeURIComponent(label.replace(/\p{Surrogate}/gu, '\ufffd'));
}
