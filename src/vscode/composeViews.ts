// Creates all views and commands.
import type { ExtensionContext, LogOutputChannel } from 'vscode';
import type { Clock } from '../base/clock';
import type { DisposableStore } from '../base/disposable';
import type { Log } from '../base/log';
import { KeyActions } from '../service/keyring/keyActions';
import type { Keyring } from '../service/keyring/keyring';
import type { KeywheelService } from '../service/keywheelService';
import type { SecretVault } from '../service/ports';
import { openChat } from './chat/openChat';
import { composeClients } from './clients/composeClients';
import { listedModels } from './clients/listedModels';
import { forgetMoves } from './clients/moveWatch';
import { forgetObituaries, Obituaries } from './clients/obituaries';
import { TerminalEnvironment } from './clients/terminals';
import type { CommandPorts } from './commands/ports';
import { registerCommands } from './commands/register';
import { ContextKeys } from './contextKeys';
import { currentState, type CurrentState } from './currentState';
import { Dashboard } from './dashboard';
import type { DashboardFeedPorts } from './dashboardFeed';
import type { DashboardPanelPorts } from './dashboardPanel';
import { runDashboardRequest, type DashboardRequestPorts } from './dashboardRequests';
import { Notifier } from './notifier';
import { Presence } from './presence';
import type { UserSettings } from './settings';
import { StatusBar } from './statusBar';

interface ViewedCore {
  readonly clock: Clock;
  readonly log: Log;
  /** The version of this extension. */
  readonly version: string;
  readonly settings: UserSettings;
  readonly channel: LogOutputChannel;
  readonly service: CommandPorts['service'] &
    DashboardRequestPorts['service'] &
    DashboardFeedPorts['service'] &
    Pick<KeywheelService, 'refresh' | 'watched' | 'unlock' | 'onDidChange' | 'history'>;
  readonly keyring: Keyring;
  readonly vault: SecretVault;
  /** Resolves to whether the proxy has removed its data too. */
  readonly forgetAll: () => Promise<boolean>;
}

interface Views {
  readonly state: CurrentState;
  /** Creates views that VS Code does not request by an event: status bar, context keys, variables of terminals. */
  readonly showState: () => void;
}

/** `owned` disposes what is created. */
export function composeViews(context: ExtensionContext, owned: DisposableStore, core: ViewedCore): Views {
  const { version, clock, log, channel, settings, service, keyring, vault } = core;
  const { extensionUri, extension, globalState, environmentVariableCollection } = context;
  const { series } = service.history;
  const keyActions = owned.add(new KeyActions({ service, keyring, clock, log }));
  const { clients, connected } = composeClients(context, owned, { service, keyring, settings, clock, log });
  const state = currentState({ service, keyring, series, keyActions, connected });
  const asked = { service, keyring, keyActions, clients, state, clock, version, log };
  const run: DashboardPanelPorts['run'] = async (request, tell) =>
    await runDashboardRequest(request, asked, tell);
  const models = listedModels(context, clients);
  const dashboard = owned.add(new Dashboard({ extensionUri, clock, state, series, service, models, run }));
  const showDashboard = (): void => dashboard.show();
  const showLog = (): void => channel.show();
  const notifier = owned.add(new Notifier({ clock, log, state, settings, globalState }));
  const forget = async (): Promise<boolean> => {
    const [isForgotten] = await Promise.all([
      core.forgetAll(),
      notifier.forget(),
      forgetMoves(globalState),
      forgetObituaries(globalState),
    ]);
    return isForgotten;
  };
  const views = { showDashboard, showLog, extensionId: extension.id, version, clients };
  owned.add(
    registerCommands({ service, keyring, vault, keyActions, settings, clock, log, forget, ...views }),
  );
  owned.add(openChat(clients, state, models));
  const showState = (): void => {
    // First, because the context keys enable commands.
    owned.add(new ContextKeys(state));
    owned.add(new StatusBar(state, settings, clock));
    owned.add(new Presence(clock, service));
    owned.add(new Obituaries({ clients, models, globalState }));
    const { onDidChange } = state;
    owned.add(
      new TerminalEnvironment({ ...clients, onDidChange, collection: environmentVariableCollection }),
    );
  };
  return { state, showState };
}
