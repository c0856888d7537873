// The top of the dashboard as plain text made of a state; no DOM.
import type { DashboardAction, DashboardState } from '../service/messages';
import type { AccountView, ForecastView, ProxyState } from '../service/snapshot';
import { roughDurationText } from './durations';
import { accountWords, proxyAdvice, proxyWords, type Speech, type StateWords } from './stateWords';
import type { Translate } from './translate';

export interface OverviewView {
  readonly left: string;
  readonly leftNote: string;
  /** What is left of all allowances, 0 to 1. */
  readonly leftShare: number;
  /** Pace and reset; empty where nothing free is served. */
  readonly outlook: string;
  readonly waiting: string;
  readonly proxy: StateWords;
  /** Which window hosts, or what to do about a proxy that does not run. */
  readonly advice: string;
  readonly baseUrl: string;
  /** What would help a proxy that does not run. */
  readonly remedies: readonly DashboardAction[];
  readonly notice: StateWords | null;
  /** Read out when it changes; states only, so that figures do not chatter. */
  readonly announcement: string;
}

export function overviewView(state: DashboardState, speech: Speech): OverviewView {
  const { t } = speech;
  const { proxy, wheel, accounts } = state.snapshot;
  const words = proxyWords(proxy, t);
  const notice = vaultNotice(state, t);
  return {
    ...leftOf(state, speech),
    leftShare: wheel.freeLimit > 0 ? wheel.freeLeft / wheel.freeLimit : 0,
    outlook: outlookText(state, speech),
    waiting: waitingText(wheel.waiting, speech),
    proxy: words,
    advice: hostText(proxy, t),
    baseUrl: proxy.kind === 'running' ? proxy.baseUrl : '',
    remedies: remedies(proxy),
    notice,
    announcement: [words.text, notice?.text, ...accountAnnouncements(accounts, speech)]
      .filter((text) => text !== undefined)
      .join('. '),
  };
}

/** Without an account there is nothing to be left of: no key yet, or what the proxy has is not heard. */
function leftOf(
  { snapshot }: DashboardState,
  { t, formats }: Speech,
): Pick<OverviewView, 'left' | 'leftNote'> {
  const { accounts, wheel } = snapshot;
  if (accounts.length === 0) return { left: '–', leftNote: t('free requests left today') };
  return {
    left: formats.count(wheel.freeLeft),
    leftNote: t('of {0} free requests left today', formats.count(wheel.freeLimit)),
  };
}

/** Such as `At this pace until about 16:40; resets in 7 h 20 min.` */
function outlookText({ snapshot, forecast }: DashboardState, speech: Speech): string {
  const { t, nowMs } = speech;
  const { resetAtMs } = snapshot.wheel;
  if (resetAtMs === null) return '';
  const resets = t('resets in {0}', roughDurationText(resetAtMs - nowMs, t));
  const pace = paceText(forecast, speech);
  return pace === '' ? resets : `${pace}; ${resets}`;
}

function paceText(forecast: ForecastView, { t, formats }: Speech): string {
  switch (forecast.kind) {
    case 'none':
    case 'quiet':
      return '';
    case 'usedUp':
      return t('all used up');
    case 'lasts':
      return t('at this pace ({0} an hour) enough until then', formats.count(forecast.perHour));
    case 'until': {
      const fiveMinutes = 5 * 60_000;
      const until = formats.clock(Math.round(forecast.untilMs / fiveMinutes) * fiveMinutes);
      return t('at this pace ({0} an hour) until about {1}', formats.count(forecast.perHour), until);
    }
  }
}

/** How many requests wait, or nothing. */
export function waitingText(waiting: number, { t, formats }: Pick<Speech, 't' | 'formats'>): string {
  if (waiting === 0) return '';
  return waiting === 1 ? t('1 request waits') : t('{0} requests wait', formats.count(waiting));
}

/** Which window has the proxy; for one that does not run, what to do. */
function hostText(proxy: ProxyState, t: Translate): string {
  if (proxy.kind !== 'running') return proxyAdvice(proxy, t) ?? '';
  // The window that does is named with the port.
  return proxy.hostedBy === undefined ? t('This window hosts it') : '';
}

function remedies(proxy: ProxyState): readonly DashboardAction[] {
  switch (proxy.kind) {
    case 'stopped':
      return ['startProxy'];
    case 'failed':
      return ['startProxy', 'openSettings', 'showLog'];
    case 'starting':
    case 'running':
      return [];
  }
}

function vaultNotice({ vault }: DashboardState, t: Translate): StateWords | null {
  switch (vault) {
    case 'slow':
      return { text: t('Waiting for the system keychain. It may be asking for its password.'), tone: 'warn' };
    case 'refused':
      return {
        text: t(
          'The system keychain does not keep secrets. Keys that you add last until this window closes, unless it keeps them by then.',
        ),
        tone: 'bad',
      };
    case 'loading':
    case 'ok':
      return null;
  }
}

/** Only of accounts that cannot go on today: a full minute comes and goes too often to be told. */
function accountAnnouncements(accounts: readonly AccountView[], speech: Speech): string[] {
  return accounts
    .filter(({ state }) => state === 'usedUp' || state === 'locked')
    .map((account) => `${account.name}: ${accountWords(account, speech).text}`);
}
