// Whether upstream is reached: why not, since when, and until when it is left alone.
import type { Clock } from '../../base/clock';
import type { Fault } from '../errors/outcome';
import { isLasting, unreachedCode } from '../../base/systemError';
import type { Sent } from './sending';

/** A certificate or a proxy that refuses says the same until a person has changed something. */
const holdMs = 5 * 60_000;

/** Instants are elapsed time. */
export interface Unreached {
  readonly code: string;
  /** Of the first attempt that failed, whatever the cause was then. */
  readonly sinceMs: number;
  /** No connection is opened before, unless the user asks for it; null where each attempt opens one. */
  readonly heldUntilMs: number | null;
}

export class Reach {
  /** Why upstream was not reached last; null while it is reached, or nothing is known. For others to read. */
  unreached: Unreached | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly onChange: () => void,
  ) {}

  /** The fault for an attempt that would need a new connection, or null where one may be opened. */
  held(): Fault | null {
    const { unreached: known } = this;
    if (known === null || (known.heldUntilMs ?? 0) <= this.clock.elapsedMs()) return null;
    const cause = new Error(`No connection is tried yet, after ${known.code}.`);
    return this.fault(known, Object.assign(cause, { code: known.code }));
  }

  /** The next attempt opens a connection, even after a certificate or a proxy that keeps new ones back. */
  release(): void {
    if (this.unreached !== null) this.set({ ...this.unreached, heldUntilMs: null });
  }

  /** Learns from the attempt; a fault that holds the next ones back says so. */
  note(sent: Sent): Sent {
    if ('reply' in sent) {
      // While it is left alone only older connections answer: they tell nothing of new ones.
      if (this.unreached !== null && this.held() === null) this.set(null);
      return sent;
    }
    const { fault } = sent;
    if (fault.code !== 'notSent') return sent;
    const code = unreachedCode(fault.cause);
    if (code === 'UND_ERR_DESTROYED' || code === 'UND_ERR_CLOSED') return sent;
    const nowMs = this.clock.elapsedMs();
    const known: Unreached = {
      code,
      sinceMs: this.unreached?.sinceMs ?? nowMs,
      heldUntilMs: isLasting(code) ? nowMs + holdMs : null,
    };
    this.set(known);
    return { fault: this.fault(known, fault.cause) };
  }

  private fault({ heldUntilMs }: Unreached, cause: unknown): Fault {
    if (heldUntilMs === null) return { code: 'notSent', cause };
    const retryAtMs = this.clock.wallMs() + heldUntilMs - this.clock.elapsedMs();
    return { code: 'notSent', cause, retryAtMs };
  }

  private set(known: Unreached | null): void {
    this.unreached = known;
    this.onChange();
  }
}
