/** The product's own parts on stores that remember: secrets reach SecretStorage and nothing else. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from '../../src/base/clock';
import { TextLog } from '../../src/base/log';
import { KeyActions } from '../../src/service/keyring/keyActions';
import type { KeyCheck } from '../../src/service/keyring/keyCheck';
import { Keyring } from '../../src/service/keyring/keyring';
import { KeywheelService } from '../../src/service/keywheelService';
import { newProxyKey } from '../../src/service/keyring/storedKey';
import { StateFile } from '../../src/service/saved/stateFile';
import { StateKeeping } from '../../src/service/saved/stateKeeping';
import { defaultSettings } from '../../src/service/settings';
import { stateSourceOf } from '../../src/vscode/stateSource';
import { keywheelExports } from '../../src/vscode/api';
import { CountsStore } from '../../src/vscode/stateStore';
import { SecretStorageVault } from '../../src/vscode/vault';
import { RecordingMemento, RecordingSecrets } from './support/recording';
import { until } from './support/running';

const canaries = [1, 2].map((n) => `sk-or-v1-${'canary0'.repeat(8)}${n}`);

describe('secrets', () => {
  it('are in SecretStorage, one record a key, and in no state, log, view or export', async () => {
    const secrets = new RecordingSecrets();
    const globalState = new RecordingMemento();
    const lines: string[] = [];
    const log = new TextLog((_, line) => lines.push(line));
    const clock = new SystemClock();
    const service = new KeywheelService({ clock, log, version: '0.0.0' });
    await service.configure({ ...defaultSettings, port: 0, upstreamUrl: 'http://127.0.0.1:9/api/v1' });
    const vault = new SecretStorageVault(secrets);
    const check = (): Promise<KeyCheck> => Promise.resolve({ kind: 'unreachable', detail: 'ECONNREFUSED' });
    const keyring = new Keyring({ vault, clock, log, check, firstProxyKey: newProxyKey });
    keyring.onDidChange(() => service.setKeys(keyring.keys));
    const folder = await mkdtemp(join(tmpdir(), 'keywheel-secrets-'));
    const file = new StateFile(join(folder, 'state.json'));
    const store = new CountsStore(file, globalState, { machineId: 'machine', clock, log });
    const keeper = new StateKeeping({ owner: service, name: 'counts', store, log });
    const keyActions = new KeyActions({ service, keyring, clock, log });
    const state = stateSourceOf({
      service,
      keyring,
      keyActions,
      connected: { current: [], onDidChange: () => ({ dispose: () => undefined }) },
    });
    try {
      await keeper.restore();
      await keyring.load();
      for (const [index, key] of canaries.entries()) {
        const result = await keyring.add(key, `Key ${index}`);
        assert.equal(result.kind, 'added');
      }
      await keeper.saveNow();
      await keyring.renewProxyKey();
      await keeper.saveNow();

      const { proxyKey } = keyring;
      assert.ok(proxyKey);
      assert.equal(secrets.values.get('proxyKey'), proxyKey);
      const records = [...secrets.values.keys()].filter((name) => name.startsWith('key.'));
      assert.equal(records.length, canaries.length);
      // Long enough for everything that saves every second.
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      await until('saved', () => globalState.written.length > 0);
      const seen = JSON.stringify([
        await readFile(join(folder, 'state.json'), 'utf8'),
        globalState.written,
        lines,
        state.read(),
        keywheelExports(state).getAPI(1).status(),
        [...secrets.values.keys()],
      ]);
      for (const secret of [...canaries, proxyKey]) assert.ok(!seen.includes(secret), 'a secret got out');
    } finally {
      keyActions.dispose();
      keeper.dispose();
      keyring.dispose();
      await service.stop(0);
      service.dispose();
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('come back in their order from what another window stored', async () => {
    const secrets = new RecordingSecrets();
    const vault = new SecretStorageVault(secrets);
    const key = (text: string): Parameters<typeof vault.saveKey>[0] => ({
      key: text,
      label: text.slice(-1),
      dailyLimit: null,
      accountName: null,
      paidUse: 'auto',
      enabled: true,
    });
    for (const text of canaries) await vault.saveKey(key(text));
    const names = [...secrets.values.keys()].filter((name) => name.startsWith('key.'));
    const ids = names.map((name) => name.replace('key.', ''));
    await vault.saveOrder(ids.reverse());
    await vault.saveProxyKey('kw-proxy');
    const loaded = await new SecretStorageVault(secrets).load();
    assert.deepEqual(loaded, { keys: [...canaries].reverse().map(key), proxyKey: 'kw-proxy', damaged: [] });
  });

  it('that cannot be read are named and left alone', async () => {
    const secrets = new RecordingSecrets();
    await secrets.store('index', JSON.stringify({ keyIds: ['aaaaaaaaaaaa', 'gone'] }));
    await secrets.store('key.aaaaaaaaaaaa', '{"half":');
    const { keys, damaged } = await new SecretStorageVault(secrets).load();
    assert.deepEqual([keys, damaged], [[], ['key.aaaaaaaaaaaa']]);
    assert.equal(secrets.values.get('key.aaaaaaaaaaaa'), '{"half":');
  });

  it('are all gone once the vault is cleared, those that cannot be read included, and the proxy key stays', async () => {
    const secrets = new RecordingSecrets();
    await secrets.store('index', JSON.stringify({ keyIds: ['aaaaaaaaaaaa', 'bbbbbbbbbbbb'] }));
    await secrets.store('key.aaaaaaaaaaaa', '{"half":');
    await secrets.store('key.bbbbbbbbbbbb', JSON.stringify({ key: canaries[0], label: 'b' }));
    await secrets.store('proxyKey', 'kw-proxy');
    await new SecretStorageVault(secrets).clearKeys();
    assert.deepEqual([...secrets.values.keys()], ['proxyKey']);
  });

  it('that do not go are named by their records, and can still be found', async () => {
    const secrets = new RecordingSecrets();
    await secrets.store('index', JSON.stringify({ keyIds: ['aaaaaaaaaaaa'] }));
    await secrets.store('key.aaaaaaaaaaaa', JSON.stringify({ key: canaries[0], label: 'a' }));
    secrets.delete = () => Promise.resolve();
    const vault = new SecretStorageVault(secrets);
    await assert.rejects(vault.clearKeys(), { message: 'Still there: key.aaaaaaaaaaaa' });
    assert.equal((await vault.load()).keys.length, 1);
  });

  it('are said to be kept only when they can be read back', async () => {
    const secrets = new RecordingSecrets();
    secrets.store = () => Promise.resolve();
    const saving = new SecretStorageVault(secrets).saveProxyKey('kw-proxy');
    await assert.rejects(saving, { message: 'Not kept: proxyKey' });
  });
});
