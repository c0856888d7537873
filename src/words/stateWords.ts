// Texts for states of proxy, vault, accounts and keys, and for results of exchanges and attempts.
import type { DashboardState } from '../service/messages';
import { lastLock, stateLock, type AccountFacts, type KeyFacts } from '../service/accountFacts';
import type {
  AccountView,
  BusyModel,
  ExchangeEnd,
  ExchangeView,
  ForecastView,
  LockReason,
  LockView,
  ModelLockReason,
  ProxyFailure,
  ProxyState,
  RunningView,
} from '../service/snapshot';
import { joined, type Language } from './formats';
import { wordsFor, type Translate } from './translate';

/** Language, formats and present time of a text. */
export interface TextContext extends Language {
  readonly nowMs: number;
}

/** `warn`: ends by itself · `bad`: the user has to do something. */
type Tone = 'good' | 'warn' | 'bad' | 'off';

export interface StateWords {
  readonly text: string;
  readonly tone: Tone;
  /** Until when the state lasts, if known. */
  readonly untilMs?: number;
}

const reasons: Readonly<Record<LockReason | ModelLockReason, (t: Translate) => string>> = {
  dailyLimit: (t) => t('Daily limit reached'),
  minuteLimit: (t) => t('Minute limit reached'),
  noCredits: (t) => t('No credits'),
  belowZero: (t) => t('Credits below zero'),
  inFlightBudget: (t) => t('Credits reserved by running requests'),
  keyCap: (t) => t('Key’s spending limit reached'),
  budget: (t) => t('Budget used up'),
  unauthorized: (t) => t('Rejected by OpenRouter'),
  busy: (t) => t('Provider is busy'),
  edgeBlocked: (t) => t('Blocked by Cloudflare'),
  policy: (t) => t('Blocked by the account’s settings'),
  ownKeyWanted: (t) => t('Provider wants your own key, or refuses it'),
  unknownLimit: (t) => t('Unknown limit'),
  modelLimit: (t) => t('Model’s limit reached'),
  modelDailyLimit: (t) => t('Model’s daily limit reached'),
  ownProviderBusy: (t) => t('Your own provider key is busy'),
  sharedCapacity: (t) => t('Shared capacity used up'),
  left: (t) => t('Skipped for a fallback model'),
};

/** The time when the model's lock ends; unless the model is busy for everybody, also the reason and the account. */
export function modelLockText(
  { accountId, reason = 'busy', untilMs }: BusyModel,
  accounts: readonly AccountView[],
  { t, formats, nowMs }: TextContext,
): string {
  const until = formats.until(untilMs, nowMs);
  if (accountId === null && reason === 'busy') return until;
  const text = t('{0} until {1}', outcomeText(reason, t), until);
  const account = accounts.find((each) => each.accountId === accountId);
  return account === undefined ? text : t('{0}: {1}', account.name, text);
}

/** Whether an account can serve free requests (paid ones if all its keys are for paid use), why not, and until when. */
export function accountWords(account: AccountFacts, textContext: TextContext): StateWords {
  const words = account.keys.map((key) => keyWords(key, account, textContext));
  const isShared = words.every(({ text }) => text === words[0]?.text);
  // Where no key serves, an invalid key is shown rather than one that the user turned off.
  const [invalid] = account.state === 'off' ? words.filter(({ tone }) => tone === 'bad') : [];
  return invalid ?? (isShared ? words[0] : undefined) ?? ownWords(account, textContext);
}

/** The account's state, for keys that have none of their own. */
function ownWords(account: AccountFacts, textContext: TextContext): StateWords {
  const { t } = textContext;
  switch (account.state) {
    case 'ready':
      return readyWords(account, textContext);
    case 'waiting':
      return timed(account, t('Minute limit reached'), textContext);
    case 'usedUp':
      return timed(account, t('Used up'), textContext);
    case 'locked': {
      const lock = stateLock(account);
      return lock ? lockWords(lock, textContext) : timed(account, t('Locked'), textContext);
    }
    case 'off':
      return { text: t('Off'), tone: 'off' };
  }
}

