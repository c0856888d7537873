// What the service needs from its environment: VS Code and the command line each implement it.
import * as v from 'valibot';
import type { Event } from '../base/event';

/** One key as the vault stores it: a JSON record for each key. */
export const storedKeySchema = v.object({
  key: v.pipe(v.string(), v.nonEmpty()),
  label: v.string(),
  /** The user's own lower daily limit. */
  dailyLimit: v.optional(v.nullable(v.pipe(v.number(), v.integer(), v.minValue(0))), null),
  /** The user's own name of the account; keys with the same name share limits. */
  accountName: v.optional(v.nullable(v.string()), null),
  paidUse: v.optional(v.picklist(['auto', 'only', 'never']), 'auto'),
  enabled: v.optional(v.boolean(), true),
});

export type StoredKey = v.InferOutput<typeof storedKeySchema>;

/** What is in the vault: the keys in the user's order, and the proxy key (null before the first start). */
export interface VaultContents {
  readonly keys: readonly StoredKey[];
  readonly proxyKey: string | null;
  /** Of the whole set; absent if none was stored. */
  readonly revision?: number;
  /** Names of records that could not be read as a key; they are left alone. */
  readonly damaged: readonly string[];
}

/**
 * Stores secrets. Every method may reject, or take long while the system's keychain asks the user; `save…` resolves only
 * after the stored value has been read back.
 */
export interface SecretVault {
  load(): Promise<VaultContents>;
  saveKey(key: StoredKey): Promise<void>;
  removeKey(keyId: string): Promise<void>;
  /** Removes all records of keys, unreadable ones included. Rejects if one is left. */
  clearKeys(): Promise<void>;
  /** Stored keys that are not listed stay: other windows have stored them. */
  saveOrder(keyIds: readonly string[]): Promise<void>;
  saveProxyKey(proxyKey: string): Promise<void>;
  /** Stores the revision of the set; only a vault that windows share needs it. */
  saveRevision?(revision: number): Promise<void>;
  /** The contents changed, here or in another window. */
  readonly onDidChange?: Event<unknown>;
}

/** `loading`: no answer yet · `slow`: the system's keychain has not answered for 5 s, it may be asking the user · `refused`: it failed. */
export type VaultHealth =
  { readonly kind: 'loading' | 'ok' | 'slow' } | { readonly kind: 'refused'; readonly detail: string };

/** Stores a state between runs. `load` resolves with what was saved last, or undefined. */
export interface StateStore {
  load(): Promise<unknown>;
  save(state: unknown): Promise<void>;
  /** Saves before it returns, as the process may end during anything longer. A running `save` may still replace it by its older state. */
  saveSync?(state: unknown): void;
  /** Moves the saved state to another name, where a user finds it; the store is empty then. */
  setAside?(): Promise<void>;
}
