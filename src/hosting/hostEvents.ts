// The events of a host's stream, one line of JSON each.
import * as v from 'valibot';
import type { ExchangeView, Snapshot } from '../service/snapshot';

/** `stopped`: by the user, for all windows · `retired`: a newer version takes over · `closing`: its window closes. */
export type ByeReason = 'stopped' | 'retired' | 'closing';

/** A stream begins with hello, snapshot, keys, state, history. */
export type HostEvent =
  | { readonly kind: 'hello'; readonly protocol: number }
  | { readonly kind: 'snapshot'; readonly snapshot: Snapshot }
  /** As `History.save` returns it. */
  | { readonly kind: 'history'; readonly history: unknown }
  | { readonly kind: 'exchange'; readonly exchange: ExchangeView }
  /** A `KeySet`, sealed. */
  | { readonly kind: 'keys'; readonly sealed: string }
  /** The saved state, for the window that takes over. */
  | { readonly kind: 'state'; readonly state: unknown }
  /** Counts and exchanges were deleted; the snapshot stays valid. */
  | { readonly kind: 'forgotten' }
  | { readonly kind: 'beat' }
  | { readonly kind: 'bye'; readonly reason: ByeReason };

// The sender has proven itself and speaks our protocol: nothing but the form of an event is checked.
const eventSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.custom<HostEvent>((value) => typeof value === 'object' && value !== null && 'kind' in value),
);

/** Between two beats of the host. */
export const beatEveryMs = 5_000;

export function eventText(event: HostEvent): string {
  return `data: ${JSON.stringify(event)}\n\n`;
}

/** The event, which may be of a kind that only another version knows; null for anything else. */
export function parseEvent(text: string): HostEvent | null {
  const data = /^data: (.*)$/m.exec(text)?.[1];
  const parsed = v.safeParse(eventSchema, data);
  return parsed.success ? parsed.output : null;
}
