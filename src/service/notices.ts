// Compares each snapshot with earlier ones to find notices for users, and decides which window shows them.
import * as v from 'valibot';
import { wait, type Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import { dayMs } from '../keys/calendar';
import { canServe } from './accountFacts';
import type { AccountView, KeyHealth, Snapshot } from './snapshot';

export type Notice =
  | { readonly kind: 'allUsed'; readonly untilMs: number }
  | { readonly kind: 'low'; readonly left: number; readonly limit: number }
  /** `label`: the key that expires first; `others`: how many more expire within three days. */
  | { readonly kind: 'keyExpires'; readonly label: string; readonly atMs: number; readonly others: number }
  /** `others`: how many keys can still be used. */
  | { readonly kind: 'keyBad'; readonly label: string; readonly others: number };

export type NoticeKind = Notice['kind'];

export const allNotifications = ['all', 'usedUp', 'none'] as const;
/** `usedUp`: nothing is left, or a key stopped working. */
export type Notifications = (typeof allNotifications)[number];

export function isWanted(kind: NoticeKind, notifications: Notifications): boolean {
  return notifications === 'all' || (notifications === 'usedUp' && (kind === 'allUsed' || kind === 'keyBad'));
}

const lowShare = 0.1;
const expiryWarnedMs = 3 * dayMs;

/** Is given every snapshot of this window from its start on; reports each change for the worse once. */
export class Notices {
  /** Whether an allowance was left when all accounts were known. */
  private hadSomethingLeft = false;
  /** Whether more than a tenth was left at some time since the last notice of `low`, with all accounts known. */
  private hadPlenty = false;
  private readonly expiryNoticed = new Set<string>();
  private expiryNoticedOnDay = Number.NaN;
  private readonly healths = new Map<string, KeyHealth>();

  constructor(private readonly startedAtMs: number) {}

  /** The changes for the worse since the last snapshot, and keys that expire soon; else no state that held at the start. */
  see(snapshot: Snapshot): readonly Notice[] {
    return [
      ...this.allUsed(snapshot),
      ...this.low(snapshot),
      ...this.badKeys(snapshot),
      ...this.expiring(snapshot),
    ];
  }

  private allUsed({ wheel, accounts }: Snapshot): Notice[] {
    const { freeLeft, freeLimit, resetAtMs } = wheel;
    if (freeLeft > 0) {
      this.hadSomethingLeft ||= accounts.every(isKnown);
      return [];
    }
    if (!this.hadSomethingLeft || !this.isUsed(accounts) || freeLimit === 0 || resetAtMs === null) return [];
    this.hadSomethingLeft = false;
    return [{ kind: 'allUsed', untilMs: resetAtMs }];
  }

  private low({ wheel, accounts }: Snapshot): Notice[] {
    const { freeLeft, freeLimit } = wheel;
    if (freeLeft > freeLimit * lowShare) {
      this.hadPlenty ||= accounts.every(isKnown);
      return [];
    }
    if (!this.hadPlenty || freeLeft === 0 || !this.isUsed(accounts)) return [];
    this.hadPlenty = false;
    return [{ kind: 'low', left: freeLeft, limit: freeLimit }];
  }

  /** Whether a key was used since the start: only then the notice matters to the user. */
  private isUsed(accounts: Snapshot['accounts']): boolean {
    return accounts.some(({ keys }) => keys.some((key) => (key.lastUsedAtMs ?? 0) >= this.startedAtMs));
  }

  /** Keys that expire soon, at the start too, as that is urgent. One notice of a kind is shown a day: later keys wait. */
  private expiring({ accounts, atMs: nowMs }: Snapshot): Notice[] {
    const soon = accounts
      .flatMap(({ keys }) => keys)
      .flatMap(({ keyId, label, enabled, expiresAtMs: atMs }) =>
        enabled && typeof atMs === 'number' && atMs > nowMs && atMs - nowMs < expiryWarnedMs
          ? [{ keyId, label, atMs }]
          : [],
      );
    const [first] = soon.toSorted((a, b) => a.atMs - b.atMs);
    const day = Math.floor(nowMs / dayMs);
    if (first === undefined || day === this.expiryNoticedOnDay) return [];
    if (soon.every(({ keyId }) => this.expiryNoticed.has(keyId))) return [];
    this.expiryNoticedOnDay = day;
    for (const { keyId } of soon) this.expiryNoticed.add(keyId);
    return [{ kind: 'keyExpires', label: first.label, atMs: first.atMs, others: soon.length - 1 }];
  }

  private badKeys({ accounts }: Snapshot): Notice[] {
    const keys = accounts.flatMap((account) => account.keys);
    const turned = keys.filter(
      (key) => key.enabled && key.health === 'bad' && this.healths.get(key.keyId) === 'good',
    );
    this.healths.clear();
    for (const { keyId, health } of keys) this.healths.set(keyId, health);
    const others = keys.filter(canServe).length;
    return turned.map(({ label }) => ({ kind: 'keyBad', label, others }));
  }
}

/** Whether a reading or a request has shown its allowance. */
function isKnown({ day }: AccountView): boolean {
  return day.server !== null || day.own > 0;
}

const recordSchema = v.object({ shownAtMs: v.record(v.string(), v.number()), muted: v.array(v.string()) });

type NoticeRecord = v.InferOutput<typeof recordSchema>;

const nothing: NoticeRecord = { shownAtMs: {}, muted: [] };

/** The saved record of the notices that were shown or muted; an empty record if it cannot be read. */
export function readNoticeRecord(raw: unknown): NoticeRecord {
  const read = v.safeParse(recordSchema, raw);
  return read.success ? read.output : nothing;
}

/** Whether a notice of the kind may be shown now: not muted, and none was shown on this UTC day. */
export function mayShow({ shownAtMs, muted }: NoticeRecord, kind: NoticeKind, nowMs: number): boolean {
  if (muted.includes(kind)) return false;
  const lastMs = shownAtMs[kind];
  return lastMs === undefined || Math.floor(lastMs / dayMs) !== Math.floor(nowMs / dayMs);
}

/** A record that all windows of this user share; other windows read a change within half a second. */
export interface SharedRecord {
  read(): unknown;
  write(record: unknown): Promise<void>;
}

export interface NoticeTurnPorts {
  readonly clock: Clock;
  readonly record: SharedRecord;
  readonly isFocused: () => boolean;
  /** Whether this window is the host. */
  readonly isHost: () => boolean;
}

/** The host waits this long, so that a focused window can record first that it has shown the notice. */
const hostWaitsMs = 2_000;

/** The focused window shows a notice at once, else the host a little later. */
export class NoticeTurn implements Disposable {
  private readonly closed = new AbortController();

  constructor(private readonly ports: NoticeTurnPorts) {}

  /** Resolves to whether this window shows the notice now; then no window shows another of the kind today. */
  async take(kind: NoticeKind): Promise<boolean> {
    if (!(await this.isOurs())) return false;
    const { record, clock } = this.ports;
    const known = readNoticeRecord(record.read());
    if (!mayShow(known, kind, clock.wallMs())) return false;
    await record.write({ ...known, shownAtMs: { ...known.shownAtMs, [kind]: clock.wallMs() } });
    return true;
  }

  /** Resolves when no window shows a notice of the kind any more. */
  async mute(kind: NoticeKind): Promise<void> {
    const { record } = this.ports;
    const known = readNoticeRecord(record.read());
    await record.write({ ...known, muted: [...new Set([...known.muted, kind])] });
  }

  dispose(): void {
    this.closed.abort(new Error('The window closes.'));
  }

  private async isOurs(): Promise<boolean> {
    const { clock, isFocused, isHost } = this.ports;
    if (isFocused()) return true;
    if (!isHost()) return false;
    try {
      await wait(clock, hostWaitsMs, this.closed.signal);
    } catch {
      // The window closes: another one may show the notice.
      return false;
    }
    return true;
  }
}