/** The key's own state, else its account's. */
export function keyWords(key: KeyFacts, account: AccountFacts, textContext: TextContext): StateWords {
  const { t } = textContext;
  if (!key.enabled) return { text: t('Off'), tone: 'off' };
  if (key.health === 'bad') return { text: t('Invalid key'), tone: 'bad' };
  if (key.health === 'management') return { text: t('Management key: it cannot run models'), tone: 'bad' };
  const lock = lastLock(key.locks, key.paidUse === 'only' ? 'paid' : 'free');
  if (lock) return lockWords(lock, textContext);
  if (key.health === 'unchecked' && account.state === 'ready')
    return { text: t('Not checked yet'), tone: 'warn' };
  return ownWords({ ...account, keys: [key] }, textContext);
}

/** The proxy's state. */
export function proxyWords(proxy: ProxyState, t: Translate): StateWords {
  switch (proxy.kind) {
    case 'stopped':
      return { text: t('Proxy stopped'), tone: 'off' };
    case 'starting':
      return { text: t('Proxy is starting'), tone: 'warn' };
    case 'running':
      return { text: runningText(proxy, t), tone: 'good' };
    case 'failed':
      return failureWords(proxy.code, t, String(proxy.port), proxy.detail);
  }
}

/** Advice for a proxy that does not run, or null. */
export function proxyAdvice(proxy: ProxyState, t: Translate): string | null {
  return proxy.kind === 'failed' ? failureAdvice(proxy.code, t) : null;
}

const failureAdvice = wordsFor<ProxyFailure>({
  portInUse: (t) => t('Close that program, or choose another port in the settings.'),
  portSilent: (t) => t('A window whose Keywheel hangs may have it: close that window, or end that program.'),
  otherMachine: (t) =>
    t('Clients here reach the proxy of that machine. This window takes over when the port is free.'),
  otherProduct: (t) => t('Use its base URL and proxy key, or choose another port in the settings.'),
  otherVersion: (t) => t('Reload this window to use that version.'),
  portForbidden: (t) => t('Choose a port above 1023 in the settings.'),
  other: (t) => t('See the log.'),
});

/** The reason why a command that needs the running proxy and its key fails, with advice. */
export function notRunningText(proxy: ProxyState, t: Translate): string {
  switch (proxy.kind) {
    case 'stopped':
      return t('The proxy is stopped. Start it, then try again.');
    case 'starting':
      return t('The proxy is starting. Try again in a moment.');
    case 'running':
      return t('The proxy key is not loaded yet: the system keychain has not answered.');
    case 'failed':
      return joined('. ', proxyWords(proxy, t).text, proxyAdvice(proxy, t));
  }
}

function runningText({ port, hostedBy }: ProxyState & { kind: 'running' }, t: Translate): string {
  if (hostedBy === undefined) return t('Running on port {0}', String(port));
  return t('Running on port {0} · in window “{1}”', String(port), hostedBy);
}

const failureWords = wordsFor<ProxyFailure, StateWords, [port: string, detail: string]>({
  portInUse: (t, port) => ({ text: t('Port {0} is used by another program', port), tone: 'bad' }),
  portSilent: (t, port) => ({ text: t('The program on port {0} does not answer', port), tone: 'bad' }),
  otherMachine: (t, port) => ({
    text: t('Port {0} is served by another machine through VS Code', port),
    tone: 'good',
  }),
  otherProduct: (t, port, name) => ({ text: t("{0}'s Keywheel has port {1}", name, port), tone: 'warn' }),
  otherVersion: (t, port) => ({
    text: t('Port {0} is served by another version of Keywheel', port),
    tone: 'warn',
  }),
  portForbidden: (t, port) => ({ text: t('Port {0} requires administrator rights', port), tone: 'bad' }),
  other: (t, _, code) => ({ text: t('Proxy could not start: {0}', code), tone: 'bad' }),
});

/** The problem of a vault that is slow or refused access; else null. */
export const vaultWords = wordsFor<DashboardState['vault'], StateWords | null>({
  slow: (t) => ({
    text: t('Waiting for the system keychain. It may ask for your password.'),
    tone: 'warn',
  }),
  refused: (t) => ({
    text: t('The system keychain is not available. Unlock it, then reload this window.'),
    tone: 'bad',
  }),
  loading: () => null,
  ok: () => null,
});

/** How long the allowance lasts at the pace of the last hour; empty if unknown or nothing is left. */
export function paceText(forecast: ForecastView, { t, formats, nowMs }: TextContext): string {
  switch (forecast.kind) {
    case 'none':
    case 'quiet':
    case 'usedUp':
      return '';
    case 'lasts':
      return t('enough at this pace ({0}/h)', formats.count(forecast.perHour));
    case 'until': {
      const fiveMinutes = 5 * 60_000;
      const nearestMs = Math.round(forecast.untilMs / fiveMinutes) * fiveMinutes;
      const until = formats.clock(nearestMs <= nowMs ? nearestMs + fiveMinutes : nearestMs);
      return t('runs out about {0} at this pace ({1}/h)', until, formats.count(forecast.perHour));
    }
  }
}

