// The lines of accounts and keys as plain text made of a state; no DOM.
import type { DashboardState } from '../service/messages';
import type { AccountView, KeyView } from '../service/snapshot';
import { accountWords, keyWords, type Speech, type StateWords } from './stateWords';

export interface AccountsView {
  readonly groups: readonly AccountGroup[];
  /** Instead of the table while there is no key. */
  readonly empty: 'loading' | 'noKeys' | 'notRunning' | null;
  /** Keys whose removal can still be undone, the latest first. */
  readonly removed: DashboardState['removed'];
}

/** One line for an account with one key; else one for the account and one for each key. */
export interface AccountGroup {
  readonly accountId: string;
  readonly lines: readonly Line[];
}

/** A figure and how full its bar is, 0 to 1. */
export interface Gauge {
  readonly text: string;
  readonly share: number;
  /** Nothing is left of it. */
  readonly isEmpty: boolean;
}

/** Cells that a line has nothing to say in are empty or null. */
export interface Line {
  /** `single`: an account together with its only key. */
  readonly kind: 'account' | 'key' | 'single';
  readonly accountId: string;
  /** Empty for an account's own line. */
  readonly keyId: string;
  readonly title: string;
  /** The masked key; of an account its tier. */
  readonly subtitle: string;
  /** Such as `at most 200 a day`, `paid requests only`. */
  readonly notes: readonly string[];
  readonly day: Gauge | null;
  /** Where the server counts otherwise than we do, both. */
  readonly counts: string;
  readonly minute: Gauge | null;
  readonly credits: string;
  readonly requests: string;
  readonly errors: string;
  readonly lastUsed: string;
  readonly state: StateWords;
  readonly isEnabled: boolean;
  readonly isLocked: boolean;
  /** Whether the proxy runs, which alone can ask OpenRouter anew and lift locks. */
  readonly isServed: boolean;
  /** What the editor begins with; null for an account. */
  readonly edit: Pick<KeyView, 'label' | 'dailyLimit' | 'accountName' | 'paidUse'> | null;
}

export function accountsView(state: DashboardState, speech: Speech): AccountsView {
  return {
    groups: withoutRemoved(state).map((account) => ({
      accountId: account.accountId,
      lines: linesOf(account, state, speech),
    })),
    empty: emptyState(state),
    removed: [...state.removed].reverse(),
  };
}

/** The proxy hears of a removal a moment later than the page: what is removed is gone at once. */
function withoutRemoved({ snapshot, removed }: DashboardState): readonly AccountView[] {
  if (removed.length === 0) return snapshot.accounts;
  const gone = new Set(removed.map(({ keyId }) => keyId));
  return snapshot.accounts
    .map((account) => ({ ...account, keys: account.keys.filter(({ keyId }) => !gone.has(keyId)) }))
    .filter(({ keys }) => keys.length > 0);
}

function linesOf(account: AccountView, state: DashboardState, speech: Speech): Line[] {
  const own = accountLine(account, state, speech);
  const keys = account.keys.map((key) => keyLine(key, account, state, speech));
  const [only, ...others] = keys;
  if (only === undefined || others.length > 0) return [own, ...keys.map((key) => withoutRepeat(key, own))];
  const { day, counts, minute, credits } = own;
  const isNamed = own.title !== only.title && own.title !== only.subtitle;
  const notes = isNamed ? [speech.t('account {0}', own.title), ...only.notes] : only.notes;
  const isLocked = own.isLocked || only.isLocked;
  return [{ ...only, kind: 'single', notes, day, counts, minute, credits, isLocked }];
}

/** What stands in the account's line already is not said again for each key. */
function withoutRepeat(key: Line, account: Line): Line {
  const isSame = key.state.text === account.state.text;
  return isSame ? { ...key, state: { text: '', tone: key.state.tone } } : key;
}

