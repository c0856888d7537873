// The events of a host's stream, one line of JSON each, and a window's reading of them.
import type { IncomingMessage } from 'node:http';
import * as v from 'valibot';
import type { Clock } from '../base/clock';
import { parseJson } from '../base/json';
import { SilenceWatch } from '../base/silence';
import type { ExchangeView, Snapshot } from '../service/snapshot';
import type { HostLine } from './hostLine';

/** `stopped`: by the user, for all windows · `retired`: a newer version takes over · `closing`: its window closes. */
export type ByeReason = 'stopped' | 'retired' | 'closing';

/** A stream begins with snapshot, keys, state, history. */
export type HostEvent =
  | { readonly kind: 'snapshot'; readonly snapshot: Snapshot }
  /** As `History.save` returns it. */
  | { readonly kind: 'history'; readonly history: unknown }
  | { readonly kind: 'exchange'; readonly exchange: ExchangeView }
  /** A `KeySet`, sealed. */
  | { readonly kind: 'keys'; readonly sealed: string }
  /** The saved state, for the window that takes over. */
  | { readonly kind: 'state'; readonly state: unknown }
  | { readonly kind: 'beat' }
  | { readonly kind: 'bye'; readonly reason: ByeReason };

// The sender has proven itself and speaks our protocol: nothing but the form of an event is checked.
const eventSchema = v.custom<HostEvent>(
  (value) => typeof value === 'object' && value !== null && 'kind' in value,
);

/** Between two beats of the host. */
export const beatEveryMs = 5_000;
/** Two beats, and time for the second to arrive. */
const silentMs = 2 * beatEveryMs + 1_000;
const mostHeldChars = 16 * 1024 * 1024;

export function eventText(event: HostEvent): string {
  return `${JSON.stringify(event)}\n`;
}

/** The event, which may be of a kind that only another version knows; null for anything else. */
export function parseEvent(line: string): HostEvent | null {
  const event = parseJson(line);
  return v.is(eventSchema, event) ? event : null;
}

/** `gone`: the stream ended, or was silent for two beats · `refused`: the host does not take our proof. */
export type ReadEnd = ByeReason | 'gone' | 'refused';

/** Resolves with the reason when the stream has ended; never rejects. Aborting the signal ends it as `gone`. */
export async function readEvents(
  { clock, onEvent }: { readonly clock: Clock; readonly onEvent: (event: HostEvent) => void },
  line: HostLine,
  signal: AbortSignal,
): Promise<ReadEnd> {
  const silence = new AbortController();
  const watch = new SilenceWatch(clock);
  watch.watch(silentMs, () => silence.abort(new Error('The host is silent.')));
  try {
    const response = await line.send('events', {}, AbortSignal.any([signal, silence.signal]));
    return response.statusCode === 200 ? await readAll(response, onEvent, watch) : 'refused';
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
    const lines = (held + String(chunk)).split('\n');
    held = lines.pop() ?? '';
    if (held.length > mostHeldChars) return 'gone';
    for (const event of lines.map(parseEvent)) {
      if (event?.kind === 'bye') return event.reason;
      if (event !== null) onEvent(event);
    }
  }
  return 'gone';
}
