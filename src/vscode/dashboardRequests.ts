// Runs the requests of the dashboard's page.
import { env, l10n, Uri, window, workspace } from 'vscode';
import { wait } from '../base/clock';
import { keyIdOf } from '../base/secret';
import { exchangeReport, exchangeTable } from '../service/history/exchangeText';
import { pageOfKey } from '../service/keyring/storedKey';
import type { FromDashboard, ToDashboard } from '../service/messages';
import type { AccountView, ExchangeView } from '../service/snapshot';
import { actedOn, checkedText, isChecked, unlockedText } from '../words/resultText';
import { runAction } from './actions';
import { disconnectOne } from './clients/connections';
import { replaceKey } from './commands/addKey';
import { confirm, speechOf, tellFailure } from './messages';
import type { WindowPorts } from './ports';

/** The page's messages, except those that ask for its content. */
export type DashboardRequest = Exclude<FromDashboard, { type: 'ready' | 'show' }>;

/** The time within which a snapshot shows an action that the proxy has confirmed. */
const shownWithinMs = 1_000;

type ActRequest = DashboardRequest & { readonly type: 'act' };

type Tell = (note: ToDashboard & { readonly type: 'note' }) => void;

/** Resolves to whether the request succeeded; `tell` shows a note. Failures are logged and shown; never rejects. */
export async function runDashboardRequest(
  request: DashboardRequest,
  ports: WindowPorts,
  tell: Tell,
): Promise<boolean> {
  try {
    return await run(request, ports, tell);
  } catch (error: unknown) {
    tellFailure(ports.log, `The dashboard's ${request.type} failed.`, error);
    return false;
  }
}

async function run(request: DashboardRequest, ports: WindowPorts, tell: Tell): Promise<boolean> {
  const { service } = ports;
  switch (request.type) {
    case 'run':
      return (await runAction(request.action)) !== false;
    case 'act':
      return await act(request, ports, tell);
    case 'unlockModel':
      service.unlock({ model: request.model });
      return true;
    case 'disconnect':
      return await disconnectOne(request.client, ports);
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

async function act(request: ActRequest, ports: WindowPorts, tell: Tell): Promise<boolean> {
  const { keyActions, clock } = ports;
  const askedAtMs = clock.wallMs();
  const isDone = await keyActions.run(request.target, request.act);
  const text = await noteOf(request, askedAtMs, ports);
  if (text !== null) tell({ type: 'note', target: request.target, text });
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

async function clearActivity(service: WindowPorts['service']): Promise<boolean> {
  const detail = l10n.t('Removes the list of requests. Counts and charts stay.');
  const question = l10n.t('Clear the activity?');
  return (await confirm('warning', question, detail, l10n.t('Clear'))) && (await service.clearActivity());
}

/** The result of Check Now or Unlock; null for other actions, whose results are visible. */
async function noteOf(
  { target, act: { kind } }: ActRequest,
  askedAtMs: number,
  { state, clock }: WindowPorts,
): Promise<string | null> {
  if (kind !== 'check' && kind !== 'unlock') return null;
  const account = (): AccountView | undefined => actedOn(state.read().snapshot.accounts, target);
  const before = JSON.stringify(account());
  const isShown = (now: AccountView): boolean =>
    kind === 'check' ? isChecked(now, askedAtMs) : JSON.stringify(now) !== before;
  const shown = new AbortController();
  const look = (): void => {
    const now = account();
    if (now === undefined || isShown(now)) shown.abort();
  };
  const listening = state.onDidChange(look);
  look();
  await wait(clock, shownWithinMs, shown.signal).catch(() => undefined);
  listening.dispose();
  const now = account();
  if (now === undefined) return null;
  const { snapshot } = state.read();
  const speech = speechOf(snapshot);
  return kind === 'check' ? checkedText(now, snapshot, askedAtMs, speech) : unlockedText(now, speech);
}