function accountLine(account: AccountView, state: DashboardState, speech: Speech): Line {
  const { t, formats } = speech;
  const { accountId, keys, creditsLeft, locks } = account;
  const sum = (of: (key: KeyView) => number): string =>
    formats.count(keys.reduce((total, key) => total + of(key), 0));
  return {
    kind: 'account',
    accountId,
    keyId: '',
    title: account.name,
    subtitle: t('{0} keys share {1} a day', formats.count(keys.length), formats.count(account.day.limit)),
    notes: [],
    day: dayGauge(account, speech),
    counts: countsText(account, speech),
    minute: minuteGauge(account, speech),
    credits: creditsLeft === null ? '' : formats.credits(creditsLeft),
    requests: sum(({ requests }) => requests),
    errors: sum(({ errors }) => errors),
    lastUsed: lastUsedText(Math.max(0, ...keys.map(({ lastUsedAtMs }) => lastUsedAtMs ?? 0)), speech),
    state: accountWords(account, speech),
    isEnabled: true,
    isLocked: locks.length > 0 || keys.some((key) => key.locks.length > 0),
    isServed: isServed(state),
    edit: null,
  };
}

function keyLine(key: KeyView, account: AccountView, state: DashboardState, speech: Speech): Line {
  const { t, formats } = speech;
  const { keyId, label, masked, dailyLimit, accountName, paidUse, capLeft } = key;
  const isUnsaved = state.unsavedKeyIds.includes(keyId);
  return {
    kind: 'key',
    accountId: account.accountId,
    keyId,
    title: label,
    subtitle: masked === label ? '' : masked,
    notes: [...ruleTexts(key, speech), ...(isUnsaved ? [t('Kept until this window closes')] : [])],
    day: null,
    counts: '',
    minute: null,
    credits: capLeft === null ? '' : formats.credits(capLeft),
    requests: formats.count(key.requests),
    errors: formats.count(key.errors),
    lastUsed: lastUsedText(key.lastUsedAtMs ?? 0, speech),
    state: keyWords(key, account, speech),
    isEnabled: key.enabled,
    isLocked: key.locks.length > 0,
    isServed: isServed(state),
    edit: { label, dailyLimit, accountName, paidUse },
  };
}

function isServed({ snapshot }: DashboardState): boolean {
  return snapshot.proxy.kind === 'running';
}

function dayGauge({ day }: AccountView, { t, formats }: Speech): Gauge {
  return {
    text: t('{0} of {1}', formats.count(day.left), formats.count(day.limit)),
    share: day.limit > 0 ? day.left / day.limit : 0,
    isEmpty: day.left <= 0,
  };
}

function minuteGauge({ minute }: AccountView, { t, formats }: Speech): Gauge {
  return {
    text: t('{0} of {1}', formats.count(minute.used), formats.count(minute.limit)),
    share: minute.limit > 0 ? minute.used / minute.limit : 1,
    isEmpty: minute.used >= minute.limit,
  };
}

function ruleTexts({ dailyLimit, paidUse }: KeyView, { t, formats }: Speech): string[] {
  const rules: string[] = [];
  if (dailyLimit !== null) rules.push(t('at most {0} a day', formats.count(dailyLimit)));
  if (paidUse === 'only') rules.push(t('paid requests only'));
  if (paidUse === 'never') rules.push(t('free requests only'));
  return rules;
}

/** Such as `here 216, OpenRouter 220`: what was used by our own count, and by the server's. */
function countsText({ day }: AccountView, { t, formats }: Speech): string {
  const { server, own } = day;
  if (server === null || server.used === own) return '';
  return t('here {0}, OpenRouter {1}', formats.count(own), formats.count(server.used));
}

function lastUsedText(atMs: number, { formats, nowMs }: Speech): string {
  return atMs === 0 ? '–' : formats.since(atMs, nowMs);
}

function emptyState({ vault, snapshot, removed }: DashboardState): AccountsView['empty'] {
  if (snapshot.accounts.length > 0) return null;
  const canUndo = removed.length > 0;
  if (!canUndo && (vault === 'loading' || vault === 'slow')) return 'loading';
  if (snapshot.wheel.keys > 0) return 'notRunning';
  // That there is none is said when the last one cannot be brought back any more.
  return canUndo ? null : 'noKeys';
}
