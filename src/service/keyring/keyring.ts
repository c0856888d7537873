// The keys of this window: the list with its revision, and its vault. A key enters the list once the vault has stored it.
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../base/clock';
import type { Disposable } from '../../base/disposable';
import { Emitter, type Event } from '../../base/event';
import { WorkQueue } from '../../base/workQueue';
import type { Log } from '../../base/log';
import { keyIdOf, maskKey } from '../../base/secret';
import type { KeyEdit, VaultHealth } from '../messages';
import { readKeyEntry, type KeyEntry } from '../pastedKeys';
import {
  inOrder,
  keyIdsOf,
  newProxyKey,
  noKeys,
  plainKey,
  type KeySet,
  type SecretVault,
  type StoredKey,
  type VaultContents,
} from './storedKey';
import type { KeyCheck } from './keyCheck';

export type AddResult =
  /** `check` may be `unreachable`. */
  | { readonly kind: 'added'; readonly keyId: string; readonly check: KeyCheck }
  | { readonly kind: 'duplicate'; readonly label: string }
  /** The vault failed: the key is not stored. */
  | { readonly kind: 'notKept' }
  | { readonly kind: 'malformed' | 'management' | 'bad' };

export interface AddedKey {
  readonly entry: KeyEntry;
  readonly result: AddResult;
}

export interface AddKeysOptions {
  /** Called before each key, with the number of keys that are done. */
  readonly onProgress: (done: number) => void;
  /** Once aborted, the remaining keys are left out. */
  readonly signal: AbortSignal;
}

export interface KeyringPorts {
  readonly vault: SecretVault;
  readonly clock: Clock;
  readonly log: Log;
  readonly check: (key: string) => Promise<KeyCheck>;
  /** Makes the proxy key if the vault holds none. */
  readonly firstProxyKey: () => string;
}

const slowVaultMs = 5_000;

export class Keyring implements Disposable {
  private set: KeySet = noKeys;
  private state: VaultHealth = { kind: 'loading' };
  /** The proxy key of this session, while the vault has none or cannot be read; the vault's key replaces it. */
  private sessionProxyKey: string | null = null;
  /** Runs the operations on the vault one after the other. */
  private readonly workQueue = new WorkQueue();
  private loading: Promise<void> | null = null;
  /** Whether this window's copy of the vault lacks a change that another window made. */
  private isBehind = false;
  private readonly changed = new Emitter<void>((error) =>
    this.ports.log.error('A listener of the keyring failed.', error),
  );
  readonly onDidChange: Event<void> = this.changed.event;
  private readonly listening: Disposable | null;

  constructor(private readonly ports: KeyringPorts) {
    // A change by another window shows that the keychain may be unlocked now.
    this.listening =
      ports.vault.onDidChange?.(() => void (this.state.kind === 'refused' && this.load())) ?? null;
  }

  get health(): VaultHealth {
    return this.state;
  }

  /** The keys in the user's order. */
  get keys(): readonly StoredKey[] {
    return this.set.keys;
  }

  /** Null until the vault has answered. */
  get proxyKey(): string | null {
    return this.set.proxyKey;
  }

  /** The whole set, for other windows. */
  get keySet(): KeySet {
    return this.set;
  }

  /** Takes over another window's set if it is newer; stores nothing, as that window has stored it. */
  adopt(set: KeySet): void {
    if (set.revision <= this.set.revision) return;
    this.isBehind = this.ports.vault.isCopied === true;
    this.set = { ...set, proxyKey: set.proxyKey ?? this.set.proxyKey };
    this.changed.fire();
  }

  /** Resolves when the vault has answered or failed; there is a proxy key then. Never rejects. */
  async load(): Promise<void> {
    await (this.loading ??= this.workQueue
      .run(async () => await this.read())
      .finally(() => (this.loading = null)));
  }

  /** Checks the key with OpenRouter and stores it unless it is refused or cannot run models. Surrounding space is trimmed. */
  async add(text: string, label: string, dailyLimit: number | null = null): Promise<AddResult> {
    return await this.insert(plainKey(text.trim(), label, dailyLimit), Number.POSITIVE_INFINITY);
  }

  /**
   * Adds a key as `add` does, at the place and with the settings of an old key, then removes the old one. Rejects if the
   * vault cannot remove the old key: then both are in the list.
   */
  async replace(keyId: string, text: string): Promise<AddResult> {
    const position = this.set.keys.findIndex(({ key }) => keyIdOf(key) === keyId);
    const old = this.set.keys[position];
    if (old === undefined) return await this.add(text, '');
    const plain = plainKey(text.trim(), old.label === maskKey(old.key) ? '' : old.label);
    const result = await this.insert({ ...old, key: plain.key, label: plain.label }, position);
    if (result.kind === 'added') await this.remove(keyId);
    return result;
  }

