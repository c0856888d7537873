// Removes all data: disconnects clients, then removes keys and proxy key, then counts and the state of notices.
import type { Log } from '../base/log';
import { keyIdOf } from '../base/secret';
import type { Connector, Disconnected } from './connector';
import type { KeyActions } from '../service/keyring/keyActions';
import type { Keyring } from '../service/keyring/keyring';
import type { SecretVault } from '../service/keyring/storedKey';

export interface RemovalPorts {
  readonly connector: Pick<Connector, 'disconnectAll'>;
  readonly keyring: Pick<Keyring, 'keys' | 'remove' | 'renewProxyKey'>;
  readonly keyActions: Pick<KeyActions, 'forgetRemoved'>;
  readonly vault: Pick<SecretVault, 'clearKeys'>;
  /** Removes counts and the state of notices; resolves to whether the proxy has removed them too. */
  readonly forget: () => Promise<boolean>;
  readonly log: Log;
}

/** The result of each part. */
export interface Removal {
  /** Null if the records cannot be read; then no file was changed. */
  readonly disconnected: readonly Disconnected[] | null;
  /** Labels of keys that the vault did not remove. */
  readonly keysLeft: readonly string[];
  /** Whether the vault is free of keys, unreadable records included. */
  readonly isVaultClear: boolean;
  /** Whether counts are removed everywhere. */
  readonly isForgotten: boolean;
}

/** Tries every part, logs failures and never rejects. Makes a new proxy key. */
export async function removeAll(ports: RemovalPorts): Promise<Removal> {
  const { connector, keyActions, keyring, vault, forget, log } = ports;
  // Clients are disconnected first, while the records still exist.
  const disconnected = await tried(log, 'Disconnecting clients', async () => await connector.disconnectAll());
  for (const { client, error } of disconnected ?? [])
    if (error !== null) log.error(`${client} stays connected.`, error);
  keyActions.forgetRemoved();
  const keysLeft = await removeKeys(ports);
  const isVaultClear = await tried(log, 'Clearing the vault', async () => {
    await vault.clearKeys();
    return true;
  });
  await tried(log, 'Renewing the proxy key', async () => await keyring.renewProxyKey());
  // Counts are removed last, as the removal of keys changes them once more.
  const isForgotten = await tried(log, 'Forgetting counts', forget);
  return { disconnected, keysLeft, isVaultClear: isVaultClear ?? false, isForgotten: isForgotten ?? false };
}

/** Whether nothing of Keywheel's is left. */
export function isWhole({ disconnected, keysLeft, isVaultClear, isForgotten }: Removal): boolean {
  const isDisconnected = disconnected?.every(({ error }) => error === null) ?? false;
  return isDisconnected && keysLeft.length === 0 && isVaultClear && isForgotten;
}

async function removeKeys({ keyring, log }: RemovalPorts): Promise<readonly string[]> {
  const left: string[] = [];
  for (const { key, label } of keyring.keys) {
    const keyId = keyIdOf(key);
    const isGone = await tried(log, `Removing the key ${keyId}`, async () => {
      await keyring.remove(keyId);
      return true;
    });
    if (isGone === null) left.push(label);
  }
  return left;
}

/** Null if the work failed. */
async function tried<T>(log: Log, what: string, work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error: unknown) {
    log.error(`${what} failed.`, error);
    return null;
  }
}
