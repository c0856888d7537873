/** The messages between a test and its window processes. */
import type { LogLevel } from '../../../src/base/log';
import type { ProxyState } from '../../../src/service/snapshot';
import type { Settings } from '../../../src/service/settings';

export interface WindowOptions {
  readonly name: string;
  readonly folder: string;
  readonly port: number;
  readonly workerPath: string;
  readonly upstreamUrl?: string;
  readonly keys?: readonly string[];
  readonly proxyKey?: string;
  readonly revision?: number;
  readonly version?: string;
  readonly product?: string;
  readonly machine?: string;
  readonly autoStart?: boolean;
}

type Command =
  | { readonly kind: 'start' | 'stop' | 'close' | 'snapshot' | 'history' | 'forget' | 'proxyKey' }
  | { readonly kind: 'add'; readonly key: string; readonly label: string }
  | { readonly kind: 'remove'; readonly keyId: string }
  | { readonly kind: 'update'; readonly keyId: string; readonly dailyLimit: number | null }
  | { readonly kind: 'configure'; readonly settings: Partial<Settings> }
  | { readonly kind: 'logLevel'; readonly level: LogLevel }
  | { readonly kind: 'hang'; readonly ms: number };

export type WindowCommand = Command;
export type ToWindow = Command & { readonly id: number };

export interface Seen {
  readonly kind: 'seen';
  readonly proxy: ProxyState;
  readonly keys: readonly string[];
  readonly own: readonly number[];
  readonly freeUsed: number;
  readonly atMs: number;
}

export type FromWindow =
  | { readonly kind: 'ready'; readonly proxyKey: string }
  | { readonly kind: 'log'; readonly level: LogLevel; readonly line: string }
  | { readonly kind: 'trouble' }
  | { readonly kind: 'done'; readonly id: number; readonly value: unknown }
  | Seen;
