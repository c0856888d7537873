// The extension's composition root: builds everything by hand, wires it and starts it behind the activation.
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
import { loadHostSecret, passingHostSecret, type HostSecret } from './hosting/hostSecret';
import { firstProxyKey } from './hosting/proof';
import { KeyActions } from './service/keyActions';
import { Keyring } from './service/keyring';
import { checkKeyAt } from './service/ownCheck';
import type { SecretVault } from './service/ports';
import { AccountsTree } from './vscode/accountsTree';
import { keywheelExports, type KeywheelExports } from './vscode/api';
import { composeClients } from './vscode/clients/composeClients';
import { forgetMoves } from './vscode/clients/moveWatch';
import { TerminalEnvironment } from './vscode/clients/terminalEnvironment';
import { registerCommands } from './vscode/commands/register';
import { registerTreeCommands } from './vscode/commands/treeCommands';
import { ContextKeys } from './vscode/contextKeys';
import { CurrentState } from './vscode/currentState';
import { Dashboard } from './vscode/dashboard';
import type { DashboardRequest } from './vscode/dashboardPanel';
import { runDashboardRequest } from './vscode/dashboardRequests';
import { openKeepers } from './vscode/keepers';
import { channelLog, shownLevel } from './vscode/logChannel';
import { Notifier } from './vscode/notifier';
import { showSettingProblems } from './vscode/settingProblems';
import { contributedSettings } from './vscode/settingRule';
import { UserSettings } from './vscode/settings';
import { StatusBar } from './vscode/statusBar';
import { SecretStorageVault } from './vscode/vault';

/** How long running answers may go on when the window closes. VS Code itself waits a few seconds at most. */
const drainMs = 1500;

/** VS Code calls `deactivate` without what `activate` made: this one variable is the bridge. */
let stop: (() => Promise<void>) | undefined;

/** Returns at once; keys, state and proxy come in the background. */
export function activate(context: ExtensionContext): KeywheelExports {
  const channel = window.createOutputChannel('Keywheel', { log: true });
  context.subscriptions.push(channel);
  const log = channelLog(channel);
  try {
    return compose(context, log, channel);
  } catch (error: unknown) {
    tellFailure(log, 'Activation failed.', error);
    throw error;
  }
}

function tellFailure(log: Log, what: string, error: unknown): void {
  log.error(what, error);
  void window.showErrorMessage(l10n.t('Keywheel could not start. Its log tells why.'));
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
    // First what is known, then what was kept of it.
    const isForgotten = await hosted.forget();
    await Promise.all(keepers.map(async (each) => await each.forget()));
    return isForgotten;
  };
  const { state, showState } = composeViews(context, owned, { ...parts, service, keyring, vault, forgetAll });
  const inBackground = (what: string, work: Promise<unknown>): void => {
    work.catch((error: unknown) => tellFailure(log, `${what} failed.`, error));
  };
  owned.add(settings.onDidChange((now) => service.configure(now)));
  inBackground('Starting', start({ settings, hosted, keepers, keyring, log }));
  // VS Code waits for none of this: it and other extensions have their turn first.
  inBackground('Showing', setImmediate().then(showState));
  stop = async () => {
    // The port first: the next window's proxy is up while this one's last answers end. Counts were told to it before.
    const closed = hosted.close(drainMs);
    await Promise.all(keepers.map(async (each) => await each.saveNow()));
    await closed;
  };
  return keywheelExports(state);
}

interface WindowParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  readonly settings: UserSettings;
  readonly channel: LogOutputChannel;
}

/** This window as one of many: its keys, and the proxy that it hosts or follows. */
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
      check: async (key) => await checkKeyAt({ upstreamUrl: settings.current.upstreamUrl, clock }, key),
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
    window: workspace.name ?? l10n.t('without a folder'),
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
      onTrouble: () => void tellTrouble(channel),
    }),
  );
  owned.add(channel.onDidChangeLogLevel(() => hosted.setLogLevel(shownLevel(channel))));
  return { hosted, keyring, vault, machineId };
}

