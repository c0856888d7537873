// Defines the events of a host's stream, one line of JSON each, and reads them in a window.
import type { IncomingMessage } from 'node:http';
import * as v from 'valibot';
import type { Clock } from '../base/clock';
import { parseJson } from '../base/json';
import { SilenceWatch } from '../base/silence';
import type { AccountView, ExchangeView, Snapshot } from '../service/snapshot';
import type { HostLine } from './hostLine';

/** Why hosting ends. `stopped`: by the user, for all windows · `retired`: for a newer version or another port · `closing`: its window closes. */
export type ByeReason = 'stopped' | 'retired' | 'closing';

/** The changed parts of a snapshot; `order`: ids of all accounts, or null if they are unchanged. */
export interface SnapshotChange {
  readonly fields: Partial<Omit<Snapshot, 'accounts'>>;
  readonly order: readonly string[] | null;
  readonly accounts: readonly AccountView[];
}

/** A stream begins with hello, snapshot, keys, state, history. */
export type HostEvent =
  /** Only windows of earlier builds need it; the others read the protocol from `/health`. */
  | { readonly kind: 'hello'; readonly protocol: number }
  | { readonly kind: 'snapshot'; readonly snapshot: Snapshot }
  /** Sent only by hosts of earlier builds. */
  | { readonly kind: 'change'; readonly change: SnapshotChange }
  /** As `History.save` returns it. */
  | { readonly kind: 'history'; readonly history: unknown }
  | { readonly kind: 'exchange'; readonly exchange: ExchangeView }
  /** A `KeySet`, sealed. */
  | { readonly kind: 'keys'; readonly sealed: string }
  /** The saved state, for the window that takes over. */
  | { readonly kind: 'state'; readonly state: unknown }
  /** Counts and exchanges were deleted; the snapshot stays valid. Only hosts of earlier builds send it; other hosts send newer records. */
  | { readonly kind: 'forgotten' }
  | { readonly kind: 'beat' }
  | { readonly kind: 'bye'; readonly reason: ByeReason };

// Only the form of an event is checked: the sender has proven itself and has the same protocol.
const eventSchema = v.custom<HostEvent>(
  (value) => typeof value === 'object' && value !== null && 'kind' in value,
);

/** The time between two beats of the host. */
export const beatEveryMs = 5_000;
/** A stream is given up after two missing beats, and a second for the last one to arrive. */
const silentMs = 2 * beatEveryMs + 1_000;
const mostHeldChars = 16 * 1024 * 1024;

export function eventText(event: HostEvent): string {
  return `data: ${JSON.stringify(event)}\n\n`;
}

/** The event, which may be of a kind that only another version knows; null for anything else. */
export function parseEvent(text: string): HostEvent | null {
  const event = parseJson(/^data: (.*)$/m.exec(text)?.[1] ?? '');
  return v.is(eventSchema, event) ? event : null;
}

/** `gone`: the stream ended, or was silent for two beats · `refused`: the host rejects the window's proof. */
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
    const request = { method: 'GET', path: '/events', body: Buffer.alloc(0) };
    const response = await line.send(request, AbortSignal.any([signal, silence.signal]));
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
  let partial = '';
  response.setEncoding('utf8');
  for await (const chunk of response) {
    watch.noteProgress();
    const parts = (partial + String(chunk)).split('\n\n');
    partial = parts.pop() ?? '';
    if (partial.length > mostHeldChars) return 'gone';
    for (const event of parts.map(parseEvent)) {
      if (event?.kind === 'bye') return event.reason;
      if (event !== null) onEvent(event);
    }
  }
  return 'gone';
}

/** The snapshot after the change. */
export function changed(last: Snapshot, { fields, order, accounts }: SnapshotChange): Snapshot {
  const known = new Map([...last.accounts, ...accounts].map((account) => [account.accountId, account]));
  const ids = order ?? last.accounts.map(({ accountId }) => accountId);
  return { ...last, ...fields, accounts: ids.flatMap((accountId) => known.get(accountId) ?? []) };
}
