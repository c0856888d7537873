// What views see: plain values that cross threads and windows; no secret, no word for people.

/** Where the proxy stands. */
export type ProxyState =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'starting' }
  | {
      readonly kind: 'running';
      readonly host: string;
      readonly port: number;
      readonly baseUrl: string;
      /** What people know the window by that serves; absent where it is this one, or no window. */
      readonly hostedBy?: string;
    }
  | { readonly kind: 'failed'; readonly code: ProxyFailure; readonly port: number; readonly detail: string };

/**
 * `portInUse`: another program has it · `keywheelThere`: another Keywheel has it · `otherMachine`: ours on the machine
 * `detail`, by a forwarded port · `otherProduct`: that of the editor `detail` · `otherVersion`: a window whose version
 * this one cannot follow · `other`: `detail` is the system's code.
 */
export type ProxyFailure =
  | 'portInUse'
  | 'keywheelThere'
  | 'otherMachine'
  | 'otherProduct'
  | 'otherVersion'
  | 'portForbidden'
  | 'other';

export type LockReason =
  | 'dailyLimit'
  | 'minuteLimit'
  | 'noCredits'
  | 'belowZero'
  | 'inFlightBudget'
  | 'keyCap'
  | 'budget'
  | 'unauthorized'
  | 'busy'
  | 'edgeBlocked';

export interface LockView {
  /** What it holds back: all requests of the account, the free or the paid ones. */
  readonly covers: 'all' | 'free' | 'paid';
  readonly reason: LockReason;
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** `unchecked`: not asked yet or upstream unreachable · `bad`: refused twice · `management`: cannot run models. */
export type KeyHealth = 'unchecked' | 'good' | 'bad' | 'management';

export interface KeyView {
  readonly keyId: string;
  readonly label: string;
  /** Such as `sk-or-v1-…1c96`. */
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
  readonly locks: readonly LockView[];
  readonly requests: number;
  readonly errors: number;
  readonly lastUsedAtMs: number | null;
}

export type PaidUse = 'auto' | 'only' | 'never';

export interface DayView {
  readonly used: number;
  readonly limit: number;
  readonly left: number;
  /** Attempts that this proxy counted itself today. */
  readonly own: number;
  /** The server's latest reading, or null where it never told. */
  readonly server: { readonly used: number; readonly limit: number; readonly atMs: number } | null;
  readonly resetAtMs: number;
}

export interface MinuteView {
  readonly used: number;
  readonly limit: number;
  /** When the next slot frees, or null while one is free. */
  readonly nextSlotAtMs: number | null;
}

export interface AccountView {
  readonly accountId: string;
  /** The user's own name, else the label of the account's first key. */
  readonly name: string;
  readonly keys: readonly KeyView[];
  readonly day: DayView;
  readonly minute: MinuteView;
  /** Credits left under the tightest known cap of the keys that are on, or null where none is known. */
  readonly creditsLeft: number | null;
  readonly inFlight: number;
  readonly locks: readonly LockView[];
  /** Whether a free request could go now or within this minute; a paid one, where all keys that are on are for those alone. */
  readonly state: 'ready' | 'waiting' | 'usedUp' | 'locked' | 'off';
  /** Until when the state holds, or null where only the user can change it. */
  readonly untilMs: number | null;
}

export interface BusyModel {
  readonly model: string;
  /** Only for this account, or null for all. */
  readonly accountId: string | null;
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** The sums over accounts that serve free requests. */
export interface WheelView {
  readonly keys: number;
  readonly accounts: number;
  readonly freeLeft: number;
  readonly freeUsed: number;
  readonly freeLimit: number;
  /** The earliest reset that brings allowance back, or null without accounts. */
  readonly resetAtMs: number | null;
  readonly waiting: number;
  readonly inFlight: number;
  /** The last refusal because of limits, or null. */
  readonly lastRefusalAtMs: number | null;
}

export interface Snapshot {
  readonly protocol: 1;
  readonly atMs: number;
  readonly proxy: ProxyState;
  /** IANA name of the zone in which people see times, or empty for the machine's own. */
  readonly timezone: string;
  readonly wheel: WheelView;
  readonly accounts: readonly AccountView[];
  /** Keys that have no account: management keys and bad ones among them. */
  readonly busyModels: readonly BusyModel[];
}

export type ExchangeEnd = 'answered' | 'refused' | 'failed' | 'cancelled';

export interface AttemptView {
  readonly atMs: number;
  readonly keyId: string;
  readonly keyLabel: string;
  /** Upstream's status, or null where none came. */
  readonly status: number | null;
  /** The outcome's kind, such as `answer`, `dailyLimit`, `busy`, `timeout`. */
  readonly outcome: string;
  /** How long the exchange waited before this attempt. */
  readonly waitedMs: number;
}

export interface ExchangeView {
  readonly id: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly client: string;
  readonly method: string;
  readonly path: string;
  readonly model: string | null;
  readonly class: 'free' | 'paid' | 'unmetered';
  readonly streaming: boolean;
  readonly end: ExchangeEnd;
  /** What the client got, or null if it left before. */
  readonly status: number | null;
  readonly waitedMs: number;
  readonly firstTokenMs: number | null;
  readonly usage: UsageView | null;
  readonly attempts: readonly AttemptView[];
  /** What upstream made for it, and with which account. */
  readonly made: readonly { readonly id: string; readonly accountId: string }[];
}

export interface UsageView {
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** In credits, or null where upstream did not say. */
  readonly cost: number | null;
}

/** What was asked of a model or by a client in the last 24 hours. */
interface UseSum {
  readonly requests: number;
  readonly answered: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** In credits, as far as upstream said. */
  readonly cost: number;
}

export interface ModelUse extends UseSum {
  readonly model: string;
}

export interface ClientUse extends UseSum {
  readonly client: string;
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
  readonly models: readonly ModelUse[];
  readonly clients: readonly ClientUse[];
}

/** `none`: nothing free is served · `quiet`: too few requests in the last hour to tell · `lasts`: until the reset. */
export type ForecastView =
  | { readonly kind: 'none' }
  | { readonly kind: 'usedUp' }
  | { readonly kind: 'quiet' }
  | { readonly kind: 'lasts'; readonly perHour: number }
  | { readonly kind: 'until'; readonly perHour: number; readonly untilMs: number };