/** Where none can be kept, this window stands alone. */
function hostSecretIn(folder: string, log: Log): HostSecret {
  try {
    return loadHostSecret(folder);
  } catch (error: unknown) {
    log.error('Windows cannot prove themselves to each other: this one stands alone.', error);
    return passingHostSecret();
  }
}

async function tellTrouble(channel: LogOutputChannel): Promise<void> {
  const showLog = l10n.t('Show Log');
  const message = l10n.t('The proxy has failed three times in this window. The log tells why.');
  if ((await window.showWarningMessage(`Keywheel: ${message}`, showLog)) === showLog) channel.show();
}

interface Core extends WindowParts {
  readonly service: HostedWindow['service'];
  readonly keyring: Keyring;
  readonly vault: SecretVault;
  /** Resolves to whether the proxy has forgotten it all too. */
  readonly forgetAll: () => Promise<boolean>;
}

interface Views {
  readonly state: CurrentState;
  /** Makes what VS Code asks for by no event: status bar, context keys, variables of terminals. */
  readonly showState: () => void;
}

/** All that people see and can run. */
function composeViews(context: ExtensionContext, owned: DisposableStore, core: Core): Views {
  const { version, clock, log, channel, settings, service, keyring, vault } = core;
  const { extensionUri, extension, globalState, environmentVariableCollection } = context;
  const { series } = service.history;
  const keyActions = owned.add(new KeyActions({ service, keyring, clock, log }));
  const state = owned.add(new CurrentState({ service, keyring, series, keyActions, log }));
  const run = async (request: DashboardRequest): Promise<boolean> =>
    await runDashboardRequest(request, { service, keyActions, version, log });
  const dashboard = owned.add(new Dashboard({ extensionUri, clock, state, series, service, run }));
  owned.add(new AccountsTree({ state, clock, log }));
  owned.add(registerTreeCommands({ keyActions, log }));
  const showDashboard = (): void => dashboard.show();
  const showLog = (): void => channel.show();
  const notifier = owned.add(new Notifier({ clock, log, state, globalState }));
  const forget = async (): Promise<boolean> => {
    const [isForgotten] = await Promise.all([core.forgetAll(), notifier.forget(), forgetMoves(globalState)]);
    return isForgotten;
  };
  const clients = composeClients(context, owned, { service, keyring, settings, clock, log });
  const views = { showDashboard, showLog, extensionId: extension.id, version, clients };
  owned.add(
    registerCommands({ service, keyring, vault, keyActions, settings, clock, log, forget, ...views }),
  );
  const showState = (): void => {
    // First what commands are enabled by.
    owned.add(new ContextKeys(state));
    owned.add(new StatusBar(state, settings, clock));
    const { onDidChange } = state;
    owned.add(
      new TerminalEnvironment({ ...clients, onDidChange, collection: environmentVariableCollection }),
    );
  };
  return { state, showState };
}

interface Started {
  readonly settings: UserSettings;
  readonly hosted: HostedWindow;
  readonly keepers: readonly { restore(): Promise<unknown> }[];
  readonly keyring: Keyring;
  readonly log: Log;
}

async function start({ settings, hosted, keepers, keyring, log }: Started): Promise<void> {
  // The activation returns first; this follows it in the same turn, as the port is to be bound soon.
  await Promise.resolve();
  const restored = Promise.allSettled(keepers.map(async (keeper) => await keeper.restore()));
  // A keychain that is slow, or asks, does not keep the port closed.
  hosted.open(settings.autoStart, restored);
  // Without them it is the same proxy: what is left is read anew.
  for (const result of await restored)
    if (result.status === 'rejected') log.error('What was saved cannot be read.', result.reason);
  // Counts come before the keys that they belong to.
  await keyring.load();
}
