/** A window without VS Code, as a process of its own: it composes the parts as extension.ts does, and obeys its parent. */
import { SystemClock } from '../../src/base/clock';
import { TextLog } from '../../src/base/log';
import { HostedWindow } from '../../src/hosting/hostedWindow';
import { loadHostSecret } from '../../src/hosting/hostSecret';
import { firstProxyKey } from '../../src/hosting/proof';
import { Keyring } from '../../src/service/keyring/keyring';
import {
  plainKey,
  type SecretVault,
  type StoredKey,
  type VaultContents,
} from '../../src/service/keyring/storedKey';
import { defaultSettings } from '../../src/service/settings';
import { StateFile } from '../../src/service/saved/stateFile';
import { StateKeeping } from '../../src/service/saved/stateKeeping';
import { checkKeyAt } from '../../src/service/keyring/keyCheck';
import type { FromWindow, ToWindow, WindowOptions } from './support/windowMessages';

const options = JSON.parse(process.argv[2] ?? '{}') as WindowOptions;

/** The keychain's content when this window was loaded. */
class FixedVault implements SecretVault {
  constructor(private contents: VaultContents) {}

  load(): Promise<VaultContents> {
    return Promise.resolve(this.contents);
  }

  saveKey(key: StoredKey): Promise<void> {
    this.contents = { ...this.contents, keys: [...this.contents.keys, key] };
    return Promise.resolve();
  }

  removeKey(): Promise<void> {
    return Promise.resolve();
  }

  clearKeys(): Promise<void> {
    this.contents = { ...this.contents, keys: [] };
    return Promise.resolve();
  }

  saveOrder(): Promise<void> {
    return Promise.resolve();
  }

  saveProxyKey(): Promise<void> {
    return Promise.resolve();
  }

  saveRevision(): Promise<void> {
    return Promise.resolve();
  }
}

function tell(message: FromWindow): void {
  process.send?.(message);
}

async function main(): Promise<void> {
  const clock = new SystemClock();
  const log = new TextLog((level, line) => tell({ kind: 'log', level, line }));
  const { secret, machineId } = loadHostSecret(options.folder);
  const identity = {
    secret,
    machineId,
    version: options.version ?? '1.0.0',
    product: options.product ?? 'Test Code',
    machine: options.machine ?? 'here',
    window: options.name,
  };
  const settings = {
    ...defaultSettings,
    port: options.port,
    upstreamUrl: options.upstreamUrl ?? 'http://127.0.0.1:9/api/v1',
  };
  const vault = new FixedVault({
    keys: (options.keys ?? []).map((key) => plainKey(key, key.slice(-4))),
    proxyKey: options.proxyKey ?? null,
    damaged: [],
    ...(options.revision === undefined ? {} : { revision: options.revision }),
  });
  const keyring: Keyring = new Keyring({
    vault,
    clock,
    log,
    check: async (key) => await checkKeyAt({ ...settings, clock }, key),
    firstProxyKey: () => firstProxyKey(secret),
  });
  const hosted: HostedWindow = new HostedWindow({
    clock,
    log,
    identity,
    folder: options.folder,
    workerPath: options.workerPath,
    settings,
    keyring,
    logLevel: () => 'debug',
    onTrouble: () => tell({ kind: 'trouble' }),
  });
  const { service } = hosted;
  const file = (name: string): StateFile => new StateFile(`${options.folder}/${name}.json`);
  const keepers = [
    new StateKeeping({ owner: service, name: 'counts', store: file('state'), log }),
    new StateKeeping({ owner: service.history, name: 'requests', store: file('history'), log, clock }),
  ];
  const tellSeen = (): void => {
    const { proxy, wheel, accounts } = service.snapshot();
    tell({
      kind: 'seen',
      proxy,
      keys: keyring.keys.map(({ key }) => key),
      own: accounts.map(({ day }) => day.own),
      freeUsed: wheel.freeUsed,
      atMs: Date.now(),
    });
  };
  service.onDidChange(tellSeen);
  keyring.onDidChange(tellSeen);
  tellSeen();
  await hosted.open(options.autoStart ?? true, keepers);
  await keyring.load();
  // Ends with the parent: its channel alone keeps this process alive, because our timers do not.
  process.on('disconnect', () => process.exit(0));
  process.on('message', (message: ToWindow) => void obey(message));
  tell({ kind: 'ready', proxyKey: keyring.proxyKey ?? '' });

  async function obey(message: ToWindow): Promise<void> {
    tell({ kind: 'done', id: message.id, value: await run(message) });
  }

  async function run(message: ToWindow): Promise<unknown> {
    switch (message.kind) {
      case 'start':
        return await service.start();
      case 'stop':
        await service.stop();
        return null;
      case 'close':
        await Promise.all([hosted.close(1_500), ...keepers.map((keeper) => keeper.saveNow())]);
        await Promise.all(keepers.map((keeper) => keeper.saveNow()));
        hosted.dispose();
        return null;
      case 'history':
        return { exchanges: service.activity(), series: service.history.series.view() };
      case 'forget': {
        const isForgotten = await hosted.forget();
        await Promise.all(keepers.map((keeper) => keeper.forget()));
        return isForgotten;
      }
      case 'snapshot':
        return service.snapshot();
      case 'proxyKey':
        return keyring.proxyKey;
      case 'add':
        return await keyring.add(message.key, message.label);
      case 'remove':
        return await keyring.remove(message.keyId);
      case 'update':
        return await keyring.update([message.keyId], { dailyLimit: message.dailyLimit });
      case 'configure':
        service.configure({ ...settings, ...message.settings });
        return null;
      case 'logLevel':
        hosted.setLogLevel(message.level);
        return null;
      case 'hang':
        // Blocks the thread like an endless loop, but leaves the processor to other tests.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, message.ms);
        return null;
    }
  }
}

void main();