  private async insert(stored: StoredKey, position: number): Promise<AddResult> {
    const { key } = stored;
    if (readKeyEntry(key)?.key !== key) return { kind: 'malformed' };
    const known = this.find(keyIdOf(key));
    if (known !== null) return { kind: 'duplicate', label: known.label };
    const check = await this.ports.check(key);
    if (check.kind === 'bad' || check.kind === 'management') return { kind: check.kind };
    try {
      const there = await this.put(stored, position);
      if (there !== null) return { kind: 'duplicate', label: there.label };
      return { kind: 'added', keyId: keyIdOf(key), check };
    } catch (error: unknown) {
      this.ports.log.error('The system keychain did not store a key.', error);
      return { kind: 'notKept' };
    }
  }

  /** Adds several keys one after the other, in their order; a vault that has failed once is not tried again. */
  async addAll(
    entries: readonly KeyEntry[],
    { onProgress, signal }: AddKeysOptions,
  ): Promise<readonly AddedKey[]> {
    const added: AddedKey[] = [];
    for (const entry of entries) {
      if (signal.aborted) break;
      onProgress(added.length);
      const refusal = added.find(({ result }) => result.kind === 'notKept')?.result;
      added.push({ entry, result: refusal ?? (await this.add(entry.key, '', entry.dailyLimit)) });
    }
    return added;
  }

  /** Removes a key and returns it; null if there is none. Rejects if the vault cannot remove it: then it stays. */
  async remove(keyId: string): Promise<StoredKey | null> {
    return await this.change(async () => {
      const removed = this.find(keyId);
      if (removed === null) return null;
      await this.ports.vault.removeKey(keyId);
      this.commit({ keys: this.set.keys.filter(({ key }) => key !== removed.key) });
      return removed;
    });
  }

  /**
   * Stores the key at the position; also undoes a removal. Null once the vault has stored it and it is in the list; the
   * listed key if it is there already. Rejects if the vault cannot store it.
   */
  async put(stored: StoredKey, position: number): Promise<StoredKey | null> {
    return await this.change(async () => {
      const keyId = keyIdOf(stored.key);
      const there = this.find(keyId);
      if (there !== null) return there;
      const listed = (): StoredKey[] => this.set.keys.toSpliced(position, 0, stored);
      try {
        // The order is stored first: an id without a record does no harm, but a record without an id is never found.
        await this.ports.vault.saveOrder(keyIdsOf(listed()));
        await this.ports.vault.saveKey(stored);
      } catch (error: unknown) {
        // The key may be stored although it could not be read back.
        await this.removeRemains(keyId);
        throw error;
      }
      this.commit({ keys: listed() });
      return null;
    });
  }

  /** Changes the keys in one step; false if there is none of them. Rejects, and changes nothing in the list, if the vault fails. */
  async update(keyIds: readonly string[], change: KeyEdit): Promise<boolean> {
    return await this.change(async () => {
      const renewed = new Map<string, StoredKey>();
      for (const keyId of keyIds) {
        const old = this.find(keyId);
        if (old === null) continue;
        const stored = { ...old, ...change };
        await this.ports.vault.saveKey(stored);
        // Another window may have removed the key meanwhile.
        if (this.find(keyId) === null) await this.removeRemains(keyId);
        renewed.set(stored.key, stored);
      }
      if (renewed.size === 0) return false;
      this.commit({ keys: this.set.keys.map((stored) => renewed.get(stored.key) ?? stored) });
      return true;
    });
  }

  /** Puts the keys in the order of the ids; keys that are not listed follow in their old order. Rejects as `update` does. */
  async reorder(keyIds: readonly string[]): Promise<void> {
    await this.change(async () => {
      await this.ports.vault.saveOrder(keyIdsOf(inOrder(this.set.keys, keyIds)));
      this.commit({ keys: inOrder(this.set.keys, keyIds) });
    });
  }

  /** Replaces the proxy key by a new random one; the old one is invalid from now on. Rejects as `update` does. */
  async renewProxyKey(): Promise<string> {
    return await this.change(async () => {
      const proxyKey = newProxyKey();
      await this.ports.vault.saveProxyKey(proxyKey);
      this.sessionProxyKey = null;
      this.commit({ proxyKey });
      return proxyKey;
    });
  }

  dispose(): void {
    this.listening?.dispose();
    this.changed.dispose();
  }

