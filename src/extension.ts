// The extension's composition root: builds and connects all parts, and starts them behind the activation.
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import * as v from 'valibot';
import { env, l10n, window, workspace, type ExtensionContext, type LogOutputChannel } from 'vscode';
import { SystemClock, type Clock } from './base/clock';
import { DisposableStore } from './base/disposable';
import type { Log } from './base/log';
import { HostedWindow } from './hosting/hostedWindow';
import { hostSecretIn } from './hosting/hostSecret';
import { firstProxyKey } from './hosting/proof';
import { Keyring } from './service/keyring/keyring';
import { checkKeyAt } from './service/keyring/keyCheck';
import type { SecretVault } from './service/ports';
import { keywheelExports, type KeywheelExports } from './vscode/api';
import { composeViews } from './vscode/composeViews';
import { openKeepers } from './vscode/keepers';
import { channelLog, shownLevel } from './vscode/logChannel';
import { showSettingProblems } from './vscode/settingProblems';
import { contributedSettings } from './words/settingRule';
import { UserSettings } from './vscode/settings';
import { tellProxyTrouble, tellStartFailure } from './vscode/messages';
import { SecretStorageVault } from './vscode/vault';

/** How long running answers may go on when the window closes. VS Code itself waits a few seconds at most. */
const drainMs = 1500;

/** VS Code calls `deactivate` without what `activate` made: this one variable is the bridge. */
let stop: (() => Promise<void>) | undefined;

/** Returns at once; keys, state and proxy are loaded in the background. */
export function activate(context: ExtensionContext): KeywheelExports {
  const channel = window.createOutputChannel('Keywheel', { log: true });
  context.subscriptions.push(channel);
  const log = channelLog(channel);
  try {
    return compose(context, log, channel);
  } catch (error: unknown) {
    tellStartFailure(log, 'Activation failed.', error);
    throw error;
  }
}

/** Resolves when running answers have ended or been cut, and the last counts are saved. */
export async function deactivate(): Promise<void> {
  await stop?.();
  stop = undefined;
}

function compose(context: ExtensionContext, log: Log, channel: LogOutputChannel): KeywheelExports {
  const owned = new DisposableStore();
  context.subscriptions.push(owned);
  const { extension } = context;
  const { version } = v.parse(v.object({ version: v.string() }), extension.packageJSON);
  const properties = contributedSettings(extension.packageJSON);
  const clock = new SystemClock();
  const settings = owned.add(
    new UserSettings({
      log,
      properties,
      onProblems: (problems) => void showSettingProblems(problems, properties),
    }),
  );
  const parts = { clock, log, version, settings, channel };
  const { hosted, keyring, vault, machineId } = openWindow(context, owned, parts);
  const { service } = hosted;
  const keepers = openKeepers(context, owned, { clock, log, service, machineId });
  const forgetAll = async (): Promise<boolean> => {
    // The proxy first: it would save again what the keepers delete.
    const isForgotten = await hosted.forget();
    await Promise.all(keepers.map(async (each) => await each.forget()));
    return isForgotten;
  };
  const { state, showState } = composeViews(context, owned, { ...parts, service, keyring, vault, forgetAll });
  const inBackground = (what: string, work: Promise<unknown>): void => {
    work.catch((error: unknown) => tellStartFailure(log, `${what} failed.`, error));
  };
  owned.add(settings.onDidChange((now) => service.configure(now)));
  const start = async (): Promise<void> => {
    // A microtask: the activation returns first, but no other work delays the port.
    await Promise.resolve();
    await hosted.open(settings.values.autoStart, keepers);
    // The counts are restored before the keys that they belong to.
    await loadKeys(keyring);
  };
  inBackground('Starting', start());
  // In a later turn: VS Code and other extensions go first.
  inBackground('Showing', setImmediate().then(showState));
  stop = async () => await close(hosted, keepers);
  return keywheelExports(state);
}

interface WindowParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  readonly settings: UserSettings;
  readonly channel: LogOutputChannel;
}

/** The parts that this window shares with others: its keys, and the proxy that it hosts or follows. */
function openWindow(
  context: ExtensionContext,
  owned: DisposableStore,
  { clock, log, version, settings, channel }: WindowParts,
): { hosted: HostedWindow; keyring: Keyring; vault: SecretVault; machineId: string } {
  const folder = context.globalStorageUri.fsPath;
  const { secret, machineId } = hostSecretIn(folder, log);
  const vault = new SecretStorageVault(context.secrets);
  const keyring: Keyring = owned.add(
    new Keyring({
      vault,
      clock,
      log,
      check: async (key) => await checkKeyAt({ ...settings.current, clock }, key),
      firstProxyKey: () => firstProxyKey(secret),
    }),
  );
  const identity = {
    secret,
    machineId,
    instance: randomUUID(),
    version,
    product: env.appName,
    machine: hostname(),
    window: workspace.name ?? l10n.t('no folder'),
  };
  const hosted: HostedWindow = owned.add(
    new HostedWindow({
      clock,
      log,
      identity,
      folder,
      workerPath: context.asAbsolutePath(join('dist', 'worker.js')),
      settings: settings.current,
      keyring,
      logLevel: () => shownLevel(channel),
      onTrouble: () => void tellProxyTrouble(),
    }),
  );
  owned.add(channel.onDidChangeLogLevel(() => hosted.setLogLevel(shownLevel(channel))));
  return { hosted, keyring, vault, machineId };
}

async function loadKeys(keyring: Keyring): Promise<void> {
  await keyring.load();
  while (keyring.health.kind === 'refused') {
    const tryAgain = l10n.t('Try Again');
    const message = l10n.t('The system keychain is not available. Unlock it, then try again.');
    if ((await window.showErrorMessage(`Keywheel: ${message}`, tryAgain)) !== tryAgain) return;
    await keyring.load();
  }
}

async function close(hosted: HostedWindow, keepers: ReturnType<typeof openKeepers>): Promise<void> {
  const saveAll = async (): Promise<unknown> =>
    await Promise.all(keepers.map(async (each) => await each.saveNow()));
  // The port first: the next window can bind it while the last answers end.
  const closed = hosted.close(drainMs);
  // Once within the call, as the process may end at any time; again after the worker's last counts.
  await saveAll();
  await closed;
  await saveAll();
}
