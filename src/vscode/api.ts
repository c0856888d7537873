// The extension's public API. It contains no key, no account name and no proxy key.
import type { Event } from '../base/event';
import type { StateSource } from './stateSource';

export interface KeywheelStatus {
  readonly proxy: 'stopped' | 'starting' | 'running' | 'failed';
  /** For OpenAI-style clients, without a slash at the end; null while the proxy does not run. */
  readonly baseUrl: string | null;
  readonly keys: number;
  readonly accounts: number;
  /** Free requests left today, over all accounts. */
  readonly freeLeft: number;
  readonly freeLimit: number;
  /** The next reset in milliseconds since 1970; null without accounts. */
  readonly resetAtMs: number | null;
}

export interface KeywheelApi {
  status(): KeywheelStatus;
  /** At most ten times a second. */
  readonly onDidChangeStatus: Event<void>;
}

export interface KeywheelExports {
  /** Throws a RangeError for an unknown version. */
  getAPI(version: number): KeywheelApi;
}

/** The exports of the extension; valid while it is active. */
export function keywheelExports(state: StateSource): KeywheelExports {
  const api: KeywheelApi = { status: () => status(state), onDidChangeStatus: state.onDidChange };
  return {
    getAPI(version) {
      if (version !== 1) throw new RangeError(`Keywheel has API version 1, not ${version}.`);
      return api;
    },
  };
}

function status(state: StateSource): KeywheelStatus {
  const { proxy, wheel } = state.read().snapshot;
  const { keys, accounts, freeLeft, freeLimit, resetAtMs } = wheel;
  const baseUrl = proxy.kind === 'running' ? proxy.baseUrl : null;
  return { proxy: proxy.kind, baseUrl, keys, accounts, freeLeft, freeLimit, resetAtMs };
}
