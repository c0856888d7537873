// Words for the states of proxy, accounts and keys; the status bar uses them too.
import type { AccountView, KeyView, LockReason, LockView, ProxyState } from '../service/snapshot';
import type { Formats } from './formats';
import type { Translate } from './translate';

/** What is needed to say when and in which language. */
export interface Speech {
  readonly t: Translate;
  readonly formats: Formats;
  readonly nowMs: number;
}

/** `warn`: something passes by itself · `bad`: the user has to do something. */
type Tone = 'good' | 'warn' | 'bad' | 'off';

export interface StateWords {
  readonly text: string;
  readonly tone: Tone;
  /** Until when it holds, where that is known. */
  readonly untilMs?: number;
}

const reasons: Readonly<Record<LockReason, (t: Translate) => string>> = {
  dailyLimit: (t) => t('Daily limit reached'),
  minuteLimit: (t) => t('Minute limit reached'),
  noCredits: (t) => t('No credits'),
  belowZero: (t) => t('Credits below zero'),
  inFlightBudget: (t) => t('Credits are held by running requests'),
  keyCap: (t) => t('Spending cap of the key reached'),
  budget: (t) => t('Budget used up'),
  unauthorized: (t) => t('Refused by OpenRouter'),
  busy: (t) => t('Provider is busy'),
  edgeBlocked: (t) => t('Blocked by Cloudflare'),
};

/** Such as `Daily limit reached until 01:00`. */
function lockText(lock: LockView, { t, formats, nowMs }: Speech): string {
  return t('{0} until {1}', reasons[lock.reason](t), formats.until(lock.untilMs, nowMs));
}

/** Whether an account can serve free requests (paid ones, where it is for those alone), why not, and until when. */
export function accountWords(account: AccountView, speech: Speech): StateWords {
  const { t } = speech;
  switch (account.state) {
    case 'ready':
      return readyWords(account, speech);
    case 'waiting':
      return timed(account, t('Minute limit reached'), speech);
    case 'usedUp':
      return timed(account, t('Used up'), speech);
    case 'locked': {
      const isForPaid = account.keys.filter(canServe).every(({ paidUse }) => paidUse === 'only');
      const lock = lastLock(account.locks, isForPaid ? 'paid' : 'free');
      return lock ? lockWords(lock, speech) : timed(account, t('Locked'), speech);
    }
    case 'off':
      return { text: t('Off'), tone: 'off' };
  }
}

function canServe({ enabled, health }: KeyView): boolean {
  return enabled && health !== 'bad' && health !== 'management';
}

/** The state of one key: its own where it has one, else its account's. */
export function keyWords(key: KeyView, account: AccountView, speech: Speech): StateWords {
  const { t } = speech;
  if (!key.enabled) return { text: t('Off'), tone: 'off' };
  if (key.health === 'bad') return { text: t('Bad key: OpenRouter does not accept it'), tone: 'bad' };
  if (key.health === 'management') return { text: t('Management key: it cannot run models'), tone: 'bad' };
  const lock = lastLock(key.locks, key.paidUse === 'only' ? 'paid' : 'free');
  if (lock) return lockWords(lock, speech);
  if (key.health === 'unchecked' && account.state === 'ready')
    return { text: t('Not checked yet'), tone: 'warn' };
  return accountWords(account, speech);
}

/** Where the proxy stands. */
export function proxyWords(proxy: ProxyState, t: Translate): StateWords {
  switch (proxy.kind) {
    case 'stopped':
      return { text: t('Proxy stopped'), tone: 'off' };
    case 'starting':
      return { text: t('Proxy is starting'), tone: 'warn' };
    case 'running':
      return { text: runningText(proxy, t), tone: 'good' };
    case 'failed':
      return failureWords(proxy, t);
  }
}

/** What the user can do about a proxy that does not run, or null. */
export function proxyAdvice(proxy: ProxyState, t: Translate): string | null {
  if (proxy.kind !== 'failed') return null;
  switch (proxy.code) {
    case 'portInUse':
      return t('End that program, or choose another port in the settings.');
    case 'keywheelThere':
      return t(
        'Clients are served there. This window takes over when you start the proxy after that window is closed.',
      );
    case 'otherMachine':
      return t('Clients here reach the proxy of that machine. This window takes over when the port is free.');
    case 'otherProduct':
      return t('Use its base URL and proxy key, or choose another port in the settings.');
    case 'otherVersion':
      return t('Reload this window to use that version.');
    case 'portForbidden':
      return t('Choose a port above 1023 in the settings.');
    case 'other':
      return t('The log tells more.');
  }
}

function runningText({ port, hostedBy }: ProxyState & { kind: 'running' }, t: Translate): string {
  if (hostedBy === undefined) return t('Proxy runs on port {0}', String(port));
  return t('Proxy runs on port {0}, in the window “{1}”', String(port), hostedBy);
}

function failureWords(proxy: ProxyState & { kind: 'failed' }, t: Translate): StateWords {
  const port = String(proxy.port);
  switch (proxy.code) {
    case 'portInUse':
      return { text: t('Port {0} is used by another program', port), tone: 'bad' };
    case 'keywheelThere':
      return { text: t('Port {0} is served by the Keywheel of another window', port), tone: 'warn' };
    case 'otherMachine':
      return { text: t('Port {0} is served by {1} through VS Code', port, proxy.detail), tone: 'good' };
    case 'otherProduct':
      return { text: t("{0}'s Keywheel has port {1}", proxy.detail, port), tone: 'warn' };
    case 'otherVersion':
      return { text: t('Port {0} is served by another version of Keywheel', port), tone: 'warn' };
    case 'portForbidden':
      return { text: t('Port {0} may not be used by this user', port), tone: 'bad' };
    case 'other':
      return { text: t('Proxy could not start: {0}', proxy.detail), tone: 'bad' };
  }
}

function readyWords(account: AccountView, speech: Speech): StateWords {
  const paid = lastLock(account.locks, 'paid');
  const text = paid ? speech.t('Ready; paid requests: {0}', lockText(paid, speech)) : speech.t('Ready');
  return { text, tone: 'good' };
}

function timed({ untilMs }: AccountView, reason: string, { t, formats, nowMs }: Speech): StateWords {
  if (untilMs === null) return { text: reason, tone: 'warn' };
  return { text: t('{0} until {1}', reason, formats.until(untilMs, nowMs)), tone: 'warn', untilMs };
}

function lockWords(lock: LockView, speech: Speech): StateWords {
  return { text: lockText(lock, speech), tone: 'warn', untilMs: lock.untilMs };
}

/** The lock of these requests (or of all) that ends last. */
function lastLock(locks: readonly LockView[], covers: 'free' | 'paid'): LockView | undefined {
  return locks
    .filter((lock) => lock.covers === covers || lock.covers === 'all')
    .sort((a, b) => b.untilMs - a.untilMs)[0];
}
