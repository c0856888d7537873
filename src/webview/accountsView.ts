// The accounts and keys as plain values for the table; no DOM.
import type { DashboardState, Target } from '../service/messages';
import type { AccountView, KeyView } from '../service/snapshot';
import { accountWords, keyWords, type StateWords, type TextContext } from '../words/stateWords';

export interface AccountsView {
  readonly groups: readonly AccountGroup[];
  /** Whether any account's or key's credits are known. */
  readonly hasCredits: boolean;
  /** The reason why there is no account to show, or null if the table is shown. */
  readonly empty: 'loading' | 'noKeychain' | 'noKeys' | 'notRunning' | null;
  /** Removed keys that can be restored, the latest first. */
  readonly removed: DashboardState['removed'];
}

/** One row for an account with a single key; else a row for the account and one for each key. */
export interface AccountGroup {
  readonly accountId: string;
  readonly rows: readonly Row[];
}

/** A figure, and the share of its bar from 0 to 1. */
export interface Gauge {
  readonly text: string;
  readonly share: number;
  /** Whether nothing is left. */
  readonly isEmpty: boolean;
}

/** Cells without a value are empty or null. */
export interface Row {
  /** `single`: an account together with its only key. */
  readonly kind: 'account' | 'key' | 'single';
  readonly accountId: string;
  /** In the account's own row: its first key. */
  readonly keyId: string;
  readonly title: string;
  /** The masked key; for an account the number of keys and the daily limit. */
  readonly subtitle: string;
  /** Such as `your limit: 200 a day`, `paid requests only`. */
  readonly notes: readonly string[];
  readonly day: Gauge | null;
  /** Today's requests as counted here and by OpenRouter. */
  readonly counts: string;
  /** Whether the counts differ by more than the minute limit; else only the tooltip shows them. */
  readonly areCountsApart: boolean;
  readonly minute: Gauge | null;
  readonly credits: string;
  readonly requests: string;
  readonly errors: string;
  readonly lastUsed: string;
  readonly state: StateWords;
  readonly isEnabled: boolean;
  readonly isLocked: boolean;
  /** Directions in which the row can be moved: -1 up, 1 down. */
  readonly moves: readonly (-1 | 1)[];
  /** Whether the proxy runs, which checks and unlocks accounts. */
  readonly isServed: boolean;
  /** The editor's initial values; for an account only the name is used. */
  readonly edit: Pick<KeyView, 'label' | 'dailyLimit' | 'accountName' | 'paidUse'>;
}

/** The key or account that the row's actions apply to. */
export function targetOf({ kind, keyId, accountId }: Row): Target {
  return kind === 'account' ? { accountId } : { keyId };
}

export function accountsView(state: DashboardState, textContext: TextContext): AccountsView {
  const groups = withoutRemoved(state).map((account) => ({
    accountId: account.accountId,
    rows: rowsOf(account, state, textContext),
  }));
  return {
    groups,
    hasCredits: groups.some(({ rows }) => rows.some(({ credits }) => credits !== '')),
    empty: emptyState(state),
    removed: [...state.removed].reverse(),
  };
}

/** Leaves out removed keys at once, because the snapshot follows later. */
function withoutRemoved({ snapshot, removed }: DashboardState): readonly AccountView[] {
  if (removed.length === 0) return snapshot.accounts;
  const gone = new Set(removed.map(({ keyId }) => keyId));
  return snapshot.accounts
    .map((account) => ({ ...account, keys: account.keys.filter(({ keyId }) => !gone.has(keyId)) }))
    .filter(({ keys }) => keys.length > 0);
}

function rowsOf(account: AccountView, state: DashboardState, textContext: TextContext): Row[] {
  const own = accountRow(account, state, textContext);
  const keys = account.keys.map((key) => keyRow(key, account, state, textContext));
  const [only, ...others] = keys;
  if (only === undefined || others.length > 0) return [own, ...keys.map((key) => withoutRepeat(key, own))];
  const { day, counts, areCountsApart, minute, credits, moves } = own;
  const isNamed = account.name !== only.title && account.name !== only.subtitle;
  const notes = isNamed ? [textContext.t('account {0}', account.name), ...only.notes] : only.notes;
  const isLocked = own.isLocked || only.isLocked;
  const ofAccount = { day, counts, areCountsApart, minute, credits, moves };
  return [{ ...only, ...ofAccount, kind: 'single', notes, isLocked }];
}

/** Leaves out a key's state that repeats the account's. */
function withoutRepeat(key: Row, account: Row): Row {
  const isSame = key.state.text === account.state.text;
  return isSame ? { ...key, state: { text: '', tone: key.state.tone } } : key;
}

