// What a host tells the windows that read it, one line of JSON each.
import * as v from 'valibot';
import type { ExchangeView, Snapshot } from '../service/snapshot';
import type { SnapshotChange } from './snapshotChange';

/** `stopped`: by the user, for all windows · `retired`: a newer version takes over · `closing`: its window closes. */
export type ByeReason = 'stopped' | 'retired' | 'closing';

/** In this order at first: hello, snapshot, keys, state, history. */
export type HostEvent =
  | { readonly kind: 'hello'; readonly protocol: number }
  | { readonly kind: 'snapshot'; readonly snapshot: Snapshot }
  | { readonly kind: 'change'; readonly change: SnapshotChange }
  /** As it is saved. */
  | { readonly kind: 'history'; readonly history: unknown }
  | { readonly kind: 'exchange'; readonly exchange: ExchangeView }
  /** A `KeySet`, sealed. */
  | { readonly kind: 'keys'; readonly sealed: string }
  /** What is saved, for whoever takes over. */
  | { readonly kind: 'state'; readonly state: unknown }
  /** What was heard before is gone, but for the snapshot: counts and exchanges begin anew. */
  | { readonly kind: 'forgotten' }
  | { readonly kind: 'beat' }
  | { readonly kind: 'bye'; readonly reason: ByeReason };

const kinds: readonly HostEvent['kind'][] = [
  'hello',
  'snapshot',
  'change',
  'history',
  'exchange',
  'keys',
  'state',
  'forgotten',
  'beat',
  'bye',
];

// The sender has proven itself and speaks our protocol: the kind is checked, the figures are not.
const eventSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.custom<HostEvent>(
    (value) => typeof value === 'object' && value !== null && 'kind' in value && isKind(value.kind),
  ),
);

/** How often a host that has nothing to say says that. */
export const beatEveryMs = 5_000;

export function eventText(event: HostEvent): string {
  return `data: ${JSON.stringify(event)}\n\n`;
}

/** The event, or null for a kind that only another version knows. */
export function parseEvent(text: string): HostEvent | null {
  const data = /^data: (.*)$/m.exec(text)?.[1];
  const parsed = v.safeParse(eventSchema, data);
  return parsed.success ? parsed.output : null;
}

function isKind(kind: unknown): boolean {
  return kinds.some((known) => known === kind);
}
