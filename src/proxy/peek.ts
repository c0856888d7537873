// Holds the beginning of an answer until it is clear whether it is one: errors hide inside a 200.
import type { Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import { decodeStart, isCoded } from './coding';
import { StartScanner } from './eventStream';
import type { Fault } from './fault';
import { headerValue } from './headers';
import type { Reply, Sink } from './reply';

/** The most that is held of a stream, or of an error. */
const mostHeldBytes = 1024 * 1024;
/** The most that is held of an answer that is one JSON value. */
const mostJsonBytes = 8 * 1024 * 1024;

/**
 * How an answer is looked at: `none`: it passes as it comes · `whole`: until its end · `object`: until its end if it begins
 * as a JSON object does, else it passes · `start`: an event stream, until its first event.
 */
export type PeekMode = 'none' | 'whole' | 'object' | 'start';

export interface PeekLimits {
  readonly clock: Clock;
  /** When the first event must be here, or null: then `idleTimeoutMs` of silence fails. */
  readonly firstTokenAtMs: number | null;
  /** Silence that fails, or null for an answer that may take as long as its client waits. */
  readonly idleTimeoutMs: number | null;
}

/** What was held, and how it ended. */
export interface Held {
  /** As they came; to be relayed first. */
  readonly chunks: readonly Buffer[];
  /** Whether that is the whole body. */
  readonly isWhole: boolean;
  /** Of `start`: the first event, or null where none was found within the bounds. */
  readonly event: { readonly name: string | null; readonly data: string } | null;
  /** All that was held, decoded; null where its coding is not known. */
  readonly text: () => Buffer | null;
  readonly fault: Fault | null;
  readonly sawComments: boolean;
}

export function isEventStream(headers: readonly string[]): boolean {
  return /^text\/event-stream\b/i.test(headerValue(headers, 'content-type') ?? '');
}

/** Whether the type leaves it open what the body is: JSON comes as text, too. */
export function isVague(headers: readonly string[]): boolean {
  const type = headerValue(headers, 'content-type');
  return type === null || /^\s*(?:$|text\/)/i.test(type);
}

export function isJson(headers: readonly string[]): boolean {
  return /^application\/(?:[\w.-]+\+)?json\b/i.test(headerValue(headers, 'content-type') ?? '');
}

/** Resolves when enough is held, paused; never rejects. A client that leaves shows as the fault `clientGone`. */
export async function peek(reply: Reply, mode: PeekMode, limits: PeekLimits): Promise<Held> {
  if (mode === 'none') return passing;
  return await new Promise<Held>((resolve) => {
    const holder = new Holder(reply, mode, limits, resolve);
    holder.watch();
    reply.readInto(holder);
  });
}

const passing: Held = {
  chunks: [],
  isWhole: false,
  event: null,
  text: () => null,
  fault: null,
  sawComments: false,
};

class Holder implements Sink {
  private readonly chunks: Buffer[] = [];
  private readonly scanner = new StartScanner();
  private bytes = 0;
  private sawComments = false;
  private isDone = false;
  private isObject = false;
  private timer: Disposable | null = null;
  private lastByteAtMs: number;

  constructor(
    private readonly reply: Reply,
    private readonly mode: Exclude<PeekMode, 'none'>,
    private readonly limits: PeekLimits,
    private readonly resolve: (held: Held) => void,
  ) {
    this.lastByteAtMs = limits.clock.nowMs();
  }

  data(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.bytes += chunk.length;
    this.lastByteAtMs = this.limits.clock.nowMs();
    if (this.isDone) return;
    if (this.mode === 'start' && this.scan()) return;
    if (this.mode === 'object' && !this.isObject && this.beginsOtherwise(chunk)) return;
    if (this.bytes >= this.bound) this.finish({ isWhole: false });
  }

  end(): void {
    this.finish({ isWhole: true });
  }

  fault(fault: Fault): void {
    this.finish({ fault });
  }

  /** One timer, set anew only when it fires: a byte costs no timer. */
  watch(): void {
    const { clock, firstTokenAtMs, idleTimeoutMs } = this.limits;
    const dueAtMs = firstTokenAtMs ?? (idleTimeoutMs === null ? null : this.lastByteAtMs + idleTimeoutMs);
    if (dueAtMs === null) return;
    const leftMs = dueAtMs - clock.nowMs();
    if (leftMs > 0) {
      this.timer = clock.after(leftMs, () => this.watch());
      return;
    }
    const fault: Fault =
      firstTokenAtMs === null
        ? { code: 'idleTimeout' }
        : { code: 'firstTokenTimeout', sawComments: this.sawComments };
    this.finish({ fault });
    this.reply.abort(new Error('Too late.'));
  }

  private get bound(): number {
    return this.mode !== 'start' && this.reply.status < 400 ? mostJsonBytes : mostHeldBytes;
  }

  /** Ends with what begins as no object does; what is coded is held, since its text is not seen. */
  private beginsOtherwise(chunk: Buffer): boolean {
    if (isCoded(this.reply.headers)) return false;
    const first = /\S/.exec(chunk.toString('latin1'))?.[0];
    this.isObject = first === '{';
    if (first === undefined || this.isObject) return false;
    this.finish({ isWhole: false });
    return true;
  }

  private scan(): boolean {
    const bytes = this.decoded();
    if (bytes === null) {
      // A coding that cannot be undone yet, or at all: the bound ends it.
      return false;
    }
    const start = this.scanner.scan(bytes);
    this.sawComments = start.sawComments;
    if (start.kind === 'open') return false;
    this.finish({ isWhole: false, event: { name: start.name, data: start.data } });
    return true;
  }

  private decoded(): Buffer | null {
    const [only] = this.chunks;
    const bytes = this.chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.chunks);
    return isCoded(this.reply.headers) ? decodeStart(this.reply.headers, bytes) : bytes;
  }

  private finish(end: Partial<Pick<Held, 'isWhole' | 'event' | 'fault'>>): void {
    if (this.isDone) return;
    this.isDone = true;
    this.timer?.dispose();
    this.reply.release();
    this.resolve({
      chunks: this.chunks,
      isWhole: end.isWhole ?? false,
      event: end.event ?? null,
      fault: end.fault ?? null,
      sawComments: this.sawComments,
      text: () => this.decoded(),
    });
  }
}
