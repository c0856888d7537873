// What the service needs of its surroundings; VS Code's room and the command line each bring their own.
import * as v from 'valibot';
import type { Event } from '../base/event';

/** One key as the vault keeps it: plain JSON, one record a key. */
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
  /** Of the whole set; absent where none was kept. */
  readonly revision?: number;
  /** Names of records that could not be read as a key; they are left alone. */
  readonly damaged: readonly string[];
}

/**
 * Where secrets are kept. Every method may reject, or take long (a keyring that asks); `save…` resolves only after what
 * was stored has been read back.
 */
export interface SecretVault {
  load(): Promise<VaultContents>;
  saveKey(key: StoredKey): Promise<void>;
  removeKey(keyId: string): Promise<void>;
  /** No record of a key is left, those that cannot be read included. Rejects where one is. */
  clearKeys(): Promise<void>;
  /** Keys that are kept and not named stay, as other windows have stored them. */
  saveOrder(keyIds: readonly string[]): Promise<void>;
  saveProxyKey(proxyKey: string): Promise<void>;
  /** The revision of what is kept now; a vault that is shared with nobody needs none. */
  saveRevision?(revision: number): Promise<void>;
  /** What is kept was changed, here or by another window; a vault may not tell. */
  readonly onDidChange?: Event<unknown>;
}

/** `loading`: not heard of yet · `slow`: the system's keychain has not answered for 5 s, it may be asking the user · `refused`: it will not keep secrets. */
export type VaultHealth =
  | { readonly kind: 'loading' }
  | { readonly kind: 'ok' }
  | { readonly kind: 'slow' }
  | { readonly kind: 'refused'; readonly detail: string };

/** Where the quota state is kept between runs. `load` gives what `save` got last, or undefined. */
export interface StateStore {
  load(): Promise<unknown>;
  save(state: unknown): Promise<void>;
  /** The same within the call, where the store can: the process may be ended in the middle of anything longer. A `save` that runs may still put its older state in the place of it. */
  saveSync?(state: unknown): void;
  /** Keeps what was saved under another name, where a user finds it; the store is empty then. */
  setAside?(): Promise<void>;
}
