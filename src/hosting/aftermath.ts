// What a window does after hosting or following has ended, by how it ended.
import type { ReadEnd } from './eventReader';
import type { HostEnd } from './hosting';
import type { Place } from './place';

/** A newer version has asked for the port: it gets the time to take it. */
const retiredPauseMs = 1_500;
const refusedPauseMs = 1_000;
/** Another window starts its worker now. */
const waitingPauseMs = 40;
const lookAgainMs = 5_000;

export interface ReadingEnd {
  readonly kind: ReadEnd;
}

export interface Aftermath {
  readonly place: Place;
  /** `short`: a random moment, so that not all windows try at once. */
  readonly pause: number | 'short';
}

export function aftermathOf(end: ReadingEnd | HostEnd): Aftermath {
  const looking: Place = { kind: 'looking' };
  switch (end.kind) {
    case 'stopped':
      // Whether it still is, is seen at the next look.
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
    case 'notBound':
      return { place: { kind: 'blocked', code: end.code, detail: end.detail }, pause: lookAgainMs };
  }
}
