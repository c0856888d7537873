// Decides which window shows a notice: the focused one at once, else the host a little later.
import * as v from 'valibot';
import { wait, type Clock } from '../../base/clock';
import type { Disposable } from '../../base/disposable';
import type { NoticeKind } from './notices';

const recordSchema = v.object({ shownAtMs: v.record(v.string(), v.number()), muted: v.array(v.string()) });

type NoticeRecord = v.InferOutput<typeof recordSchema>;

const dayMs = 24 * 60 * 60_000;
const nothing: NoticeRecord = { shownAtMs: {}, muted: [] };

/** The saved record; an empty one if it cannot be read. */
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

/** A record that all windows of this user share; a change is seen by the others within half a second. */
export interface SharedRecord {
  read(): unknown;
  write(record: unknown): Promise<void>;
}

export interface NoticeTurnPorts {
  readonly clock: Clock;
  readonly record: SharedRecord;
  readonly isFocused: () => boolean;
  /** Whether this window serves the clients. */
  readonly isHost: () => boolean;
}

/** Time for a focused window to record that it has shown the notice. */
const hostWaitsMs = 2_000;

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
