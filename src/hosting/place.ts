// Where a window stands among the others, and how that looks to its views.
import type { ProxyFailure, ProxyState, Snapshot } from '../service/snapshot';
import type { Who } from './identify';

export type Place =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'looking' }
  | { readonly kind: 'hosting' }
  /** `window`: what people know the host's window by. */
  | { readonly kind: 'following'; readonly window: string }
  | { readonly kind: 'blocked'; readonly code: ProxyFailure; readonly detail: string };

export type Blocked = Place & { readonly kind: 'blocked' };

/** What is said of somebody else who has the port. */
export function blockedBy(who: Exclude<Who, { kind: 'nobody' | 'ours' }>): Blocked {
  switch (who.kind) {
    case 'otherMachine':
      return { kind: 'blocked', code: 'otherMachine', detail: who.machine };
    case 'otherProduct':
      return { kind: 'blocked', code: 'otherProduct', detail: who.product };
    case 'stranger':
      return { kind: 'blocked', code: 'portInUse', detail: who.how };
  }
}

/** The proxy as this window shows it. `live`: what the host says now, or null while it is not heard. */
export function proxyStateOf(place: Place, live: Snapshot | null, port: number): ProxyState {
  switch (place.kind) {
    case 'stopped':
      return { kind: 'stopped' };
    case 'looking':
      return { kind: 'starting' };
    case 'hosting':
      return live?.proxy.kind === 'running' ? live.proxy : { kind: 'starting' };
    case 'following':
      return live?.proxy.kind === 'running'
        ? { ...live.proxy, hostedBy: place.window }
        : { kind: 'starting' };
    case 'blocked':
      return { kind: 'failed', code: place.code, port, detail: place.detail };
  }
}
