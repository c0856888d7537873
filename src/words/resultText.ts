// Texts for the results of commands: adding keys, Check Now, Unlock, a test request, the removal of all data; does not import
// vscode, so that every result can be tested.
import { maskKey } from '../base/secret';
import type { ConnectionRecord } from '../clients/records';
import { isWhole, type Removal } from '../clients/removal';
import type { TestResult } from '../clients/testRequest';
import type { KeyCheck } from '../service/keyring/keyCheck';
import type { AddedKey, AddResult } from '../service/keyring/keyring';
import type { Target } from '../service/messages';
import type { AccountView, Snapshot } from '../service/snapshot';
import { connectionLines, disconnectedText } from './clientWords';
import { joined, tookText, type Language } from './formats';
import { reachReason } from './reachReason';
import { reachText } from './reachText';
import { accountWords, type TextContext } from './stateWords';
import { wordsFor, type Translate } from './translate';

export interface ResultText {
  readonly severity: 'info' | 'warning' | 'error';
  readonly text: string;
}

/** Breaks links: `[text](command:…)` in a message runs a command at a click, and a model or client may have written it. */
export function withoutLinks(text: string): string {
  return text.replaceAll('](', '] (');
}

type Added = AddResult & { readonly kind: 'added' };

type Refusal = Exclude<AddResult['kind'], 'added' | 'duplicate'>;

const refusalText = wordsFor<Refusal>({
  notKept: (t) =>
    t('The system keychain did not store the key. Nothing was added. Unlock the keychain, then try again.'),
  malformed: (t) => t('OpenRouter keys begin with {0}. Nothing was added.', 'sk-or-'),
  management: (t) =>
    t('This is a management key, which cannot run models. Nothing was added. Create an API key instead.'),
  bad: (t) =>
    t('Invalid key: OpenRouter does not accept it. It may have been deleted or disabled. Nothing was added.'),
});

/** The reason why a key was not added, in a list of several keys. */
const listedRefusal = wordsFor<Refusal, string, [masked: string]>({
  notKept: (t, masked) => t('{0} (not stored by the system keychain)', masked),
  malformed: (t, masked) => t('{0} (not an OpenRouter key)', masked),
  management: (t, masked) => t('{0} (a management key)', masked),
  bad: (t, masked) => t('{0} (invalid)', masked),
});

/** The added key's account: its number of keys here, and their common daily limit. */
interface SharedAccount {
  readonly keys: number;
  readonly limit: number;
}

/** One message: whether the key was added, its allowance, and problems. */
export function addResultText(
  result: AddResult,
  label: string,
  account: SharedAccount | null,
  language: Language,
): ResultText {
  const { t } = language;
  if (result.kind === 'added') {
    const text = joined(' ', t('Key “{0}” added.', label), checkText(result.check, account, language));
    return { severity: result.check.kind === 'good' ? 'info' : 'warning', text };
  }
  return result.kind === 'duplicate'
    ? { severity: 'info', text: t('This key is already added as “{0}”.', result.label) }
    : { severity: 'error', text: refusalText(result.kind, t) };
}

function checkText(check: KeyCheck, account: SharedAccount | null, { t, formats }: Language): string | null {
  if (check.kind === 'unreachable')
    return t('Could not check it yet ({0}). Keywheel will try again.', reachText(check.detail, t));
  // For the types alone: a key with another result is not added.
  if (check.kind !== 'good') return null;
  if (account && account.keys > 1) {
    const { keys, limit } = account;
    return `${t('{0} keys of one account: {1} free requests a day', formats.count(keys), formats.count(limit))}.`;
  }
  const { freeLimit: limit, freeUsed } = check;
  if (limit === null) return null;
  const left = Math.max(limit - (freeUsed ?? 0), 0);
  return t('{0} of {1} free requests left today.', formats.count(left), formats.count(limit));
}

