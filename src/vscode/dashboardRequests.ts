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
import { confirm, showFailure, textContextOf } from './messages';
import type { WindowPorts } from './ports';

/** The page's messages, except those that ask for its content. */
type DashboardRequest = Exclude<FromDashboard, { type: 'ready' | 'show' }>;

/** The time within which a snapshot shows an action that the proxy has confirmed. */
const shownWithinMs = 1_000;

type ActRequest = DashboardRequest & { readonly type: 'act' };

/** Resolves to the answer for the page, or null. Failures are logged and shown; never rejects. */
export async function runDashboardRequest(
  request: DashboardRequest,
  ports: WindowPorts,
): Promise<ToDashboard | null> {
  try {
    return await run(request, ports);
  } catch (error: unknown) {
    showFailure(ports.log, `The dashboard's ${request.type} failed.`, error);
    return null;
  }
}

const copied = { type: 'done', action: 'copyReport' } as const;

async function run(request: DashboardRequest, ports: WindowPorts): Promise<ToDashboard | null> {
  const { service } = ports;
  switch (request.type) {
    case 'run': {
      const { action } = request;
      return (await runAction(action)) === false ? null : { type: 'done', action };
    }
    case 'act':
      return await act(request, ports);
    case 'unlockModel':
      service.unlock({ model: request.model });
      return null;
    case 'disconnect':
      await disconnectOne(request.client, ports);
      return null;
    case 'cancel':
      await service.cancel(request.requestId);
      return null;
    case 'export':
      await saveTable(request, service.activity());
      return null;
    case 'clearActivity':
      await clearActivity(service);
      return null;
    case 'replaceKey':
      await replaceKey(request.keyId, ports);
      return null;
    case 'openPage': {
      const stored = ports.keyring.keys.find(({ key }) => keyIdOf(key) === request.keyId);
      if (stored !== undefined) await env.openExternal(Uri.parse(pageOfKey(stored.key, request.page)));
      return null;
    }
    case 'copyModel':
      await env.clipboard.writeText(request.model);
      return copied;
    case 'copyReport': {
      const exchange = service.activity().find(({ id }) => id === request.id);
      if (exchange === undefined) return null;
      await env.clipboard.writeText(exchangeReport(exchange, ports.version));
      return copied;
    }
  }
}

async function act(request: ActRequest, ports: WindowPorts): Promise<ToDashboard | null> {
  const askedAtMs = ports.clock.wallMs();
  await ports.keyActions.run(request.target, request.act);
  const text = await noteOf(request, askedAtMs, ports);
  return text === null ? null : { type: 'note', target: request.target, text };
}

/** Asks for a file and writes the listed exchanges into it. */
async function saveTable(
  { format, ids }: DashboardRequest & { readonly type: 'export' },
  activity: readonly ExchangeView[],
): Promise<void> {
  const file = await window.showSaveDialog({ filters: { [format.toUpperCase()]: [format] } });
  if (file === undefined) return;
  const wanted = new Set(ids);
  const exchanges = activity.filter(({ id }) => wanted.has(id));
  await workspace.fs.writeFile(file, new TextEncoder().encode(exchangeTable(exchanges, format)));
}

async function clearActivity(service: WindowPorts['service']): Promise<void> {
  const detail = l10n.t('Removes the list of requests. Counts and charts stay.');
  const question = l10n.t('Clear the activity?');
  if (await confirm('warning', question, detail, l10n.t('Clear'))) await service.clearActivity();
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
  const textContext = textContextOf(snapshot);
  return kind === 'check'
    ? checkedText(now, snapshot, askedAtMs, textContext)
    : unlockedText(now, textContext);
}
