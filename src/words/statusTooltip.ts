// The status bar item's tooltip as Markdown; does not import vscode, so that escaping can be tested.
import type { DashboardState } from '../service/messages';
import { serves, stateLock } from '../service/accountFacts';
import type { AccountView } from '../service/snapshot';
import { joined } from './formats';
import {
  accountWords,
  paceText,
  proxyAdvice,
  proxyWords,
  vaultWords,
  waitingText,
  type StateWords,
  type TextContext,
} from './stateWords';
import { unreachedText } from './reachReason';

/** The only commands that the tooltip's links may run. */
export const tooltipCommands = [
  'keywheel.addKey',
  'keywheel.connectClient',
  'keywheel.openDashboard',
  'keywheel.runDoctor',
  'keywheel.showLog',
  'keywheel.startProxy',
  'keywheel.stopProxy',
] as const;

/** Limits of the tooltip; the dashboard shows everything. */
const mostAccounts = 12;
const mostModels = 5;

/** The total, a line per account, waiting requests, the proxy and links. Labels are escaped. */
export function statusTooltip(state: DashboardState, textContext: TextContext): string {
  const { snapshot } = state;
  const { t } = textContext;
  const { proxy } = snapshot;
  const vault = vaultWords(state.vault, t)?.text;
  const where =
    proxy.kind === 'running'
      ? `${escaped(t('Base URL'))}: \`${proxy.baseUrl}\`  \n${escaped(proxyWords(proxy, t).text)}`
      : escaped(joined('. ', proxyWords(proxy, t).text, proxyAdvice(proxy, t)));
  return joined(
    '\n\n',
    vault && escaped(vault),
    totalLine(state, textContext),
    ...situation(state, textContext),
    accountLines(snapshot.accounts, textContext),
    where,
    links(state, textContext),
  );
}

/** Such as `784 of 1,000 free requests left today · runs out about 16:40 at this pace (12/h)`. */
function totalLine({ snapshot, vault, forecast }: DashboardState, textContext: TextContext): string {
  const { t, formats, nowMs } = textContext;
  const { keys, freeLeft, freeLimit, resetAtMs } = snapshot.wheel;
  if (keys === 0) return vault === 'ok' ? `**Keywheel**: ${escaped(t('No key yet'))}` : '**Keywheel**';
  if (freeLimit === 0) return '';
  const total = t('{0} of {1} free requests left today', formats.count(freeLeft), formats.count(freeLimit));
  const resets = resetAtMs !== null && t('resets {0}', formats.until(resetAtMs, nowMs));
  return escaped(joined(' · ', total, paceText(forecast, textContext), resets));
}

/** Escapes all characters that Markdown, its tables or icons interpret. */
export function escaped(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_{}[\]()#+\-.!|<>&~$:@]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** An unreachable OpenRouter, waiting requests, and busy models. */
function situation({ snapshot }: DashboardState, textContext: TextContext): string[] {
  const { t, formats, nowMs } = textContext;
  const lines: string[] = [];
  const unreached = unreachedText(snapshot, textContext);
  if (unreached !== '') lines.push(`$(cloud-offline) ${escaped(unreached)}`);
  const waiting = waitingText(snapshot.wheel.waiting, textContext);
  if (waiting !== '') lines.push(escaped(waiting));
  const until = new Map<string, number>();
  for (const { model, accountId, reason, untilMs } of snapshot.busyModels) {
    if (reason === 'policy' || reason === 'ownKeyWanted') continue;
    const account = snapshot.accounts.find((each) => each.accountId === accountId);
    const name = account === undefined ? model : `${model} (${account.name})`;
    until.set(name, Math.max(until.get(name) ?? 0, untilMs));
  }
  const models = [...until].map(([model, untilMs]) =>
    t('{0} until {1}', model, formats.until(untilMs, nowMs)),
  );
  if (models.length > 0)
    lines.push(escaped(t('Busy models: {0}', shortened(models, mostModels, textContext).join(', '))));
  return lines;
}

function shortened(list: readonly string[], most: number, { t, formats }: TextContext): readonly string[] {
  if (list.length <= most) return list;
  return [...list.slice(0, most), t('and {0} more', formats.count(list.length - most))];
}

const icons: Readonly<Record<StateWords['tone'], string>> = {
  good: 'pass',
  warn: 'warning',
  bad: 'error',
  off: 'circle-slash',
};

/** Such as `$(pass) **anna** — 29 of 50 left · 3 of 20 used this minute`; VS Code's hover gives tables too little space. */
function accountLines(accounts: readonly AccountView[], textContext: TextContext): string {
  const { t, formats } = textContext;
  const lines = accounts.slice(0, mostAccounts).map((account) => {
    const { name, day, minute, creditsLeft } = account;
    const { text, tone } = accountWords(account, textContext);
    const left = t('{0} of {1} left', formats.count(day.left), formats.count(day.limit));
    const used = t('{0} of {1} used this minute', formats.count(minute.used), formats.count(minute.limit));
    const credits = creditsLeft === null ? '' : t('{0} of credits left', formats.credits(creditsLeft));
    const facts = serves(account, 'free')
      ? [left, tone === 'good' && stateLock(account) === undefined ? used : text]
      : [credits, text];
    const description = escaped(joined(' · ', ...facts));
    // Isolated, because digits behind a name of Arabic or Hebrew would be shown before it.
    return `$(${icons[tone]}) **\u2068${escaped(name)}\u2069** — ${description}`;
  });
  const others = accounts.length - mostAccounts;
  if (others > 0) lines.push(escaped(t('and {0} more', formats.count(others))));
  return lines.join('  \n');
}

function links({ snapshot }: DashboardState, { t }: TextContext): string {
  const isRunning = snapshot.proxy.kind === 'running';
  const wanted: [text: string, command: (typeof tooltipCommands)[number]][] = [
    [t('Dashboard'), 'keywheel.openDashboard'],
    [t('Add Key'), 'keywheel.addKey'],
    [t('Connect Client'), 'keywheel.connectClient'],
    [t('Doctor'), 'keywheel.runDoctor'],
    isRunning ? [t('Stop Proxy'), 'keywheel.stopProxy'] : [t('Start Proxy'), 'keywheel.startProxy'],
  ];
  if (!isRunning) wanted.push([t('Show Log'), 'keywheel.showLog']);
  return wanted.map(([text, command]) => `[${escaped(text)}](command:${command})`).join(' · ');
}
