// Which of several windows shows a notice: the focused one at once, else the host a little later, and no other.
import { wait, type Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import { mayShow, readNoticeRecord, withMuted, withShown } from './noticeRecord';
import type { NoticeKind } from './notices';

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

/** Time for a focused window to say that it has shown the notice. */
const hostWaitsMs = 2_000;

export class NoticeTurn implements Disposable {
  private readonly closed = new AbortController();

  constructor(private readonly ports: NoticeTurnPorts) {}

  /** Resolves to whether this window is the one that shows a notice of the kind now; then no other shows one today. */
  async take(kind: NoticeKind): Promise<boolean> {
    if (!(await this.isOurs())) return false;
    const { record, clock } = this.ports;
    const known = readNoticeRecord(record.read());
    if (!mayShow(known, kind, clock.nowMs())) return false;
    await record.write(withShown(known, kind, clock.nowMs()));
    return true;
  }

  /** Resolves when no window shows a notice of the kind any more. */
  async mute(kind: NoticeKind): Promise<void> {
    const { record } = this.ports;
    await record.write(withMuted(readNoticeRecord(record.read()), kind));
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
      // The window closes: another one has its turn tomorrow.
      return false;
    }
    return true;
  }
}
