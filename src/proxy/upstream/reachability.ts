// Whether upstream can be reached: if not, why and since when, and until when no connection is opened.
import type { Clock } from '../../base/clock';
import type { Fault } from '../errors/outcome';
import { isLasting, unreachedCode } from '../../base/systemError';
import type { SendResult } from './dispatchHandler';

/** A certificate or a network proxy that refuses will refuse until a person has changed something. */
const holdMs = 5 * 60_000;

/** Instants are elapsed time. */
export interface Unreached {
  readonly code: string;
  /** The instant of the first failed attempt in a row, whatever its cause was. */
  readonly sinceMs: number;
  /** No connection is opened before this instant, unless the user asks for it; null where each attempt opens one. */
  readonly heldUntilMs: number | null;
}

export class Reachability {
  /** Why upstream was not reached last; null while it is reached, or nothing is known. Read from outside. */
  unreached: Unreached | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly onChange: () => void,
  ) {}

  /** The fault for an attempt that would need a new connection, or null where one may be opened. */
  connectionFault(): Fault | null {
    const { unreached: known } = this;
    if (known === null || (known.heldUntilMs ?? 0) <= this.clock.elapsedMs()) return null;
    const cause = new Error(`No connection is tried yet, after ${known.code}.`);
    return this.fault(known, Object.assign(cause, { code: known.code }));
  }

  /** Lets the next attempt open a connection, even while a certificate or a network proxy holds new ones back. */
  release(): void {
    if (this.unreached !== null) this.set({ ...this.unreached, heldUntilMs: null });
  }

  /** Learns from the attempt; a fault that holds the next attempts back gets its `retryAtMs`. */
  note(sent: SendResult): SendResult {
    if ('reply' in sent) {
      // While new connections are held back, an answer over an older one proves nothing about new ones.
      if (this.unreached !== null && this.connectionFault() === null) this.set(null);
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