function accountRow(account: AccountView, state: DashboardState, textContext: TextContext): Row {
  const { t, formats } = textContext;
  const { accountId, keys, creditsLeft, locks } = account;
  const sum = (of: (key: KeyView) => number): string =>
    formats.count(keys.reduce((total, key) => total + of(key), 0));
  const isNamed = keys.some(({ accountName }) => accountName !== null);
  // Without its own name the account has the name of its first key, which is shown below.
  const title = isNamed ? account.name : t('Account of {0}', account.name);
  return {
    kind: 'account',
    accountId,
    keyId: keys[0]?.keyId ?? '',
    title,
    subtitle: t(
      '{0} keys of one account: {1} free requests a day',
      formats.count(keys.length),
      formats.count(account.day.limit),
    ),
    notes: [],
    day: dayGauge(account, textContext),
    counts: countsText(account, textContext),
    areCountsApart: areCountsApart(account),
    minute: minuteGauge(account, textContext),
    credits: creditsLeft === null ? '' : formats.credits(creditsLeft),
    requests: sum(({ requests }) => requests),
    errors: sum(({ errors }) => errors),
    lastUsed: lastUsedText(Math.max(0, ...keys.map(({ lastUsedAtMs }) => lastUsedAtMs ?? 0)), textContext),
    state: accountWords(account, textContext),
    isEnabled: true,
    isLocked: locks.length > 0 || keys.some((key) => key.locks.length > 0),
    moves: movesOf(state.snapshot.accounts, (other) => other.accountId === accountId),
    isServed: isServed(state),
    edit: { label: title, dailyLimit: null, accountName: isNamed ? account.name : null, paidUse: 'auto' },
  };
}

function keyRow(key: KeyView, account: AccountView, state: DashboardState, textContext: TextContext): Row {
  const { formats } = textContext;
  const { keyId, label, masked, dailyLimit, accountName, paidUse, capLeft } = key;
  return {
    kind: 'key',
    accountId: account.accountId,
    keyId,
    title: label,
    subtitle: masked === label ? '' : masked,
    notes: ruleTexts(key, textContext),
    day: null,
    counts: '',
    areCountsApart: false,
    minute: null,
    credits: capLeft === null ? '' : formats.credits(capLeft),
    requests: formats.count(key.requests),
    errors: formats.count(key.errors),
    lastUsed: lastUsedText(key.lastUsedAtMs ?? 0, textContext),
    state: keyWords(key, account, textContext),
    isEnabled: key.enabled,
    isLocked: key.locks.length > 0,
    moves: movesOf(account.keys, (other) => other.keyId === keyId),
    isServed: isServed(state),
    edit: { label, dailyLimit, accountName, paidUse },
  };
}

function movesOf<T>(list: readonly T[], isIt: (one: T) => boolean): Row['moves'] {
  const at = list.findIndex(isIt);
  return ([-1, 1] as const).filter((by) => list[at + by] !== undefined);
}

function isServed({ snapshot }: DashboardState): boolean {
  return snapshot.proxy.kind === 'running';
}

function dayGauge({ day }: AccountView, { t, formats }: TextContext): Gauge {
  return {
    text: t('{0} of {1}', formats.count(day.left), formats.count(day.limit)),
    share: day.limit > 0 ? day.left / day.limit : 0,
    isEmpty: day.left <= 0,
  };
}

function minuteGauge({ minute }: AccountView, { t, formats }: TextContext): Gauge {
  return {
    text: t('{0} of {1}', formats.count(minute.used), formats.count(minute.limit)),
    share: minute.limit > 0 ? minute.used / minute.limit : 1,
    isEmpty: minute.used >= minute.limit,
  };
}

function ruleTexts(
  { dailyLimit, paidUse, expiresAtMs }: KeyView,
  { t, formats, nowMs }: TextContext,
): string[] {
  const rules: string[] = [];
  if (typeof expiresAtMs === 'number') rules.push(t('expires {0}', formats.until(expiresAtMs, nowMs)));
  if (dailyLimit !== null) rules.push(t('your limit: {0} a day', formats.count(dailyLimit)));
  if (paidUse === 'only') rules.push(t('paid requests only'));
  if (paidUse === 'never') rules.push(t('free requests only'));
  return rules;
}

/** Such as `216 used here, 220 seen by OpenRouter`; empty until there is a reading. */
function countsText({ day }: AccountView, { t, formats }: TextContext): string {
  if (day.server === null) return '';
  return t('{0} used here, {1} seen by OpenRouter', formats.count(day.own), formats.count(day.server.used));
}

/** Whether the difference is larger than a full minute, which OpenRouter may not have counted yet. */
function areCountsApart({ day, minute }: AccountView): boolean {
  return day.server !== null && Math.abs(day.server.used - day.own) > minute.limit;
}

/** The time if it was today, else the day, because there is no room for both. */
function lastUsedText(atMs: number, { formats, nowMs }: TextContext): string {
  if (atMs === 0) return '–';
  const day = formats.day(atMs);
  return day === formats.day(nowMs) ? formats.clock(atMs) : day;
}

function emptyState({ vault, snapshot, removed }: DashboardState): AccountsView['empty'] {
  if (snapshot.accounts.length > 0) return null;
  const canUndo = removed.length > 0;
  if (!canUndo && (vault === 'loading' || vault === 'slow')) return 'loading';
  if (!canUndo && vault === 'refused') return 'noKeychain';
  if (snapshot.wheel.keys > 0) return 'notRunning';
  // Says that there is no key only when the last removal cannot be undone any more.
  return canUndo ? null : 'noKeys';
}
