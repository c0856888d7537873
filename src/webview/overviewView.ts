// The top of the dashboard as plain values; no DOM.
import type { Action, DashboardState } from '../service/messages';
import type { AccountView, ProxyState } from '../service/snapshot';
import { joined, roughDurationText } from '../words/formats';
import {
  accountWords,
  paceText,
  proxyAdvice,
  proxyWords,
  vaultWords,
  waitingText,
  type StateWords,
  type TextContext,
} from '../words/stateWords';
import { reachAdvice, unreachedText } from '../words/reachReason';
import { creditsFigure } from '../words/statusText';

export interface OverviewView {
  /** False without an account: no key yet, or the proxy's state is unknown. */
  readonly hasFigure: boolean;
  /** The free requests left, or the credits if no key serves free requests; empty, like `leftNote`, if neither is known. */
  readonly left: string;
  readonly leftNote: string;
  /** The share of all allowances that is left, 0 to 1; null if no key serves free requests. */
  readonly leftShare: number | null;
  /** Pace and reset; empty if no key serves free requests. */
  readonly outlook: string;
  /** Today's cost and tokens; empty without cost. */
  readonly spent: string;
  readonly waiting: string;
  readonly proxy: StateWords;
  /** Advice for a proxy that does not run. */
  readonly advice: string;
  readonly baseUrl: string;
  /** Buttons for a proxy that does not run. */
  readonly remedies: readonly Action[];
  readonly notice: StateWords | null;
  /** Whether the notice says that OpenRouter cannot be reached; then Run Doctor is offered. */
  readonly isUnreached: boolean;
  readonly clients: DashboardState['clients'];
  /** Whether there is a key but no client. */
  readonly wantsClient: boolean;
  /** Further actions, besides adding a key and connecting a client. */
  readonly actions: readonly Action[];
  /** Screen readers announce it when it changes; it has states only, because figures change too often. */
  readonly announcement: string;
}

export function overviewView(state: DashboardState, textContext: TextContext): OverviewView {
  const { t } = textContext;
  const { proxy, wheel, accounts } = state.snapshot;
  const words = proxyWords(proxy, t);
  const { spoken, ...notice } = noticeOf(state, textContext);
  const isRunning = proxy.kind === 'running';
  return {
    hasFigure: accounts.length > 0,
    ...figureOf(state, textContext),
    spent: spentText(state, textContext),
    waiting: waitingLine(state, textContext),
    proxy: words,
    advice: proxyAdvice(proxy, t) ?? '',
    baseUrl: isRunning ? proxy.baseUrl : '',
    remedies: remedies[proxy.kind],
    ...notice,
    clients: state.clients,
    wantsClient: state.clients.length === 0 && wheel.keys > 0,
    actions: [
      ...(isRunning && wheel.keys > 0 ? (['sendTestRequest'] as const) : []),
      'runDoctor',
      ...(proxy.kind === 'failed' ? [] : (['openSettings'] as const)),
    ],
    announcement: [words.text, ...spoken, ...accountAnnouncements(accounts, textContext)].join('. '),
  };
}

function figureOf(
  state: DashboardState,
  textContext: TextContext,
): Pick<OverviewView, 'left' | 'leftNote' | 'leftShare' | 'outlook'> {
  const { t, formats } = textContext;
  const { freeLeft, freeLimit } = state.snapshot.wheel;
  if (freeLimit === 0) {
    const left = creditsFigure(state, textContext) ?? '';
    return { left, leftNote: left === '' ? '' : t('of credits left'), leftShare: null, outlook: '' };
  }
  return {
    left: formats.count(freeLeft),
    leftNote: t('of {0} free requests left today', formats.count(freeLimit)),
    leftShare: freeLeft / freeLimit,
    outlook: outlookText(state, textContext),
  };
}

/** The problem that blocks all requests, the keychain first; `spoken` leaves out the parts that change with each retry. */
function noticeOf(
  { snapshot, vault }: DashboardState,
  textContext: TextContext,
): Pick<OverviewView, 'notice' | 'isUnreached'> & { readonly spoken: readonly string[] } {
  const { t } = textContext;
  const { unreached } = snapshot;
  const words = vaultWords(vault, t);
  if (words !== null) return { notice: words, isUnreached: false, spoken: [words.text] };
  if (unreached === undefined) return { notice: null, isUnreached: false, spoken: [] };
  const text = joined(' ', unreachedText(snapshot, textContext), reachAdvice(unreached.code, t));
  return { notice: { text, tone: 'bad' }, isUnreached: true, spoken: [t('OpenRouter cannot be reached')] };
}

/** Such as `$0.42 spent today · 1.2M tokens in, 34K out`. */
function spentText({ spent }: DashboardState, { t, formats }: TextContext): string {
  const { cost, promptTokens, completionTokens } = spent;
  if (cost === 0) return '';
  return t(
    '{0} spent today · {1} tokens in, {2} out',
    formats.credits(cost),
    formats.compact(promptTokens),
    formats.compact(completionTokens),
  );
}

/** Such as `6 requests waiting, next slot at 22:36:59`. */
function waitingLine({ snapshot }: DashboardState, textContext: TextContext): string {
  const { wheel, running } = snapshot;
  const waiting = waitingText(wheel.waiting, textContext);
  const slots = running.flatMap(({ stage, nextAtMs }) => (stage === 'waiting' ? (nextAtMs ?? []) : []));
  if (waiting === '' || slots.length === 0) return waiting;
  const { t, formats, nowMs } = textContext;
  return t('{0}, next slot at {1}', waiting, formats.until(Math.min(...slots), nowMs));
}

/** Such as `runs out about 16:40 at this pace (12/h) · resets in 7 h 20 min`. */
function outlookText({ snapshot, forecast }: DashboardState, textContext: TextContext): string {
  const { t, nowMs } = textContext;
  const { resetAtMs } = snapshot.wheel;
  if (resetAtMs === null) return '';
  const resets = t('resets in {0}', roughDurationText(resetAtMs - nowMs, t));
  return joined(' · ', paceText(forecast, textContext), resets);
}

const remedies: Readonly<Record<ProxyState['kind'], readonly Action[]>> = {
  stopped: ['startProxy'],
  starting: [],
  running: [],
  failed: ['startProxy', 'openSettings', 'showLog'],
};

/** Only accounts that are used up or locked, because a full minute is too frequent to announce. */
function accountAnnouncements(accounts: readonly AccountView[], textContext: TextContext): string[] {
  return accounts
    .filter(({ state }) => state === 'usedUp' || state === 'locked')
    .map((account) => `${account.name}: ${accountWords(account, textContext).text}`);
}
