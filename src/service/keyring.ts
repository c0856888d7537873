// The keys of this window: the list, and the vault that keeps it.
import type { Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import { Emitter, type Event } from '../base/event';
import type { Log } from '../base/log';
import { keyIdOf } from '../base/secret';
import type { AddResult } from './addResult';
import type { KeyCheck } from './keyCheck';
import { joined, noKeys, type KeySet } from './keySet';
import { inOrder } from './keyOrder';
import { KeyStoring } from './keyStoring';
import { readKeyEntry } from './pastedKeys';
import type { SecretVault, StoredKey, VaultContents, VaultHealth } from './ports';
import { newProxyKey } from './proxyKey';
import { plainKey, type KeyChange } from './storedKey';
import { VaultReading } from './vaultReading';

export interface KeyringPorts {
  readonly vault: SecretVault;
  readonly clock: Clock;
  readonly log: Log;
  readonly check: (key: string) => Promise<KeyCheck>;
  /** The proxy key where the vault holds none; random where this is not given. */
  readonly firstProxyKey?: () => string;
}

export class Keyring implements Disposable {
  private list: readonly StoredKey[] = [];
  private ownProxyKey: string | null = null;
  /** Made here and not kept yet: what is found in the vault comes before this one. */
  private passingProxyKey: string | null = null;
  private readonly reading: VaultReading;
  private readonly storing: KeyStoring;
  private readonly changed: Emitter<void>;
  private readonly makeProxyKey: () => string;
  private isDisposed = false;
  private storingRest: Promise<void> | null = null;
  /** The keys that were added here and are being stored. */
  private readonly comingIn = new Set<string>();
  /** Of the keys as they are here: −1 until anything is known. */
  private revision = -1;
  /** What came from another window, last. */
  private adopted = noKeys;

  constructor(private readonly ports: KeyringPorts) {
    this.changed = new Emitter((error) => ports.log.error('A listener of the keyring failed.', error));
    this.makeProxyKey = ports.firstProxyKey ?? newProxyKey;
    this.reading = new VaultReading({
      ...ports,
      onHealth: () => this.fire(),
      isWhole: () => this.storing.isWhole,
      tryAgain: (hasRead) => void (hasRead && !this.isPassing ? this.storeRest() : this.load()),
    });
    this.storing = new KeyStoring({ ...ports, onRefused: (error) => this.reading.refused(error) });
  }

  get onDidChange(): Event<void> {
    return this.changed.event;
  }

  get health(): VaultHealth {
    return this.reading.health;
  }

  /** In the user's order. */
  get keys(): readonly StoredKey[] {
    return this.list;
  }

  /** Null until the vault has answered. */
  get proxyKey(): string | null {
    return this.ownProxyKey;
  }

  /** The whole, to be shared with other windows. */
  get keySet(): KeySet {
    const { revision, list, ownProxyKey, storing } = this;
    return { revision, keys: [...list], proxyKey: ownProxyKey, unstored: [...storing.unstored] };
  }

  /** Takes over what another window has changed, if it is newer; nothing is stored, as that window has done so. */
  adopt({ revision, keys, proxyKey, unstored }: KeySet): void {
    if (revision <= this.revision) return;
    this.revision = revision;
    // What is on its way into the vault here is not known there yet.
    const unknown = this.list.filter(({ key }) => !keys.some((known) => known.key === key));
    this.list = [...keys, ...unknown.filter(({ key }) => this.comingIn.has(keyIdOf(key)))];
    this.storing.unstored = unstored;
    this.ownProxyKey = proxyKey ?? this.ownProxyKey;
    this.adopted = this.keySet;
    this.fire();
  }

  /** Whether the key outlasts this window and the others. */
  isStored(keyId: string): boolean {
    return this.position(keyId) >= 0 && !this.storing.isRefused(keyId);
  }

  /** Resolves when the vault has answered or refused; a proxy key is made where there is none. Never rejects. */
  async load(): Promise<void> {
    const taken = await this.reading.read((contents) => this.take(contents));
    this.revision = Math.max(this.revision, 0);
    if (taken === null) this.ownProxyKey ??= this.passingProxyKey = this.makeProxyKey();
    else if (taken.unkept !== null) await this.keepProxyKey((this.passingProxyKey = taken.unkept));
    this.fire();
    if (taken !== null) await this.storeRest();
  }

  /** Checks the key with OpenRouter and keeps it unless that shows that it is of no use; a text around it is trimmed. */
  async add(text: string, label: string, dailyLimit: number | null = null): Promise<AddResult> {
    const key = text.trim();
    if (readKeyEntry(key)?.key !== key) return { kind: 'malformed' };
    const known = this.list.find((stored) => stored.key === key);
    if (known !== undefined) return { kind: 'duplicate', label: known.label };
    const check = await this.ports.check(key);
    if (check.kind === 'bad' || check.kind === 'management') return { kind: check.kind };
    // While it was checked the same key may have come in another way.
    const meanwhile = this.list.find((stored) => stored.key === key);
    if (meanwhile !== undefined) return { kind: 'duplicate', label: meanwhile.label };
    const stored = plainKey(key, label, dailyLimit);
    const isStored = await this.keep(stored, this.list.length);
    return { kind: 'added', keyId: keyIdOf(key), stored: isStored, check };
  }

  /** What was removed, or null if there is no such key. Rejects if the vault does not let go of it: then it is still there. */
  async remove(keyId: string): Promise<StoredKey | null> {
    const removed = this.list[this.position(keyId)];
    if (removed === undefined) return null;
    await this.storing.remove(keyId);
    this.list = this.list.filter(({ key }) => key !== removed.key);
    this.commit();
    return removed;
  }

  /** Undoes a removal. */
  async restore(stored: StoredKey, position: number): Promise<void> {
    if (this.position(keyIdOf(stored.key)) < 0) await this.keep(stored, position);
  }

  /** False if there is no such key. Rejects if the vault does not take the change: then nothing has changed. */
  async update(keyId: string, change: KeyChange): Promise<boolean> {
    const old = this.list[this.position(keyId)];
    if (old === undefined) return false;
    const renewed: StoredKey = { ...old, ...change };
    await this.storing.change(renewed);
    this.list = this.list.map((stored) => (stored.key === old.key ? renewed : stored));
    this.commit();
    return true;
  }

  /** Keys that are not named keep their order, after those that are. Rejects as `update` does. */
  async reorder(keyIds: readonly string[]): Promise<void> {
    await this.storing.reorder(inOrder(this.list, keyIds));
    this.list = inOrder(this.list, keyIds);
    this.commit();
  }

  /** A new random proxy key; the old one is worth nothing from now on. A vault that refuses keeps it until this window closes. */
  async renewProxyKey(): Promise<string> {
    const proxyKey = newProxyKey();
    await this.keepProxyKey(proxyKey);
    this.commit();
    return proxyKey;
  }

  dispose(): void {
    this.isDisposed = true;
    this.reading.dispose();
    this.changed.dispose();
  }

  /** A proxy key is there before anybody hears that the vault has answered; `unkept`: the vault is to be given this one. */
  private take(contents: VaultContents): { readonly unkept: string | null } {
    this.join(contents);
    this.ownProxyKey ??= contents.proxyKey;
    if (this.ownProxyKey === contents.proxyKey) this.storing.foundProxyKey();
    if (contents.proxyKey !== null || !this.isPassing) return { unkept: null };
    return { unkept: (this.ownProxyKey ??= this.makeProxyKey()) };
  }

  /** What the vault holds, unless another window has told what is newer; what was changed here while the vault was slow stays changed. */
  private join({ keys, proxyKey, revision = keys.length > 0 ? 1 : 0 }: VaultContents): void {
    if (revision <= this.adopted.revision) return;
    const own = this.isPassing ? { ...this.keySet, proxyKey: this.adopted.proxyKey } : this.keySet;
    const now = joined(this.adopted, own, { revision, keys: [...keys], proxyKey, unstored: [] });
    this.list = now.keys;
    this.storing.unstored = now.unstored;
    this.ownProxyKey = now.proxyKey ?? this.ownProxyKey;
    this.revision = now.revision;
  }

  /** Whether there is no proxy key but the one that was made meanwhile, if that. */
  private get isPassing(): boolean {
    return this.ownProxyKey === this.passingProxyKey;
  }

  private async keepProxyKey(proxyKey: string): Promise<void> {
    this.ownProxyKey = proxyKey;
    if (!(await this.storing.putProxyKey(() => this.ownProxyKey ?? proxyKey))) return;
    this.passingProxyKey = null;
    this.kept();
  }

  /** What was changed here is the newest there is. */
  private commit(): void {
    this.revision = Math.max(this.revision + 1, this.ports.clock.nowMs());
    this.fire();
    this.ports.vault.saveRevision?.(this.revision).catch((error: unknown) => {
      this.ports.log.error('The vault does not keep the revision of the keys.', error);
    });
  }

  private position(keyId: string): number {
    return this.list.findIndex(({ key }) => keyIdOf(key) === keyId);
  }

  private async keep(stored: StoredKey, position: number): Promise<boolean> {
    this.list = [...this.list.slice(0, position), stored, ...this.list.slice(position)];
    const keyId = keyIdOf(stored.key);
    this.comingIn.add(keyId);
    const isStored = await this.storing.putAsIn(() => this.list, keyId);
    this.comingIn.delete(keyId);
    this.commit();
    if (isStored) this.kept();
    return isStored;
  }

  private kept(): void {
    this.reading.kept();
    void this.storeRest();
  }

  /** The vault may keep now what it has refused. Once at a time. */
  private async storeRest(): Promise<void> {
    await (this.storingRest ??= this.storeEach().finally(() => (this.storingRest = null)));
  }

  private async storeEach(): Promise<void> {
    for (const keyId of this.storing.unstored.filter((id) => !this.comingIn.has(id))) {
      if (!(await this.storing.putAsIn(() => this.list, keyId))) return;
      this.commit();
    }
    if (this.storing.isWhole) this.reading.kept();
    else if (this.ownProxyKey !== null && !this.isPassing) await this.keepProxyKey(this.ownProxyKey);
  }

  private fire(): void {
    if (!this.isDisposed) this.changed.fire();
  }
}
