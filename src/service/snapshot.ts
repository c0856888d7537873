// What views show: plain values that cross threads and windows, without secrets and without texts for users.
import type { KeyHealth, PaidUse } from '../keys/keyState';
import type { Lock, LockReason, ModelLockReason } from '../keys/lock';
import type { Unreached } from '../proxy/upstream/reach';
import type { AttemptReport, ExchangeEnd, ExchangeReport, Stage } from '../proxy/report';

export type ProxyState =
  | { readonly kind: 'stopped' | 'starting' }
  | {
      readonly kind: 'running';
      readonly host: string;
      readonly port: number;
      readonly baseUrl: string;
      /** The name of the window that hosts; absent if it is this window or no window. */
      readonly hostedBy?: string;
    }
  | { readonly kind: 'failed'; readonly code: ProxyFailure; readonly port: number; readonly detail: string };

/**
 * `portInUse`: another program has the port · `portSilent`: so has one that does not answer, such as a window that hangs ·
 * `otherMachine`: a Keywheel on another machine has it, by a forwarded port ·
 * `otherProduct`: the Keywheel of the editor `detail` has it · `otherVersion`: a window has it whose version this one
 * cannot follow · `other`: `detail` is the system's code.
 */
export type ProxyFailure =
  'portInUse' | 'portSilent' | 'otherMachine' | 'otherProduct' | 'otherVersion' | 'portForbidden' | 'other';

export type { KeyHealth, LockReason, ModelLockReason, PaidUse };

/** It blocks all requests of the key or account, the free or the paid ones. */
export type LockView = Readonly<Omit<Lock, 'sinceMs'>>;

export interface KeyView {
  readonly keyId: string;
  readonly label: string;
  /** Such as `sk-or-v1-...1c96`. */
  readonly masked: string;
  readonly enabled: boolean;
  readonly health: KeyHealth;
  readonly paidUse: PaidUse;
  /** The user's own lower daily limit, or null. */
  readonly dailyLimit: number | null;
  /** The user's own name of the account, or null. */
  readonly accountName: string | null;
  /** What is left under the key's own spending cap, in credits, or null without one. */
  readonly capLeft: number | null;
  /** When it expires, or null; absent from windows of earlier builds. */
  readonly expiresAtMs?: number | null;
  readonly locks: readonly LockView[];
  readonly requests: number;
  readonly errors: number;
  readonly lastUsedAtMs: number | null;
}

export interface AccountView {
  readonly accountId: string;
  /** The user's own name, else the label of the account's first key. */
  readonly name: string;
  readonly keys: readonly KeyView[];
  readonly day: {
    readonly used: number;
    readonly limit: number;
    readonly left: number;
    /** Attempts that this proxy counted itself today. */
    readonly own: number;
    /** OpenRouter's latest figures, or null before the first. */
    readonly server: { readonly used: number; readonly limit: number; readonly atMs: number } | null;
    readonly resetAtMs: number;
  };
  readonly minute: { readonly used: number; readonly limit: number };
  /** Credits that the caps leave to the keys which may spend any, or null where one of them has no cap. */
  readonly creditsLeft: number | null;
  readonly locks: readonly LockView[];
  /** Whether a free request could go now or within this minute; a paid one, if all enabled keys are for paid requests only. */
  readonly state: 'ready' | 'waiting' | 'usedUp' | 'locked' | 'off';
  /** Until when the state lasts, or null if only the user can change it. */
  readonly untilMs: number | null;
}

export interface BusyModel {
  readonly model: string;
  /** Only for this account, or null for all. */
  readonly accountId: string | null;
  /** Only for this key of the account; absent for all of them, and from windows of earlier builds. */
  readonly keyId?: string;
  /** Absent from windows of earlier builds. */
  readonly reason?: ModelLockReason;
  readonly untilMs: number;
}

/** The sums over accounts that serve free requests. */
export interface WheelView {
  readonly keys: number;
  readonly accounts: number;
  readonly freeLeft: number;
  readonly freeUsed: number;
  readonly freeLimit: number;
  /** The earliest reset of an allowance, or null without accounts. */
  readonly resetAtMs: number | null;
  readonly waiting: number;
  readonly inFlight: number;
  /** When a paid request last found no account with credits; absent before, and once a later one was answered. */
  readonly paidRefusedAtMs?: number;
}

/** Instants are wall time; `reachText` puts the code into words. */
export type UnreachedView = Readonly<Unreached>;

export interface Snapshot {
  readonly atMs: number;
  readonly proxy: ProxyState;
  /** The last attempt did not reach OpenRouter; else absent, and from windows of earlier builds. */
  readonly unreached?: UnreachedView;
  /** IANA name of the zone in which times are shown, or empty for the machine's own. */
  readonly timezone: string;
  readonly wheel: WheelView;
  readonly accounts: readonly AccountView[];
  /** Models that are locked now. */
  readonly busyModels: readonly BusyModel[];
  /** The oldest first. */
  readonly running: readonly RunningView[];
}

/** An exchange that still runs. */
export interface RunningView extends Pick<
  ExchangeReport,
  'client' | 'method' | 'path' | 'model' | 'startedAtMs'
> {
  readonly requestId: string;
  readonly stage: Stage;
  /** Of the key in use; empty before. */
  readonly keyLabel: string;
  readonly attempts: number;
  /** The outcome of its last attempt that has ended, or null. */
  readonly outcome: string | null;
  /** When a slot frees for it, or its pause ends; null if unknown. */
  readonly nextAtMs: number | null;
  /** When it stops waiting, or null. */
  readonly endsAtMs: number | null;
}

export type { AttemptReport as AttemptView, ExchangeEnd, Stage };

/** An exchange that has ended, with its number. */
export interface ExchangeView extends ExchangeReport {
  readonly id: number;
}

/** The use of a model, or by a client. */
interface UseSum {
  readonly requests: number;
  readonly answered: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** In credits, as far as upstream reported it. */
  readonly cost: number;
}

/** What ended in the hour from `startMs` on. */
export interface HourView extends Omit<UseSum, 'requests' | 'answered'> {
  readonly startMs: number;
  readonly ends: Readonly<Record<ExchangeEnd, number>>;
}

/** The last 24 hours; each list of counts has one number a bucket, oldest first. */
export interface SeriesView {
  readonly startMs: number;
  readonly bucketMs: number;
  readonly ends: Readonly<Record<ExchangeEnd, readonly number[]>>;
  /** Requests by the key of their last attempt; `keyId` is empty for those that reached none. */
  readonly keys: readonly {
    readonly keyId: string;
    readonly label: string;
    readonly counts: readonly number[];
  }[];
  /** Times to the first token, one list a bucket: milliseconds, and how many. */
  readonly firstToken: readonly (readonly (readonly [ms: number, many: number])[])[];
  /** The most used first. */
  readonly models: readonly (UseSum & { readonly model: string })[];
  readonly clients: readonly (UseSum & { readonly client: string })[];
  /** Of the last 35 days, oldest first; hours without requests have none. */
  readonly hours: readonly HourView[];
}

/** `none`: no free allowance · `quiet`: too few requests in the last hour for a forecast · `lasts`: until the reset. */
export type ForecastView =
  | { readonly kind: 'none' | 'usedUp' | 'quiet' }
  | { readonly kind: 'lasts'; readonly perHour: number }
  | { readonly kind: 'until'; readonly perHour: number; readonly untilMs: number };
