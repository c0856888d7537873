// The message after adding several keys; does not import vscode, so that every case can be tested.
import { maskKey } from '../base/secret';
import type { AddedKey, AddResult } from '../service/keyring/keyring';
import type { Speech } from './stateWords';
import type { AddResultText } from './addResultText';
import { reachText } from './reachText';

export interface AddSummary {
  readonly added: readonly AddedKey[];
  /** Masks of texts that start like a key but are none. */
  readonly unreadable: readonly string[];
  /** The number of keys that were not tried because the user cancelled. */
  readonly leftOut: number;
}

const mostNamed = 5;

/** One message with added, known and rejected keys; keys are named by their masks. */
export function addSummaryText(summary: AddSummary, speech: Pick<Speech, 't' | 'formats'>): AddResultText {
  const { t, formats } = speech;
  const good = summary.added.flatMap(({ result }) => (result.kind === 'added' ? [result] : []));
  const known = summary.added.filter(({ result }) => result.kind === 'duplicate').length;
  const bad = badTexts(summary, speech);
  const sentences = [
    ...(bad.length > 0 ? [t('Not added: {0}.', named(bad, speech))] : []),
    addedText(good, speech),
    ...(known > 0 ? [t('Already added: {0}.', formats.count(known))] : []),
    ...doubtTexts(good, speech),
    ...(summary.leftOut > 0 ? [t('Cancelled before: {0}.', formats.count(summary.leftOut))] : []),
  ];
  const isDoubtful = good.some(({ check }) => check.kind !== 'good');
  const severity =
    bad.length > 0 && good.length === 0 ? 'error' : bad.length > 0 || isDoubtful ? 'warning' : 'info';
  return { severity, text: sentences.join(' ') };
}

type Added = AddResult & { readonly kind: 'added' };

function addedText(good: readonly Added[], { t, formats }: Pick<Speech, 't' | 'formats'>): string {
  if (good.length === 0) return t('No key was added.');
  const accounts = new Set(good.flatMap(({ check }) => (check.kind === 'good' ? [check.accountId] : [])));
  return accounts.size === 0
    ? t('Keys added: {0}.', formats.count(good.length))
    : t('Keys added: {0}, accounts: {1}.', formats.count(good.length), formats.count(accounts.size));
}

function badTexts({ added, unreadable }: AddSummary, { t }: Pick<Speech, 't'>): string[] {
  const refused = added.flatMap(({ entry, result }) => {
    const masked = maskKey(entry.key);
    switch (result.kind) {
      case 'added':
      case 'duplicate':
        return [];
      case 'bad':
        return [t('{0} (invalid)', masked)];
      case 'management':
        return [t('{0} (a management key)', masked)];
      case 'notKept':
        return [t('{0} (not stored by the system keychain)', masked)];
      case 'malformed':
        return [t('{0} (not an OpenRouter key)', masked)];
    }
  });
  return [...refused, ...unreadable.map((masked) => t('{0} (not an OpenRouter key)', masked))];
}

function doubtTexts(good: readonly Added[], { t, formats }: Pick<Speech, 't' | 'formats'>): string[] {
  const unreachable = good.flatMap(({ check }) => (check.kind === 'unreachable' ? [check.detail] : []));
  const [detail] = unreachable;
  if (detail === undefined) return [];
  const count = formats.count(unreachable.length);
  return [t('Could not check yet: {0} ({1}). Keywheel will try again.', count, reachText(detail, t))];
}

function named(bad: readonly string[], { t, formats }: Pick<Speech, 't' | 'formats'>): string {
  const shown = bad.slice(0, mostNamed).join(', ');
  return bad.length <= mostNamed
    ? shown
    : t('{0} and {1} more', shown, formats.count(bad.length - mostNamed));
}