export interface AddSummary {
  readonly added: readonly AddedKey[];
  /** Masks of texts that start like a key but are not keys. */
  readonly unreadable: readonly string[];
  /** The number of keys that were not tried because the user cancelled. */
  readonly leftOut: number;
}

const mostNamed = 5;

/** One message with added, known and rejected keys; keys are named by their masks. */
export function addSummaryText(summary: AddSummary, language: Language): ResultText {
  const { t, formats } = language;
  const good = summary.added.flatMap(({ result }) => (result.kind === 'added' ? [result] : []));
  const known = summary.added.filter(({ result }) => result.kind === 'duplicate').length;
  const bad = badTexts(summary, t);
  const text = joined(
    ' ',
    bad.length > 0 && t('Not added: {0}.', named(bad, language)),
    addedText(good, language),
    known > 0 && t('Already added: {0}.', formats.count(known)),
    doubtText(good, language),
    summary.leftOut > 0 && t('Not tried, because you cancelled: {0}.', formats.count(summary.leftOut)),
  );
  const isDoubtful = good.some(({ check }) => check.kind !== 'good');
  const severity =
    bad.length > 0 && good.length === 0 ? 'error' : bad.length > 0 || isDoubtful ? 'warning' : 'info';
  return { severity, text };
}

function addedText(good: readonly Added[], { t, formats }: Language): string {
  if (good.length === 0) return t('No key was added.');
  const accounts = new Set(good.flatMap(({ check }) => (check.kind === 'good' ? [check.accountId] : [])));
  return accounts.size === 0
    ? t('Keys added: {0}.', formats.count(good.length))
    : t('Keys added: {0}, accounts: {1}.', formats.count(good.length), formats.count(accounts.size));
}

function badTexts({ added, unreadable }: AddSummary, t: Translate): string[] {
  const refused = added.flatMap(({ entry, result: { kind } }) =>
    kind === 'added' || kind === 'duplicate' ? [] : [listedRefusal(kind, t, maskKey(entry.key))],
  );
  return [...refused, ...unreadable.map((masked) => listedRefusal('malformed', t, masked))];
}

function doubtText(good: readonly Added[], { t, formats }: Language): string | undefined {
  const unreachable = good.flatMap(({ check }) => (check.kind === 'unreachable' ? [check.detail] : []));
  const [detail] = unreachable;
  if (detail === undefined) return undefined;
  const count = formats.count(unreachable.length);
  return t('Keys not checked yet: {0} ({1}). Keywheel will try again.', count, reachText(detail, t));
}

function named(bad: readonly string[], { t, formats }: Language): string {
  const shown = bad.slice(0, mostNamed).join(', ');
  return bad.length <= mostNamed
    ? shown
    : t('{0} and {1} more', shown, formats.count(bad.length - mostNamed));
}

/** Tolerance, because the proxy reads its clock on another thread at another time. */
const clocksDifferMs = 100;

/** The account that an action applies to; if it applies to one key, the account with only that key. */
export function actedOn(accounts: readonly AccountView[], target: Target): AccountView | undefined {
  if ('accountId' in target) return accounts.find(({ accountId }) => accountId === target.accountId);
  return accounts
    .map((account) => ({ ...account, keys: account.keys.filter(({ keyId }) => keyId === target.keyId) }))
    .find(({ keys }) => keys.length > 0);
}

/** Whether the account was read since `askedAtMs`, or all its keys were refused. */
export function isChecked({ day, keys }: AccountView, askedAtMs: number): boolean {
  return (
    (day.server?.atMs ?? 0) >= askedAtMs - clocksDifferMs || keys.every(({ health }) => health === 'bad')
  );
}

