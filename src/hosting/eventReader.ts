// A window's side of the host's stream: reads until the host says bye, goes, or falls silent.
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import { protocol, type Health } from './identity';
import type { HostLine } from './hostLine';
import { beatEveryMs, parseEvent, type ByeReason, type HostEvent } from './hostEvents';
import type { Seal } from './proof';

/** `gone`: it ended, or was silent for two beats · `refused`: it does not take our word · `otherProtocol`: it speaks otherwise than we do. */
export type ReadEnd = ByeReason | 'gone' | 'refused' | 'otherProtocol';

/** Two beats, and time for the second to arrive. */
const silentBeats = 2;
const lateMs = 1_000;
const mostHeldChars = 16 * 1024 * 1024;

export interface EventReaderPorts {
  readonly clock: Clock;
  readonly secret: Buffer;
  readonly onEvent: (event: HostEvent, seal: Seal) => void;
}

export interface ProvenHost {
  readonly health: Health;
  readonly line: HostLine;
}

/** Resolves when the stream has ended, with why; never rejects. Aborting the signal ends it as `gone`. */
export async function readEvents(
  ports: EventReaderPorts,
  { health, line }: ProvenHost,
  signal: AbortSignal,
): Promise<ReadEnd> {
  const silence = new AbortController();
  const watch = new SilenceWatch(ports.clock, () => silence.abort(new Error('The host is silent.')));
  try {
    const either = AbortSignal.any([signal, silence.signal]);
    const request = { method: 'GET', path: '/events', body: Buffer.alloc(0) } as const;
    const response = await line.send(ports.secret, health, request, either);
    if (response.statusCode !== 200) return 'refused';
    const seal = line.seal(ports.secret, health);
    return await readAll(response, (event) => ports.onEvent(event, seal), watch);
  } catch {
    // However it was lost: the host is gone for us.
    return 'gone';
  } finally {
    watch.dispose();
    line.dispose();
  }
}

async function readAll(
  response: IncomingMessage,
  onEvent: (event: HostEvent) => void,
  watch: SilenceWatch,
): Promise<ReadEnd> {
  let held = '';
  response.setEncoding('utf8');
  for await (const chunk of response) {
    watch.heard();
    const parts = (held + String(chunk)).split('\n\n');
    held = parts.pop() ?? '';
    if (held.length > mostHeldChars) return 'gone';
    for (const part of parts) {
      const event = parseEvent(part);
      const end = endIn(event);
      if (end !== null) return end;
      if (event !== null) onEvent(event);
    }
  }
  return 'gone';
}

function endIn(event: HostEvent | null): ReadEnd | null {
  if (event?.kind === 'bye') return event.reason;
  return event?.kind === 'hello' && event.protocol !== protocol ? 'otherProtocol' : null;
}

/** Tells a silent host from a reader that was itself held up: a beat that this side slept through does not count. */
class SilenceWatch implements Disposable {
  private missing = 0;
  private lookedAtMs: number;
  private timer: Disposable;

  constructor(
    private readonly clock: Clock,
    private readonly onSilent: () => void,
  ) {
    this.lookedAtMs = clock.nowMs();
    this.timer = this.next();
  }

  heard(): void {
    this.missing = 0;
  }

  dispose(): void {
    this.timer.dispose();
  }

  private next(): Disposable {
    return this.clock.after(beatEveryMs + lateMs / silentBeats, () => {
      const nowMs = this.clock.nowMs();
      const tookMs = nowMs - this.lookedAtMs;
      this.lookedAtMs = nowMs;
      if (tookMs < beatEveryMs + 2 * lateMs) this.missing++;
      if (this.missing >= silentBeats) this.onSilent();
      else this.timer = this.next();
    });
  }
}
