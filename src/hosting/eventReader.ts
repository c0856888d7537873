// A window's side of the host's stream: reads events until the host ends it or falls silent.
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../base/clock';
import { SilenceWatch } from '../base/silence';
import { protocol } from './identity';
import type { HostLine } from './hostLine';
import { beatEveryMs, parseEvent, type ByeReason, type HostEvent } from './hostEvents';
import type { Seal } from './proof';

/** `gone`: the stream ended, or was silent for two beats · `refused`: the host does not take our proof · `otherProtocol`: the host speaks another protocol. */
export type ReadEnd = ByeReason | 'gone' | 'refused' | 'otherProtocol';

/** Two beats, and time for the second to arrive. */
const silentMs = 2 * beatEveryMs + 1_000;
const mostHeldChars = 16 * 1024 * 1024;

/** Resolves with the reason when the stream has ended; never rejects. Aborting the signal ends it as `gone`. */
export async function readEvents(
  { clock, onEvent }: { readonly clock: Clock; readonly onEvent: (event: HostEvent, seal: Seal) => void },
  line: HostLine,
  signal: AbortSignal,
): Promise<ReadEnd> {
  const silence = new AbortController();
  const watch = new SilenceWatch(clock);
  watch.watch(silentMs, () => silence.abort(new Error('The host is silent.')));
  try {
    const either = AbortSignal.any([signal, silence.signal]);
    const request = { method: 'GET', path: '/events', body: Buffer.alloc(0) };
    const response = await line.send(request, either);
    if (response.statusCode !== 200) return 'refused';
    const seal = line.seal();
    return await readAll(response, (event) => onEvent(event, seal), watch);
  } catch {
    // After any failure the host counts as gone.
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
    watch.moved();
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
