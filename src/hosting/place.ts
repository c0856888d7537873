// A window's place: the state that its views show, and the next place and pause after hosting or following has ended.
import type { ProxyFailure, ProxyState, Snapshot } from '../service/snapshot';
import type { ReadEnd } from './hostEvents';
import type { HostingEnd } from './hosting';
import type { Who } from './hostLine';

export type Place =
  | { readonly kind: 'stopped' | 'looking' | 'hosting' }
  /** `window`: the name of the host's window. */
  | { readonly kind: 'following'; readonly window: string }
  | { readonly kind: 'blocked'; readonly code: ProxyFailure; readonly detail: string };

/** The place of a window while another program has the port. */
export function blockedBy(who: Exclude<Who, { kind: 'nobody' | 'ours' }>): Place & { kind: 'blocked' } {
  switch (who.kind) {
    case 'otherMachine':
      return { kind: 'blocked', code: 'otherMachine', detail: '' };
    case 'otherProduct':
      return { kind: 'blocked', code: 'otherProduct', detail: who.product };
    case 'stranger':
      return { kind: 'blocked', code: who.how === 'silent' ? 'portSilent' : 'portInUse', detail: who.how };
  }
}

/** The proxy as this window shows it. `live`: the host's snapshot, or null without a host. */
export function proxyStateOf(place: Place, live: Snapshot | null, port: number): ProxyState {
  switch (place.kind) {
    case 'stopped':
      return { kind: 'stopped' };
    case 'looking':
      return { kind: 'starting' };
    case 'hosting':
    case 'following':
      if (live?.proxy.kind !== 'running') return { kind: 'starting' };
      return place.kind === 'following' ? { ...live.proxy, hostedBy: place.window } : live.proxy;
    case 'blocked':
      return { kind: 'failed', code: place.code, port, detail: place.detail };
  }
}

/** Time for the newer version that asked for the port to bind it. */
const retiredPauseMs = 1_500;
const refusedPauseMs = 1_000;
/** Time for another window to start its worker. */
const waitingPauseMs = 40;
export const lookAgainMs = 5_000;

/** The place and the pause after an end. `pause`: milliseconds, or `short`: random, so that not all windows try at once. */
export function aftermathOf(end: { readonly kind: ReadEnd | 'otherProtocol' } | HostingEnd): {
  readonly place: Place;
  readonly pause: number | 'short';
} {
  const looking: Place = { kind: 'looking' };
  switch (end.kind) {
    case 'stopped':
      // The next round checks whether the hold is still valid.
      return { place: { kind: 'stopped' }, pause: 0 };
    case 'retired':
      return { place: looking, pause: retiredPauseMs };
    case 'refused':
      return { place: looking, pause: refusedPauseMs };
    case 'waiting':
      return { place: looking, pause: waitingPauseMs };
    case 'closing':
    case 'gone':
    case 'crashed':
    case 'hung':
    case 'portLost':
      return { place: looking, pause: 'short' };
    case 'otherProtocol':
      return { place: { kind: 'blocked', code: 'otherVersion', detail: '' }, pause: lookAgainMs };
    case 'notBegun':
      // The worker's code is broken here: a new try would fail at once, and another window may have code that works.
      return { place: { kind: 'blocked', code: 'other', detail: 'crashed' }, pause: lookAgainMs };
    case 'notBound':
      return { place: { kind: 'blocked', code: end.code, detail: end.detail }, pause: lookAgainMs };
  }
}
