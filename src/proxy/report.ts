// What an exchange was, for the activity list: no content, no secret.
import type { KeyId } from '../base/secret';
import type { AccountId } from '../keys/account';
import type { RequestClass } from '../keys/lock';
import type { OutcomeReason } from './outcome';
import type { Usage } from './tail';

export interface AttemptReport {
  readonly atMs: number;
  readonly keyId: KeyId | null;
  readonly keyLabel: string | null;
  /** Upstream's status, or null where none came. */
  readonly status: number | null;
  readonly outcome: OutcomeReason;
  /** How long the exchange waited before this attempt. */
  readonly waitedMs: number;
}

/** `answered`: upstream's answer is with the client, whole · `refused`: ours or upstream's error · `failed`: broke off · `cancelled`: the client left. */
export type ExchangeEnd = 'answered' | 'refused' | 'failed' | 'cancelled';

export interface ExchangeReport {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly client: string;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly model: string | null;
  readonly requestClass: RequestClass;
  readonly streaming: boolean;
  readonly end: ExchangeEnd;
  readonly status: number | null;
  /** Our own refusal's code, or null. */
  readonly refusal: string | null;
  readonly waitedMs: number;
  /** From the request to the first event or the answer's head, or null where none came. */
  readonly firstTokenMs: number | null;
  readonly usage: Usage | null;
  readonly attempts: readonly AttemptReport[];
  readonly made: readonly Made[];
}

/** A thing that upstream made, of which the account that made it is asked later. */
export interface Made {
  readonly id: string;
  readonly accountId: AccountId;
}

/** Gathers the report while the exchange runs. */
export class Trail {
  readonly attempts: AttemptReport[] = [];
  made: readonly Made[] = [];
  waitedMs = 0;
  private toFirstTokenMs: number | null = null;
  private waitedBeforeMs = 0;

  constructor(readonly startedAtMs: number) {}

  get firstTokenMs(): number | null {
    return this.toFirstTokenMs;
  }

  /** The first event has come, or the answer's head. Where the clock was set back, nobody knows how long that took. */
  firstToken(atMs: number): void {
    this.toFirstTokenMs = Math.max(0, atMs - this.startedAtMs);
  }

  /** Adds a wait; it belongs to the next attempt. One below zero is of a clock that was set back, and is not known. */
  waited(ms: number): void {
    const waitedMs = Math.max(0, ms);
    this.waitedMs += waitedMs;
    this.waitedBeforeMs += waitedMs;
  }

  add(attempt: Omit<AttemptReport, 'waitedMs'>): void {
    this.attempts.push({ ...attempt, waitedMs: this.waitedBeforeMs });
    this.waitedBeforeMs = 0;
  }

  /** The trail in headers, for whoever wants to know why. */
  headers(): string[] {
    const last = this.attempts.at(-1);
    const headers = ['x-keywheel-attempts', String(this.attempts.length)];
    if (last !== undefined && last.keyLabel !== null)
      headers.push('x-keywheel-key', headerText(last.keyLabel));
    headers.push('x-keywheel-waited-ms', String(Math.round(this.waitedMs)));
    return headers;
  }
}

/** A label may hold anything; a header value may not (RFC 9110 5.5). */
function headerText(label: string): string {
  if (/^[\x20-\x7e]*$/.test(label)) return label;
  // Half of a surrogate pair stands for no character: encoding it would throw.
  return encodeURIComponent(label.replace(/\p{Surrogate}/gu, '\ufffd'));
}