  private async read(): Promise<void> {
    const { vault, clock, log } = this.ports;
    const slow = clock.after(slowVaultMs, () => this.setHealth({ kind: 'slow' }));
    try {
      const contents = await vault.load();
      for (const name of contents.damaged)
        log.warn(`The record ${name} of the system keychain is not a key: it is ignored.`);
      this.take(contents);
      this.setHealth({ kind: 'ok' });
      if (this.sessionProxyKey === null) return;
      await vault.saveProxyKey(this.sessionProxyKey);
      this.sessionProxyKey = null;
      // The health is `slow` again if the keychain was read at once but asked for a password before it stored.
      if (this.health.kind === 'slow') this.setHealth({ kind: 'ok' });
    } catch (error: unknown) {
      log.error('The system keychain cannot be read or written.', error);
      const { revision, proxyKey } = this.set;
      if (proxyKey === null) this.sessionProxyKey = this.ports.firstProxyKey();
      this.set = { ...this.set, revision: Math.max(revision, 0), proxyKey: proxyKey ?? this.sessionProxyKey };
      this.setHealth({ kind: 'refused', detail: error instanceof Error ? error.message : String(error) });
    } finally {
      slow.dispose();
    }
  }

  /** Takes over the vault's contents, unless another window has sent a newer set. */
  private take(contents: VaultContents): void {
    const { set: own, isPassing } = this;
    const { keys, proxyKey } = contents;
    const revision = revisionOf(contents);
    const isNewer = revision >= own.revision;
    const ownProxyKey = isPassing ? null : own.proxyKey;
    const known = isNewer ? (proxyKey ?? ownProxyKey) : (ownProxyKey ?? proxyKey);
    if (known === null) this.sessionProxyKey ??= this.ports.firstProxyKey();
    else this.sessionProxyKey = null;
    this.set = {
      keys: isNewer ? [...keys] : own.keys,
      proxyKey: known ?? this.sessionProxyKey,
      // The host knows the session's proxy key under the present revision: only a higher revision replaces it there.
      revision: Math.max(revision, own.revision + (isPassing ? 1 : 0)),
    };
  }

  /** Whether there is no proxy key, or only that of the session. */
  private get isPassing(): boolean {
    return this.set.proxyKey === null || this.set.proxyKey === this.sessionProxyKey;
  }

  private async removeRemains(keyId: string): Promise<void> {
    try {
      await this.ports.vault.removeKey(keyId);
    } catch (error: unknown) {
      this.ports.log.error('The system keychain could not remove a key that it did not store.', error);
    }
  }

  /** Runs an operation after the earlier ones; rejects if the vault cannot be read. */
  private async change<T>(run: () => Promise<T>): Promise<T> {
    return await this.workQueue.run(async () => {
      if (this.state.kind !== 'ok') await this.read();
      if (this.state.kind !== 'ok') throw new Error('The system keychain cannot be read or written.');
      try {
        return await run();
      } finally {
        await this.catchUp();
      }
    });
  }

  /** Stores the changes of other windows again, as a change here has written this window's copy over them. Never rejects. */
  private async catchUp(): Promise<void> {
    const { vault, log } = this.ports;
    try {
      while (this.isBehind) {
        this.isBehind = false;
        const { keys, proxyKey } = await vault.load();
        const { set } = this;
        const gone = keys.filter(({ key }) => !set.keys.some((listed) => listed.key === key));
        const changed = set.keys.filter((listed) => !keys.some((kept) => isDeepStrictEqual(kept, listed)));
        for (const keyId of keyIdsOf(gone)) await vault.removeKey(keyId);
        for (const stored of changed) await vault.saveKey(stored);
        await vault.saveOrder(keyIdsOf(set.keys));
        if (set.proxyKey !== null && set.proxyKey !== proxyKey) await vault.saveProxyKey(set.proxyKey);
      }
    } catch (error: unknown) {
      log.error('The keys of other windows could not be stored.', error);
    }
  }

  /** Changes the set under the highest revision of all windows. */
  private commit(change: Partial<KeySet>): void {
    const revision = Math.max(this.set.revision + 1, this.ports.clock.wallMs());
    this.set = { ...this.set, ...change, revision };
    this.changed.fire();
    this.ports.vault.saveRevision?.(revision).catch((error: unknown) => {
      this.ports.log.error('The system keychain did not store the revision of the keys.', error);
    });
  }

  private find(keyId: string): StoredKey | null {
    return this.set.keys.find(({ key }) => keyIdOf(key) === keyId) ?? null;
  }

  private setHealth(health: VaultHealth): void {
    this.state = health;
    this.changed.fire();
  }
}

/** The revision of the vault's contents; a vault of an older version has none, and counts as 1 if it has keys, else 0. */
function revisionOf({ keys, revision }: VaultContents): number {
  return revision ?? (keys.length > 0 ? 1 : 0);
}
