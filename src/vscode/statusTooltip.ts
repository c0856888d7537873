// The status bar item's tooltip as Markdown; no vscode, so that its escaping can be tested.
import type { DashboardState } from '../service/messages';
import type { AccountView, ProxyState } from '../service/snapshot';
import { waitingText } from '../webview/overviewView';
import { accountWords, keyWords, proxyAdvice, proxyWords, type Speech } from '../webview/stateWords';

/** The only commands that the tooltip's links may run. */
export const tooltipCommands = [
  'keywheel.addKey',
  'keywheel.copyBaseUrl',
  'keywheel.openDashboard',
  'keywheel.showLog',
  'keywheel.startProxy',
] as const;

/** A tooltip is a glance: beyond that the dashboard is the place. */
const mostAccounts = 12;
const mostModels = 5;

/** A small table, a row an account; then what waits, the proxy and links. Labels cannot become Markdown. */
export function statusTooltip(state: DashboardState, speech: Speech): string {
  const { snapshot } = state;
  const { t } = speech;
  const parts = [...vaultLines(state, speech)];
  if (snapshot.accounts.length > 0) parts.push(table(snapshot.accounts, speech));
  parts.push(...situation(state, speech));
  const { proxy } = snapshot;
  parts.push(
    proxy.kind === 'running'
      ? [`${escaped(t('Base URL'))}: \`${proxy.baseUrl}\``, ...hostLine(proxy, t)].join('\n\n')
      : escaped(
          [proxyWords(proxy, t).text, proxyAdvice(proxy, t)].filter((text) => text !== null).join('. '),
        ),
  );
  parts.push(links(state, speech));
  return parts.join('\n\n');
}

/** The text with all that Markdown, its tables or icons could take for a sign taken away from them. */
export function escaped(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_{}[\]()#+\-.!|<>&~$:@]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** Which window serves. */
function hostLine({ hostedBy }: ProxyState & { kind: 'running' }, t: Speech['t']): string[] {
  return [
    escaped(hostedBy === undefined ? t('This window hosts it') : t('Served by the window “{0}”', hostedBy)),
  ];
}

/** What waits, and which models are busy. */
function situation({ snapshot }: DashboardState, speech: Speech): string[] {
  const { t, formats, nowMs } = speech;
  const lines: string[] = [];
  const waiting = waitingText(snapshot.wheel.waiting, speech);
  if (waiting !== '') lines.push(escaped(waiting));
  const until = new Map<string, number>();
  for (const { model, untilMs } of snapshot.busyModels)
    until.set(model, Math.max(until.get(model) ?? 0, untilMs));
  const models = [...until].map(([model, untilMs]) =>
    t('{0} until {1}', model, formats.until(untilMs, nowMs)),
  );
  if (models.length > 0)
    lines.push(escaped(t('Busy models: {0}', shortened(models, mostModels, speech).join(', '))));
  return lines;
}

function shortened(list: readonly string[], most: number, { t, formats }: Speech): readonly string[] {
  if (list.length <= most) return list;
  return [...list.slice(0, most), t('and {0} more', formats.count(list.length - most))];
}

function table(accounts: readonly AccountView[], speech: Speech): string {
  const { t, formats, nowMs } = speech;
  const rows = accounts
    .slice(0, mostAccounts)
    .map((account) => [
      escaped(account.name),
      ofAll(formats.count(account.day.left), formats.count(account.day.limit)),
      ofAll(formats.count(account.minute.used), formats.count(account.minute.limit)),
      escaped(stateText(account, speech)),
      formats.until(account.day.resetAtMs, nowMs),
    ]);
  const head = [t('Account'), t('Left today'), t('This minute'), t('State'), t('Resets')].map(escaped);
  const lines = [head, ['---', '---:', '---:', '---', '---:'], ...rows].map(
    (cells) => `| ${cells.join(' | ')} |`,
  );
  const others = accounts.length - mostAccounts;
  if (others > 0) lines.push('', escaped(t('and {0} more', formats.count(others))));
  return lines.join('\n');
}

/** In one line, however narrow the column. */
function ofAll(part: string, all: string): string {
  return `${part}\u00a0/\u00a0${all}`;
}

/** An account all of whose keys share one fault has that for its state. */
function stateText(account: AccountView, speech: Speech): string {
  const texts = new Set(account.keys.map((key) => keyWords(key, account, speech).text));
  const [only] = texts;
  return texts.size === 1 && only !== undefined ? only : accountWords(account, speech).text;
}

function vaultLines({ vault, unsavedKeyIds }: DashboardState, { t }: Speech): string[] {
  if (vault === 'refused')
    return [
      escaped(
        t(
          'The system keychain does not keep secrets. Keys that you add last until this window closes, unless it keeps them by then.',
        ),
      ),
    ];
  if (vault === 'slow')
    return [escaped(t('Waiting for the system keychain. It may be asking for its password.'))];
  return unsavedKeyIds.length > 0
    ? [escaped(t('Some keys are not saved: they last until this window closes.'))]
    : [];
}

function links({ snapshot }: DashboardState, { t }: Speech): string {
  const wanted: [text: string, command: (typeof tooltipCommands)[number]][] = [
    [t('Open Dashboard'), 'keywheel.openDashboard'],
    [t('Add Key'), 'keywheel.addKey'],
  ];
  if (snapshot.proxy.kind === 'running') wanted.push([t('Copy Base URL'), 'keywheel.copyBaseUrl']);
  else wanted.push([t('Start Proxy'), 'keywheel.startProxy'], [t('Show Log'), 'keywheel.showLog']);
  return wanted.map(([text, command]) => `[${escaped(text)}](command:${command})`).join(' · ');
}
