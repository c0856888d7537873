// The snapshot for views: plain values that cross threads and windows, without secrets and without texts for users.
import type { KeyHealth, PaidUse } from '../keys/keyState';
import type { Lock, LockReason, ModelLockReason } from '../keys/lock';
import type { Unreached } from '../proxy/upstream/reachability';
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

/** A lock; `covers` tells whether it blocks the free, the paid or all requests of the key or account. */
export type LockView = Readonly<Omit<Lock, 'sinceMs'>>;

export interface KeyView {
  readonly keyId: string;
  readonly label: string;
  /** The masked key, such as `sk-or-v1-...1c96`. */
  readonly masked: string;
  readonly enabled: boolean;
  readonly health: KeyHealth;
  readonly paidUse: PaidUse;
  /** The user's own lower daily limit, or null. */
  readonly dailyLimit: number | null;
  /** The user's own name of the account, or null. */
  readonly accountName: string | null;
  /** Credits left under the key's own spending cap, or null without one. */
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
  /** Credits left under the caps of the keys that serve paid requests; null if one of them has no cap, or there is none. */
  readonly creditsLeft: number | null;
  readonly locks: readonly LockView[];
  /** Whether a free request could be sent now or within this minute; a paid one, if all enabled keys are for paid use only. */
  readonly state: 'ready' | 'waiting' | 'usedUp' | 'locked' | 'off';
  /** Until when the state lasts, or null if only the user can change it. */
  readonly untilMs: number | null;
}

export interface BusyModel {
  readonly model: string;
  /** The only account for which the model is locked, or null if it is locked for all. */
  readonly accountId: string | null;
  /** The only key of the account for which it is locked; absent for all keys, and from windows of earlier builds. */
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
  /** Present while the last attempt did not reach OpenRouter; always absent from windows of earlier builds. */
  readonly unreached?: UnreachedView;
  /** IANA name of the zone in which times are shown, or empty for the machine's own. */
  readonly timezone: string;
  readonly wheel: WheelView;
  readonly accounts: readonly AccountView[];
  /** Models that are locked now. */
  readonly busyModels: readonly BusyModel[];
  /** The exchanges that run, oldest first, at most 50. */
  readonly running: readonly RunningView[];
}

/** An exchange that still runs. */
export interface RunningView extends Pick<
  ExchangeReport,
  'client' | 'method' | 'path' | 'model' | 'startedAtMs'
> {
  readonly requestId: string;
  readonly stage: Stage;
  /** The label of the key in use; empty before one is in use. */
  readonly keyLabel: string;
  readonly attempts: number;
  /** The outcome of the last attempt that has ended, or null. */
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

/** The requests that ended in the hour from `startMs` on, or in its part before or after midnight. */
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
  /** Times to the first token, one list a bucket: pairs of milliseconds and a number of requests. */
  readonly firstToken: readonly (readonly (readonly [ms: number, many: number])[])[];
  /** The most used first. */
  readonly models: readonly (UseSum & { readonly model: string })[];
  readonly clients: readonly (UseSum & { readonly client: string })[];
  /** The hours of the last 35 days, oldest first; hours without requests are left out. */
  readonly hours: readonly HourView[];
}

/** `none`: no free allowance · `quiet`: too few requests in the last hour for a forecast · `lasts`: until the reset. */
export type ForecastView =
  | { readonly kind: 'none' | 'usedUp' | 'quiet' }
  | { readonly kind: 'lasts'; readonly perHour: number }
  | { readonly kind: 'until'; readonly perHour: number; readonly untilMs: number };