/** Such as `Checked: 44 of 50 left`. */
export function checkedText(
  account: AccountView,
  { unreached }: Pick<Snapshot, 'unreached'>,
  askedAtMs: number,
  { t, formats }: TextContext,
): string {
  const { day, keys } = account;
  if (keys.every(({ health }) => health === 'bad')) return t('Checked: OpenRouter does not accept it');
  if (isChecked(account, askedAtMs))
    return t('Checked: {0} of {1} left', formats.count(day.left), formats.count(day.limit));
  return unreached === undefined
    ? t('Not checked: OpenRouter gave no answer')
    : t('Not checked: OpenRouter cannot be reached ({0})', reachReason(unreached.code, t));
}

/** Such as `Still used up: OpenRouter says 89 of 50 used`. */
export function unlockedText(account: AccountView, textContext: TextContext): string {
  const { t, formats } = textContext;
  const { state, day } = account;
  if (state === 'ready' || state === 'off') return t('Unlocked');
  return state === 'usedUp' && day.server !== null
    ? t(
        'Still used up: OpenRouter says {0} of {1} used',
        formats.count(day.server.used),
        formats.count(day.limit),
      )
    : t('Still held back: {0}', accountWords(account, textContext).text);
}

/** One message: the result, and advice after a failure. */
export function testResultText(
  result: Exclude<TestResult, { kind: 'cancelled' }>,
  language: Language,
): string {
  const { t } = language;
  switch (result.kind) {
    case 'answered':
      return answeredText(result, language);
    case 'refused':
      return joined(' ', refusedText(result.status, t), result.message);
    case 'failed':
      return t('The proxy did not answer ({0}). Restart it, or run the doctor.', reachText(result.code, t));
    case 'unreachable':
      return t(
        'OpenRouter cannot be reached ({0}), so nothing was sent. Check your network, or run the doctor.',
        reachText(result.code, t),
      );
  }
}

function answeredText(
  { model, text, tookMs, keyLabel, attempts }: TestResult & { kind: 'answered' },
  language: Language,
): string {
  const { t } = language;
  const took = tookText(tookMs, language);
  const said =
    text === ''
      ? t('{0} answered in {1} without text.', model, took)
      : t('{0} answered in {1}: “{2}”', model, took, text);
  const how = keyLabel !== null && t('Key: {0}.', keyLabel);
  return joined(' ', t('It works.'), said, how, attempts > 1 && t('{0} attempts.', attempts));
}

function refusedText(status: number, t: Translate): string {
  switch (status) {
    case 401:
      return t('The proxy key was not accepted ({0}).', status);
    case 402:
    case 429:
      return t('No key can serve this request now ({0}).', status);
    default:
      return t('The request failed ({0}).', status);
  }
}

/** `records` of connected clients; null if they are unreadable. */
export function removalDetail(
  keys: number,
  records: readonly ConnectionRecord[] | null,
  { t, formats }: Language,
): string {
  const lines = [
    t(
      'Deletes all keys ({0}) with their names and limits, the history and the proxy key. Clients that you set up yourself stop working. Your keys stay valid at OpenRouter. This cannot be undone.',
      formats.count(keys),
    ),
  ];
  if (records !== null && records.length > 0) {
    lines.push('', t('These clients are disconnected; your own changes to their files stay:'));
    lines.push(...connectionLines(records));
  }
  return lines.join('\n');
}

/** One message: whether all data was removed, and the data that is left. */
export function removalText(removal: Removal, t: Translate): string {
  const { disconnected, keysLeft, isVaultClear, isForgotten } = removal;
  const isVaultToName = !isVaultClear && keysLeft.length === 0;
  return joined(
    ' ',
    isWhole(removal) ? t('All Keywheel data was removed.') : t('Not everything could be removed.'),
    disconnectedText(disconnected ?? [], t),
    disconnected === null &&
      t('The records of connected clients are unreadable: clients’ files were not changed.'),
    keysLeft.length > 0 && t('The system keychain still has: {0}.', keysLeft.join(', ')),
    isVaultToName && t('The system keychain still has a key that Keywheel cannot read.'),
    !isForgotten && t('Another window still holds data. Reload it, then remove everything again.'),
  );
}
