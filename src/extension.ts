// The extension's composition root: builds and connects all parts, and starts them after the activation.
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import * as v from 'valibot';
import { env, l10n, UIKind, window, workspace, type ExtensionContext, type LogOutputChannel } from 'vscode';
import { SystemClock } from './base/clock';
import { DisposableStore } from './base/disposable';
import type { Log } from './base/log';
import { HostedWindow } from './hosting/hostedWindow';
import { hostSecretIn } from './hosting/hostSecret';
import { firstProxyKey } from './hosting/proof';
import { Keyring } from './service/keyring/keyring';
import { checkKeyAt } from './service/keyring/keyCheck';
import { StateFile } from './service/saved/stateFile';
import { StateKeeping } from './service/saved/stateKeeping';
import { keywheelExports, type KeywheelExports } from './vscode/api';
import { composeViews } from './vscode/composeViews';
import { channelLog, shownLevel } from './vscode/logChannel';
import { contributedSettings } from './words/settingRule';
import { UserSettings } from './vscode/settings';
import { showChoice, showStartFailure } from './vscode/messages';
import type { WindowPorts } from './vscode/ports';
import { CountsStore } from './vscode/stateStore';
import { SecretStorageVault } from './vscode/vault';

/** How long running answers may go on when the window closes. VS Code itself waits a few seconds at most. */
const drainMs = 1500;

/** Closes the window's parts. `deactivate` gets no arguments from VS Code, so `activate` leaves this function here. */
let stop: (() => Promise<void>) | undefined;

/** Returns at once; keys, state and proxy are loaded in the background. */
export function activate(context: ExtensionContext): KeywheelExports {
  const channel = window.createOutputChannel('Keywheel', { log: true });
  context.subscriptions.push(channel);
  const log = channelLog(channel);
  try {
    return compose(context, log, channel);
  } catch (error: unknown) {
    showStartFailure(log, 'Activation failed.', error);
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
  const clock = new SystemClock();
  const settings = owned.add(new UserSettings(log, contributedSettings(extension.packageJSON)));
  const parts = { clock, log, version, settings, channel };
  const shared = openWindow(context, owned, parts);
  const { hosted, keyring, vault } = shared;
  const { service } = hosted;
  const keepers = openKeepers(context, owned, parts, shared);
  const forget = async (): Promise<boolean> => {
    // The proxy forgets first: else it would save again the state that the keepers delete.
    const isForgotten = await hosted.forget();
    await Promise.all(keepers.map(async (each) => await each.forget()));
    return isForgotten;
  };
  const showLog = (): void => channel.show();
  const given = { ...parts, service, keyring, vault, forget, showLog };
  const { state, showState } = composeViews(context, owned, given);
  const inBackground = (what: string, work: Promise<unknown>): void => {
    work.catch((error: unknown) => showStartFailure(log, `${what} failed.`, error));
  };
  owned.add(settings.onDidChange(() => service.configure(settings.current)));
  const start = async (): Promise<void> => {
    // Starts in a microtask: the activation returns first, but no other work delays the port.
    await Promise.resolve();
    await hosted.open(settings.values.autoStart, keepers);
    // The counts are restored before the keys that they belong to.
    await loadKeys(keyring);
  };
  inBackground('Starting', start());
  // Views are shown in a later turn, so that VS Code and other extensions go first.
  inBackground('Showing', setImmediate().then(showState));
  stop = async () => await close(hosted, keepers);
  return keywheelExports(state);
}

interface Parts extends Pick<WindowPorts, 'clock' | 'log' | 'version' | 'settings'> {
  readonly channel: LogOutputChannel;
}

/** Builds the parts that this window shares with others: its keys, and the proxy that it hosts or follows. */
function openWindow(
  context: ExtensionContext,
  owned: DisposableStore,
  { clock, log, version, settings, channel }: Parts,
) {
  const folder = context.globalStorageUri.fsPath;
  const { secret, machineId } = hostSecretIn(folder, log);
  const vault = new SecretStorageVault(context.secrets, env.uiKind === UIKind.Web);
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
      onTrouble: () => {
        const text = `Keywheel: ${l10n.t('The proxy failed three times in this window. See the log.')}`;
        void showChoice({ severity: 'warning', text }, 'showLog');
      },
    }),
  );
  owned.add(channel.onDidChangeLogLevel(() => hosted.setLogLevel(shownLevel(channel))));
  return { hosted, keyring, vault, machineId };
}

/** The stores of saved state: counts in a file and in globalState, past requests in another file. All must be restored before the proxy starts. */
function openKeepers(
  context: ExtensionContext,
  owned: DisposableStore,
  { clock, log }: Parts,
  { hosted: { service }, machineId }: ReturnType<typeof openWindow>,
): readonly StateKeeping[] {
  // All profiles share the files; each profile has its own globalState.
  const file = (name: string): StateFile =>
    new StateFile(join(context.globalStorageUri.fsPath, machineId, name));
  const counts = owned.add(
    new CountsStore(file('state.json'), context.globalState, { machineId, clock, log }),
  );
  return [
    owned.add(
      new StateKeeping({ owner: service, name: 'counts', store: counts, log, clock, askToStartAfresh }),
    ),
    owned.add(
      new StateKeeping({ owner: service.history, name: 'requests', store: file('history.json'), log, clock }),
    ),
  ];
}

async function askToStartAfresh(kind: 'newer' | 'damaged'): Promise<boolean> {
  const message =
    kind === 'newer'
      ? l10n.t(
          'Keywheel: Saved counts are from a newer version. New counts will not be saved until you start over.',
        )
      : l10n.t('Keywheel: Saved counts are unreadable. New counts will not be saved until you start over.');
  return (
    (await showChoice({ severity: 'warning', text: message }, [l10n.t('Start Over'), () => true])) ?? false
  );
}

async function loadKeys(keyring: Keyring): Promise<void> {
  await keyring.load();
  while (keyring.health.kind === 'refused') {
    const text = `Keywheel: ${l10n.t('The system keychain is not available. Unlock it, then try again.')}`;
    const isAgain = await showChoice({ severity: 'error', text }, [l10n.t('Try Again'), () => true]);
    if (isAgain !== true) return;
    await keyring.load();
  }
}

async function close(hosted: HostedWindow, keepers: ReturnType<typeof openKeepers>): Promise<void> {
  const saveAll = async (): Promise<unknown> =>
    await Promise.all(keepers.map(async (each) => await each.saveNow()));
  // The port is freed first: the next window can bind it while the last answers end.
  const closed = hosted.close(drainMs);
  // Saved within the call, as the process may end at any time, and again after the worker's last counts have come.
  await saveAll();
  await closed;
  await saveAll();
}
