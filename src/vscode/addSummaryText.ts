// What people are told after several keys were to be added: one message; no vscode, so that every case can be tested.
import { maskKey } from '../base/secret';
import type { AddedKey } from '../service/addKeys';
import type { AddResult } from '../service/addResult';
import type { Speech } from '../webview/stateWords';
import type { AddResultText } from './addResultText';
import { reachText } from './reachText';

export interface AddSummary {
  readonly added: readonly AddedKey[];
  /** Masks of what begins like a key and is none. */
  readonly unreadable: readonly string[];
  /** How many were not tried: the user stopped it. */
  readonly leftOut: number;
}

const mostNamed = 5;

/** What was added, what was there already, what is bad and why; keys are named by their masks. */
export function addSummaryText(summary: AddSummary, speech: Pick<Speech, 't' | 'formats'>): AddResultText {
  const { t, formats } = speech;
  const good = summary.added.flatMap(({ result }) => (result.kind === 'added' ? [result] : []));
  const known = summary.added.filter(({ result }) => result.kind === 'duplicate').length;
  const bad = badTexts(summary, speech);
  const sentences = [
    addedText(good, speech),
    ...(known > 0 ? [t('Already there: {0}.', formats.count(known))] : []),
    ...(bad.length > 0 ? [t('Not added: {0}.', named(bad, speech))] : []),
    ...doubtTexts(good, speech),
    ...(summary.leftOut > 0 ? [t('Left out, as you stopped it: {0}.', formats.count(summary.leftOut))] : []),
  ];
  const isDoubtful = good.some(({ stored, check }) => !stored || check.kind !== 'good');
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
        return [t('{0} (not accepted by OpenRouter)', masked)];
      case 'management':
        return [t('{0} (a management key)', masked)];
      case 'malformed':
        return [t('{0} (not an OpenRouter key)', masked)];
    }
  });
  return [...refused, ...unreadable.map((masked) => t('{0} (not an OpenRouter key)', masked))];
}

function doubtTexts(good: readonly Added[], { t, formats }: Pick<Speech, 't' | 'formats'>): string[] {
  const unreachable = good.flatMap(({ check }) => (check.kind === 'unreachable' ? [check.detail] : []));
  const unstored = good.filter(({ stored }) => !stored).length;
  const [detail] = unreachable;
  return [
    ...(detail === undefined
      ? []
      : [
          t(
            'Not checked yet: {0}, as OpenRouter could not be reached ({1}).',
            formats.count(unreachable.length),
            reachText(detail, t),
          ),
        ]),
    ...(unstored === 0
      ? []
      : [
          t(
            'Not kept by the system keychain: {0}; they last until this window closes.',
            formats.count(unstored),
          ),
        ]),
  ];
}

function named(bad: readonly string[], { t, formats }: Pick<Speech, 't' | 'formats'>): string {
  const shown = bad.slice(0, mostNamed).join(', ');
  return bad.length <= mostNamed
    ? shown
    : t('{0} and {1} more', shown, formats.count(bad.length - mostNamed));
}
