/** Another window of the same user, without VS Code around it: it gives the extension its keys, and can serve in its place. */
import assert from 'node:assert/strict';
import path from 'node:path';
import * as v from 'valibot';
import { env, extensions } from 'vscode';
import { SystemClock } from '../../../src/base/clock';
import { TextLog } from '../../../src/base/log';
import { HostedWindow } from '../../../src/hosting/hostedWindow';
import { loadHostSecret } from '../../../src/hosting/hostSecret';
import { firstProxyKey } from '../../../src/hosting/proof';
import { checkKeyAt } from '../../../src/service/keyring/keyCheck';
import { Keyring } from '../../../src/service/keyring/keyring';
import { defaultSettings } from '../../../src/service/settings';
import { SecretStorageVault } from '../../../src/vscode/vault';
import { STORAGE_VARIABLE } from '../../tools/suiteReport';
import { RecordingSecrets } from './recording';
import { extensionId } from './running';

export interface OtherWindow {
  readonly hosted: HostedWindow;
  readonly keyring: Keyring;
  close(): Promise<void>;
}

/** A window that follows the extension's proxy on the port. */
export async function openOtherWindow(port: number, upstreamUrl: string): Promise<OtherWindow> {
  const extension = extensions.getExtension(extensionId);
  assert.ok(extension);
  const folder = path.join(process.env[STORAGE_VARIABLE] ?? '', extensionId);
  const clock = new SystemClock();
  const log = new TextLog(() => undefined);
  const { secret, machineId } = loadHostSecret(folder);
  const keyring: Keyring = new Keyring({
    vault: new SecretStorageVault(new RecordingSecrets()),
    clock,
    log,
    check: async (key) => await checkKeyAt({ ...defaultSettings, upstreamUrl, clock }, key),
    firstProxyKey: () => firstProxyKey(secret),
  });
  const { version } = v.parse(v.object({ version: v.string() }), extension.packageJSON);
  const identity = { secret, machineId, version, product: env.appName };
  const hosted: HostedWindow = new HostedWindow({
    clock,
    log,
    identity: { ...identity, machine: 'here', window: 'the other one' },
    folder,
    workerPath: path.join(extension.extensionPath, 'dist', 'worker.js'),
    settings: { ...defaultSettings, port, upstreamUrl },
    keyring,
    logLevel: () => 'warn',
    onTrouble: () => assert.fail('The other window cannot serve.'),
  });
  await hosted.open(false, []);
  await keyring.load();
  return {
    hosted,
    keyring,
    async close() {
      await hosted.close(500);
      hosted.dispose();
      keyring.dispose();
    },
  };
}
