// What can go wrong on the way to upstream and back: a value, told by its code, never thrown.

export type Fault =
  /** DNS, connect or TLS failed: the head was never on a socket, so nothing can have been done or counted. */
  | {
      readonly code: 'notSent';
      readonly cause: unknown;
      /** Wall time; absent where the next attempt may succeed at once. Before it none is made. */
      readonly retryAtMs?: number;
    }
  /** The connection broke after the head was sent and before an answer's head came. */
  | { readonly code: 'resetBeforeHead'; readonly reusedSocket: boolean; readonly cause: unknown }
  /** An answer whose head is no valid HTTP: upstream did its work, or the bytes belong to what a reused socket served before. */
  | { readonly code: 'unreadable'; readonly reusedSocket: boolean; readonly cause: unknown }
  | { readonly code: 'headTimeout' }
  /** A head, but no first event in time; `sawComments` when upstream said that it works on it. */
  | { readonly code: 'firstTokenTimeout'; readonly sawComments: boolean }
  | { readonly code: 'idleTimeout' }
  /** A body that ended before its end. */
  | { readonly code: 'cut'; readonly cause: unknown }
  /** A 200 on a model's endpoint that is neither JSON nor events: a page, a proxy's text, or nothing. */
  | { readonly code: 'notAnAnswer' }
  /** The client left: blames no key. */
  | { readonly code: 'clientGone' }
  | { readonly code: 'headTooLarge' };
