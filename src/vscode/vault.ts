// Secrets in VS Code's SecretStorage: one record a key, one with their order, one with the proxy key.
import * as v from 'valibot';
import type { SecretStorage } from 'vscode';
import type { Event } from '../base/event';
import { keyIdOf } from '../base/secret';
import { joinedOrder } from '../service/keyOrder';
import { storedKeySchema, type SecretVault, type StoredKey, type VaultContents } from '../service/ports';

const orderName = 'index';
const proxyKeyName = 'proxyKey';
const revisionName = 'revision';
const keyPrefix = 'key.';

const orderSchema = v.pipe(v.string(), v.parseJson(), v.object({ keyIds: v.array(v.string()) }));
const keySchema = v.pipe(v.string(), v.parseJson(), storedKeySchema);

/** What was stored is not what is read back. Its message names the record, never what is in it. */
export class VaultError extends Error {
  readonly code = 'notKept';
  override readonly name = 'VaultError';
}

/** Newer versions of VS Code can list the names of secrets. */
type ListingStorage = SecretStorage & { keys?: () => Thenable<string[]> };

/** Nothing is done before it is asked for; operations run one after the other, so that each reads back its own. */
export class SecretStorageVault implements SecretVault {
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly secrets: SecretStorage) {}

  get onDidChange(): Event<unknown> {
    return this.secrets.onDidChange;
  }

  async load(): Promise<VaultContents> {
    return await this.inTurn(async () => {
      const order = await this.order();
      const damaged = order === null ? [orderName] : [];
      const keys: StoredKey[] = [];
      for (const keyId of await this.known(order ?? [])) {
        const record = await this.secrets.get(keyPrefix + keyId);
        // The order names a key whose removal was cut short: there is nothing left to keep.
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
    await this.inTurn(async () => {
      await this.save(keyPrefix + keyId, JSON.stringify(key));
      // A window that stored its order in the same moment did not know of this key.
      const order = (await this.order()) ?? [];
      if (!order.includes(keyId)) await this.save(orderName, orderText([...order, keyId]));
    });
  }

  async removeKey(keyId: string): Promise<void> {
    const name = keyPrefix + keyId;
    await this.inTurn(async () => {
      await this.secrets.delete(name);
      if ((await this.secrets.get(name)) !== undefined) throw new VaultError(`Still there: ${name}`);
    });
  }

  async clearKeys(): Promise<void> {
    await this.inTurn(async () => {
      const left: string[] = [];
      for (const keyId of await this.known((await this.order()) ?? [])) {
        const name = keyPrefix + keyId;
        await this.secrets.delete(name);
        if ((await this.secrets.get(name)) !== undefined) left.push(name);
      }
      // Last: without the order nobody would find what is left.
      if (left.length > 0) throw new VaultError(`Still there: ${left.join(', ')}`);
      await this.secrets.delete(orderName);
    });
  }

  /** Joined with the order that is there now: a key that another window has stored keeps its name. */
  async saveOrder(keyIds: readonly string[]): Promise<void> {
    await this.inTurn(async () => {
      const stored: string[] = [];
      for (const keyId of await this.known((await this.order()) ?? []))
        // What was removed goes.
        if (keyIds.includes(keyId) || (await this.secrets.get(keyPrefix + keyId)) !== undefined)
          stored.push(keyId);
      await this.save(orderName, orderText(joinedOrder(keyIds, stored)));
    });
  }

  async saveRevision(revision: number): Promise<void> {
    await this.inTurn(async () => await this.save(revisionName, String(revision)));
  }

  async saveProxyKey(proxyKey: string): Promise<void> {
    await this.inTurn(async () => await this.save(proxyKeyName, proxyKey));
  }

  private async save(name: string, text: string): Promise<void> {
    await this.secrets.store(name, text);
    if ((await this.secrets.get(name)) !== text) throw new VaultError(`Not kept: ${name}`);
  }

  /** Null where it cannot be read. */
  private async order(): Promise<readonly string[] | null> {
    const read = v.safeParse(orderSchema, (await this.secrets.get(orderName)) ?? '{"keyIds":[]}');
    return read.success ? read.output.keyIds : null;
  }

  /** The ids in their order, then those whose place in the order was lost. */
  private async known(ordered: readonly string[]): Promise<string[]> {
    const storage: ListingStorage = this.secrets;
    const names = storage.keys ? await storage.keys() : [];
    const found = names
      .filter((name) => name.startsWith(keyPrefix))
      .map((name) => name.slice(keyPrefix.length));
    return [...new Set([...ordered, ...found.sort()])];
  }

  private async inTurn<T>(run: () => Promise<T>): Promise<T> {
    const result = this.last.then(run);
    // The next one runs all the same; the failure is its own caller's.
    this.last = result.catch(() => undefined);
    return await result;
  }
}

function orderText(keyIds: readonly string[]): string {
  return JSON.stringify({ keyIds });
}