/** The number of waiting requests; empty if none wait. */
export function waitingText(waiting: number, { t, formats }: Language): string {
  if (waiting === 0) return '';
  return waiting === 1 ? t('1 request waiting') : t('{0} requests waiting', formats.count(waiting));
}

function readyWords(account: AccountFacts, textContext: TextContext): StateWords {
  const paid = stateLock(account);
  const text = paid
    ? textContext.t(
        'Ready (free only). Paid: {0}, next try {1}',
        outcomeText(paid.reason, textContext.t),
        textContext.formats.until(paid.untilMs, textContext.nowMs),
      )
    : textContext.t('Ready');
  return { text, tone: 'good' };
}

function timed(
  { untilMs }: Pick<AccountView, 'untilMs'>,
  reason: string,
  textContext: TextContext,
): StateWords {
  const { t, formats, nowMs } = textContext;
  if (untilMs === null) return { text: reason, tone: 'warn' };
  return { text: t('{0} until {1}', reason, formats.until(untilMs, nowMs)), tone: 'warn', untilMs };
}

/** Such as `Daily limit reached until 01:00`. */
function lockWords({ reason, untilMs }: LockView, textContext: TextContext): StateWords {
  return timed({ untilMs }, outcomeText(reason, textContext.t), textContext);
}

/** The present stage of a running exchange; with `untilMs` if the exchange goes on by itself at that time. */
export function runningWords(running: RunningView, { t, formats, nowMs }: TextContext): StateWords {
  const { stage, nextAtMs, outcome } = running;
  const at = nextAtMs === null ? {} : { untilMs: nextAtMs };
  const next = nextAtMs === null ? '' : formats.until(nextAtMs, nowMs);
  switch (stage) {
    case 'waiting':
      return {
        text: next === '' ? t('Waiting for a free slot') : t('Waiting, next slot at {0}', next),
        tone: 'warn',
        ...at,
      };
    case 'pausing':
      return { text: t('{0}. Trying again', outcomeText(outcome ?? '', t)), tone: 'warn', ...at };
    case 'asking':
      return { text: t('Waiting for OpenRouter’s answer'), tone: 'good' };
    case 'answering':
      return { text: t('Answering'), tone: 'good' };
  }
}

export const endWords = wordsFor<ExchangeEnd, StateWords>({
  answered: (t) => ({ text: t('Answered'), tone: 'good' }),
  refused: (t) => ({ text: t('Refused'), tone: 'bad' }),
  failed: (t) => ({ text: t('Interrupted'), tone: 'bad' }),
  cancelled: (t) => ({ text: t('Cancelled'), tone: 'off' }),
});

export const classWords = wordsFor<ExchangeView['class']>({
  free: (t) => t('Free'),
  paid: (t) => t('Paid'),
  unmetered: (t) => t('Not counted'),
});

const outcomes: Readonly<Record<string, (t: Translate) => string>> = {
  ...reasons,
  answer: (t) => t('Answered'),
  requestTooDear: (t) => t('Not enough credits for this request'),
  overloaded: (t) => t('Provider unavailable'),
  internal: (t) => t('OpenRouter error'),
  requestFault: (t) => t('Invalid request'),
  notSent: (t) => t('No connection to OpenRouter'),
  resetBeforeHead: (t) => t('Connection lost before the answer'),
  unreadable: (t) => t('Invalid HTTP response'),
  notAnAnswer: (t) => t('Unexpected response format'),
  headTimeout: (t) => t('Timed out'),
  firstTokenTimeout: (t) => t('First token timed out'),
  idleTimeout: (t) => t('Stalled'),
  cut: (t) => t('Interrupted'),
  clientGone: (t) => t('Cancelled'),
  headTooLarge: (t) => t('Response headers too large'),
};

/** The outcome of an attempt; an unknown outcome is returned as it is. */
export function outcomeText(outcome: string, t: Translate): string {
  return Object.hasOwn(outcomes, outcome) ? (outcomes[outcome]?.(t) ?? outcome) : outcome;
}
