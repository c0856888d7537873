// The keys' records in the vault: which of them it keeps, and which it refused.
import { isDeepStrictEqual } from 'node:util';
import type { Log } from '../base/log';
import { keyIdOf } from '../base/secret';
import type { SecretVault, StoredKey } from './ports';
import { keyIdsOf } from './storedKey';

export interface KeyStoringPorts {
  readonly vault: SecretVault;
  readonly log: Log;
  readonly onRefused: (error: unknown) => void;
}

export class KeyStoring {
  private refused = new Set<string>();
  private isProxyKeyRefused = false;

  constructor(private readonly ports: KeyStoringPorts) {}

  /** The ids of the keys that it refused. */
  get unstored(): readonly string[] {
    return [...this.refused];
  }

  set unstored(keyIds: readonly string[]) {
    this.refused = new Set(keyIds);
  }

  /** Whether the vault has refused nothing. */
  get isWhole(): boolean {
    return this.refused.size === 0 && !this.isProxyKeyRefused;
  }

  /** Whether the vault has refused the key, or has not kept it yet. */
  isRefused(keyId: string): boolean {
    return this.refused.has(keyId);
  }

  /**
   * Resolves to whether the vault keeps the key as it stands in the list: put again where it is changed meanwhile, and nothing is
   * left of one that is removed. Until then, and where it does not, the key counts as refused. Never rejects.
   */
  async putAsIn(list: () => readonly StoredKey[], keyId: string): Promise<boolean> {
    const find = (): StoredKey | undefined => list().find(({ key }) => keyIdOf(key) === keyId);
    let isKept = true;
    for (let stored = find(); stored !== undefined && isKept;) {
      isKept = await this.put(stored, list());
      const now = find();
      if (isDeepStrictEqual(now, stored)) return isKept;
      stored = now;
    }
    if (find() !== undefined) return isKept;
    // Whoever removed it came before its record.
    await this.removeRemains(keyId);
    this.refused.delete(keyId);
    return isKept;
  }

  /** Resolves to whether the vault keeps the proxy key: the one that is the present one then. Never rejects. */
  async putProxyKey(present: () => string): Promise<boolean> {
    const { vault, onRefused } = this.ports;
    try {
      for (let saved = ''; saved !== present();) {
        saved = present();
        await vault.saveProxyKey(saved);
      }
      this.isProxyKeyRefused = false;
      return true;
    } catch (error: unknown) {
      this.isProxyKeyRefused = true;
      onRefused(error);
      return false;
    }
  }

  /** The proxy key is one that the vault held. */
  foundProxyKey(): void {
    this.isProxyKeyRefused = false;
  }

  /** The record of a key that the vault has not refused is this one. Rejects if the vault does not take it. */
  async change(stored: StoredKey): Promise<void> {
    if (!this.isRefused(keyIdOf(stored.key))) await this.ports.vault.saveKey(stored);
  }

  /** Rejects if the vault does not take the order. */
  async reorder(list: readonly StoredKey[]): Promise<void> {
    await this.ports.vault.saveOrder(keyIdsOf(list));
  }

  /** Nothing of the key is left there. Rejects if the vault does not let go of what it kept. */
  async remove(keyId: string): Promise<void> {
    if (this.isRefused(keyId)) await this.removeRemains(keyId);
    else await this.ports.vault.removeKey(keyId);
    this.refused.delete(keyId);
  }

  private async put(stored: StoredKey, list: readonly StoredKey[]): Promise<boolean> {
    const { vault, onRefused } = this.ports;
    const keyId = keyIdOf(stored.key);
    this.refused.add(keyId);
    try {
      // The order first: a name without a record is nothing, but a record without a name would never be found again.
      await vault.saveOrder(keyIdsOf(list));
      await vault.saveKey(stored);
      this.refused.delete(keyId);
      return true;
    } catch (error: unknown) {
      // Another window's set may have come meanwhile, which does not know of it.
      this.refused.add(keyId);
      onRefused(error);
      return false;
    }
  }

  /** A vault that did not keep a key may hold it all the same: storing went well, reading it back did not. */
  private async removeRemains(keyId: string): Promise<void> {
    try {
      await this.ports.vault.removeKey(keyId);
    } catch (error: unknown) {
      this.ports.log.error('The vault refuses to remove what it did not keep.', error);
    }
  }
}
