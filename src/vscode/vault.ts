// Secrets in VS Code's SecretStorage: one record per key, one with their order, one with the proxy key.
import * as v from 'valibot';
import type { SecretStorage } from 'vscode';
import type { Event } from '../base/event';
import { WorkQueue } from '../base/workQueue';
import { keyIdOf } from '../base/secret';
import {
  joinedOrder,
  storedKeySchema,
  type SecretVault,
  type StoredKey,
  type VaultContents,
} from '../service/keyring/storedKey';

const orderName = 'index';
const proxyKeyName = 'proxyKey';
const revisionName = 'revision';
const keyPrefix = 'key.';

const orderSchema = v.pipe(v.string(), v.parseJson(), v.object({ keyIds: v.array(v.string()) }));
const keySchema = v.pipe(v.string(), v.parseJson(), storedKeySchema);

/** `keys` exists in newer versions of VS Code only. */
type ListingStorage = SecretStorage & { keys?: () => Thenable<string[]> };

/** Operations run one after the other, so that each reads back its own value. */
export class SecretStorageVault implements SecretVault {
  private readonly workQueue = new WorkQueue();

  constructor(
    private readonly secrets: SecretStorage,
    readonly isCopied = false,
  ) {}

  get onDidChange(): Event<unknown> {
    return this.secrets.onDidChange;
  }

  async load(): Promise<VaultContents> {
    return await this.workQueue.run(async () => {
      const order = await this.order();
      const damaged = order === null ? [orderName] : [];
      const keys: StoredKey[] = [];
      for (const keyId of await this.known(order ?? [])) {
        const record = await this.secrets.get(keyPrefix + keyId);
        // The removal of this key was interrupted.
        if (record === undefined) continue;
        const read = v.safeParse(keySchema, record);
        if (read.success) keys.push(read.output);
        else damaged.push(keyPrefix + keyId);
      }
      const proxyKey = (await this.secrets.get(proxyKeyName)) ?? null;
      const revision = Number(await this.secrets.get(revisionName));
      return Number.isFinite(revision) ? { keys, proxyKey, damaged, revision } : { keys, proxyKey, damaged };
    });
  }

  async saveKey(key: StoredKey): Promise<void> {
    const keyId = keyIdOf(key.key);
    await this.workQueue.run(async () => {
      await this.save(keyPrefix + keyId, JSON.stringify(key));
      // Another window may have stored an order without this key at the same moment.
      const order = (await this.order()) ?? [];
      if (!order.includes(keyId)) await this.save(orderName, orderText([...order, keyId]));
    });
  }

  async removeKey(keyId: string): Promise<void> {
    await this.workQueue.run(async () => await this.deleteKeys([keyId]));
  }

  async clearKeys(): Promise<void> {
    await this.workQueue.run(async () => {
      await this.deleteKeys(await this.known((await this.order()) ?? []));
      // Last, because without the order keys that are still there could not be found.
      await this.secrets.delete(orderName);
    });
  }

  /** Merges with the stored order, so that keys of other windows keep their place. */
  async saveOrder(keyIds: readonly string[]): Promise<void> {
    await this.workQueue.run(async () => {
      const stored: string[] = [];
      for (const keyId of await this.known((await this.order()) ?? []))
        // Leaves out removed keys.
        if (keyIds.includes(keyId) || (await this.secrets.get(keyPrefix + keyId)) !== undefined)
          stored.push(keyId);
      await this.save(orderName, orderText(joinedOrder(keyIds, stored)));
    });
  }

  async saveRevision(revision: number): Promise<void> {
    await this.workQueue.run(async () => await this.save(revisionName, String(revision)));
  }

  async saveProxyKey(proxyKey: string): Promise<void> {
    await this.workQueue.run(async () => await this.save(proxyKeyName, proxyKey));
  }

  /** Throws if the value that is read back differs; the message names the record, never its value. */
  private async save(name: string, text: string): Promise<void> {
    await this.secrets.store(name, text);
    if ((await this.secrets.get(name)) !== text) throw new Error(`Not kept: ${name}`);
  }

  /** Tries to delete all, then throws if one is still there. */
  private async deleteKeys(keyIds: readonly string[]): Promise<void> {
    const left: string[] = [];
    for (const name of keyIds.map((keyId) => keyPrefix + keyId)) {
      await this.secrets.delete(name);
      if ((await this.secrets.get(name)) !== undefined) left.push(name);
    }
    if (left.length > 0) throw new Error(`Still there: ${left.join(', ')}`);
  }

  /** Null if it is unreadable. */
  private async order(): Promise<readonly string[] | null> {
    const read = v.safeParse(orderSchema, (await this.secrets.get(orderName)) ?? '{"keyIds":[]}');
    return read.success ? read.output.keyIds : null;
  }

  /** The ordered ids, then those that the order lacks. */
  private async known(ordered: readonly string[]): Promise<string[]> {
    const storage: ListingStorage = this.secrets;
    const names = storage.keys ? await storage.keys() : [];
    const found = names
      .filter((name) => name.startsWith(keyPrefix))
      .map((name) => name.slice(keyPrefix.length));
    return [...new Set([...ordered, ...found.sort()])];
  }
}

function orderText(keyIds: readonly string[]): string {
  return JSON.stringify({ keyIds });
}
