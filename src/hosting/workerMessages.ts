// What a window and the worker that serves for it say to each other. Both are of one build: nothing is parsed.
import type { LogLevel } from '../base/log';
import type { Settings } from '../service/settings';
import type { ProxyState } from '../service/snapshot';
import type { ByeReason } from './hostEvents';
import type { WindowIdentity } from './identity';
import type { KeySet } from '../service/keySet';

/** Lines below it are not sent; `off`: none is. */
export type ShownLevel = LogLevel | 'off';

export interface WorkerStart {
  readonly identity: Omit<WindowIdentity, 'secret'> & { readonly secret: Uint8Array };
  readonly settings: Settings;
  /** Saved states that are to be joined. */
  readonly states: readonly unknown[];
  /** As it is saved. */
  readonly history: unknown;
  readonly keys: KeySet;
  readonly logLevel: ShownLevel;
}

export type ToWorker =
  | { readonly kind: 'start'; readonly start: WorkerStart }
  | { readonly kind: 'configure'; readonly settings: Settings }
  | { readonly kind: 'logLevel'; readonly level: ShownLevel }
  /** Give the port free, let answers go on for so long, then end them. */
  | { readonly kind: 'leave'; readonly reason: ByeReason; readonly drainMs: number };

export type FromWorker =
  | { readonly kind: 'started'; readonly proxy: ProxyState }
  /** After a change of the settings. */
  | { readonly kind: 'configured'; readonly proxy: ProxyState }
  | { readonly kind: 'log'; readonly level: LogLevel; readonly line: string }
  | { readonly kind: 'beat' }
  /** The port is free. */
  | { readonly kind: 'leaving'; readonly reason: ByeReason }
  /** The last answer has ended. */
  | { readonly kind: 'left'; readonly state: unknown };

/** How often the worker says that it lives. */
export const workerBeatMs = 500;
