// Runs the requests of the dashboard's page.
import { commands, env, l10n, Uri, window, workspace } from 'vscode';
import type { Clock } from '../base/clock';
import type { Log } from '../base/log';
import { keyIdOf } from '../base/secret';
import { exchangeReport } from '../service/history/exchangeReport';
import { exchangeTable } from '../service/history/exchangeTable';
import type { KeyActions } from '../service/keyring/keyActions';
import { pageOfKey } from '../service/keyring/storedKey';
import type { KeywheelService } from '../service/keywheelService';
import type { DashboardAction } from '../service/messages';
import type { AccountView, ExchangeView } from '../service/snapshot';
import { actedOn, checkedText, isChecked, unlockedText } from '../words/checkedText';
import { Formats } from '../words/formats';
import { disconnectOne } from './clients/disconnectClients';
import type { ClientPorts } from './clients/ports';
import { replaceKey, type ReplacePorts } from './commands/replaceKey';
import type { CurrentState } from './currentState';
import type { DashboardRequest } from './dashboardPanel';
import { confirm, offerLog } from './messages';
import { settingsCommand } from './settingsCommand';

/** The command behind each button; the page can run no other. */
const actionCommands: Readonly<Record<DashboardAction, readonly [command: string, ...args: unknown[]]>> = {
  addKey: ['keywheel.addKey'],
  signIn: ['keywheel.signIn'],
  connectClient: ['keywheel.connectClient'],
  sendTestRequest: ['keywheel.sendTestRequest'],
  runDoctor: ['keywheel.runDoctor'],
  openWalkthrough: ['keywheel.openWalkthrough'],
  copyBaseUrl: ['keywheel.copyBaseUrl'],
  copyProxyKey: ['keywheel.copyProxyKey'],
  startProxy: ['keywheel.startProxy'],
  openSettings: settingsCommand('keywheel.'),
  showLog: ['keywheel.showLog'],
};

/** The time within which a snapshot shows an action that the proxy has confirmed. */
const shownWithinMs = 1_000;

export interface DashboardRequestPorts {
  readonly service: ReplacePorts['service'] &
    Pick<KeywheelService, 'activity' | 'unlock'> & {
      cancel(requestId: string): boolean | Promise<boolean>;
      clearActivity(): boolean | Promise<boolean>;
    };
  readonly keyActions: Pick<KeyActions, 'onKey' | 'onAccount'>;
  readonly keyring: ReplacePorts['keyring'];
  readonly clients: ClientPorts;
  readonly state: CurrentState;
  readonly clock: Clock;
  readonly version: string;
  readonly log: Log;
}

type KeyOrAccountRequest = DashboardRequest & { readonly type: 'key' | 'account' };

/** Resolves to whether the request succeeded; `tell` shows a note. Failures are logged and shown; never rejects. */
export async function runDashboardRequest(
  request: DashboardRequest,
  ports: DashboardRequestPorts,
  tell: (note: string) => void,
): Promise<boolean> {
  try {
    return await run(request, ports, tell);
  } catch (error: unknown) {
    ports.log.error(`The dashboard's ${request.type} failed.`, error);
    void offerLog(l10n.t('Keywheel: Something went wrong. See the log.'));
    return false;
  }
}

async function run(
  request: DashboardRequest,
  ports: DashboardRequestPorts,
  tell: (note: string) => void,
): Promise<boolean> {
  const { service, clients } = ports;
  switch (request.type) {
    case 'run': {
      const [command, ...args] = actionCommands[request.action];
      return (await commands.executeCommand(command, ...args)) !== false;
    }
    case 'key':
    case 'account':
      return await act(request, ports, tell);
    case 'unlockModel':
      service.unlock({ model: request.model });
      return true;
    case 'disconnect':
      return await disconnectOne(request.client, clients);
    case 'cancel':
      return await service.cancel(request.requestId);
    case 'export':
      return await saveTable(request, service.activity());
    case 'clearActivity':
      return await clearActivity(service);
    case 'replaceKey':
      return await replaceKey(request.keyId, ports);
    case 'openPage': {
      const stored = ports.keyring.keys.find(({ key }) => keyIdOf(key) === request.keyId);
      if (stored === undefined) return false;
      return await env.openExternal(Uri.parse(pageOfKey(stored.key, request.page)));
    }
    case 'copyModel':
      await env.clipboard.writeText(request.model);
      return true;
    case 'copyReport': {
      const exchange = service.activity().find(({ id }) => id === request.id);
      if (exchange === undefined) return false;
      await env.clipboard.writeText(exchangeReport(exchange, ports.version));
      return true;
    }
  }
}

async function act(
  request: KeyOrAccountRequest,
  ports: DashboardRequestPorts,
  tell: (note: string) => void,
): Promise<boolean> {
  const { keyActions, clock } = ports;
  const askedAtMs = clock.wallMs();
  const isDone =
    request.type === 'key'
      ? await keyActions.onKey(request.keyId, request.act)
      : await keyActions.onAccount(request.accountId, request.act);
  const note = await noteOf(request, askedAtMs, ports);
  if (note !== null) tell(note);
  return isDone;
}

/** Asks for the file; false if the user cancelled. */
async function saveTable(
  { format, ids }: DashboardRequest & { readonly type: 'export' },
  activity: readonly ExchangeView[],
): Promise<boolean> {
  const file = await window.showSaveDialog({ filters: { [format.toUpperCase()]: [format] } });
  if (file === undefined) return false;
  const wanted = new Set(ids);
  const exchanges = activity.filter(({ id }) => wanted.has(id));
  const text = exchangeTable(exchanges, format);
  await workspace.fs.writeFile(file, new TextEncoder().encode(text));
  return true;
}

async function clearActivity(service: DashboardRequestPorts['service']): Promise<boolean> {
  const detail = l10n.t('Removes the list of requests. Counts and charts stay.');
  const question = l10n.t('Clear the activity?');
  return (await confirm('warning', question, detail, l10n.t('Clear'))) && (await service.clearActivity());
}

/** The result of Check Now or Unlock; null for other actions, whose results are visible. */
async function noteOf(
  request: KeyOrAccountRequest,
  askedAtMs: number,
  { state, clock }: DashboardRequestPorts,
): Promise<string | null> {
  const { kind } = request.act;
  if (kind !== 'check' && kind !== 'unlock') return null;
  const account = (): AccountView | undefined => actedOn(state.read().snapshot.accounts, request);
  const before = JSON.stringify(account());
  const isShown = (now: AccountView): boolean =>
    kind === 'check' ? isChecked(now, askedAtMs) : JSON.stringify(now) !== before;
  await new Promise<void>((resolve) => {
    const look = (): void => {
      const now = account();
      if (now !== undefined && !isShown(now)) return;
      late.dispose();
      listening.dispose();
      resolve();
    };
    const listening = state.onDidChange(look);
    const late = clock.after(shownWithinMs, () => {
      listening.dispose();
      resolve();
    });
    look();
  });
  const now = account();
  if (now === undefined) return null;
  const { snapshot } = state.read();
  const speech = { t: l10n.t, formats: new Formats(env.language, snapshot.timezone), nowMs: snapshot.atMs };
  return kind === 'check' ? checkedText(now, snapshot, askedAtMs, speech) : unlockedText(now, speech);
}
