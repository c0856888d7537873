/** One API key of a simulated account, with its own spending and its own optional cap. */
import { nextUtcMidnightMs, utcDayOf } from './dayCount';

const DAY_MS = 86_400_000;

export type CapReset = 'daily' | 'weekly' | 'monthly' | null;

export interface KeyOptions {
  readonly key: string;
  /** The label that OpenRouter shows; default: the masked key. */
  readonly label?: string;
  /** Cap in credits; default null, no cap. */
  readonly limit?: number | null;
  readonly limitReset?: CapReset;
  /** Credits that this key has spent already in its cap's period. */
  readonly usage?: number;
  /** A management key cannot run models. */
  readonly isManagementKey?: boolean;
  readonly expiresAtMs?: number;
}

export class AccountKey {
  readonly raw: string;
  readonly label: string;
  readonly isManagementKey: boolean;
  readonly expiresAtMs: number | undefined;
  limit: number | null;
  limitReset: CapReset;
  /** A revoked key answers 401. */
  revoked = false;
  private readonly spendings: { atMs: number; credits: number }[] = [];

  constructor(options: KeyOptions, nowMs: number) {
    this.raw = options.key;
    this.label = options.label ?? maskedKey(options.key);
    this.isManagementKey = options.isManagementKey ?? false;
    this.expiresAtMs = options.expiresAtMs;
    this.limit = options.limit ?? null;
    this.limitReset = options.limitReset ?? null;
    if (options.usage !== undefined) this.spend(nowMs, options.usage);
  }

  worksAt(nowMs: number): boolean {
    return !this.revoked && (this.expiresAtMs === undefined || nowMs < this.expiresAtMs);
  }

  spend(atMs: number, credits: number): void {
    if (credits !== 0) this.spendings.push({ atMs, credits });
  }

  /** Credits spent since `sinceMs`, or ever. */
  spent(sinceMs = -Infinity): number {
    return this.spendings.reduce(
      (sum, spending) => sum + (spending.atMs >= sinceMs ? spending.credits : 0),
      0,
    );
  }

  /** The credits that the cap leaves in its period, or null without a cap. */
  remaining(nowMs: number): number | null {
    if (this.limit === null) return null;
    return this.limit - this.spent(periodOf(this.limitReset, nowMs).startMs);
  }

  /** When the cap's period ends, in epoch milliseconds, or undefined when it never does. */
  capResetAtMs(nowMs: number): number | undefined {
    return periodOf(this.limitReset, nowMs).endMs;
  }
}

interface Period {
  readonly startMs: number;
  readonly endMs: number | undefined;
}

/** The UTC period of a cap that `nowMs` lies in; weeks begin on Monday. */
export function periodOf(reset: CapReset, nowMs: number): Period {
  switch (reset) {
    case null:
      return { startMs: -Infinity, endMs: undefined };
    case 'daily':
      return { startMs: utcDayOf(nowMs) * DAY_MS, endMs: nextUtcMidnightMs(nowMs) };
    case 'weekly': {
      // 1 January 1970 was a Thursday.
      const startMs = (utcDayOf(nowMs) - ((utcDayOf(nowMs) + 3) % 7)) * DAY_MS;
      return { startMs, endMs: startMs + 7 * DAY_MS };
    }
    case 'monthly': {
      const now = new Date(nowMs);
      const startMs = Date.UTC(now.getUTCFullYear(), now.getUTCMonth());
      return { startMs, endMs: Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1) };
    }
  }
}

function maskedKey(key: string): string {
  return `${key.slice(0, 12)}...${key.slice(-4)}`;
}
