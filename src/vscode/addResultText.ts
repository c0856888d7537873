// What people are told after a key was to be added; no vscode, so that every answer can be tested.
import type { AddResult } from '../service/addResult';
import type { KeyCheck } from '../service/keyCheck';
import type { Speech } from '../webview/stateWords';
import { reachText } from './reachText';

export interface AddResultText {
  readonly severity: 'info' | 'warning' | 'error';
  readonly text: string;
}

/** The account that the key was found to belong to: how many keys it has here, and what they share a day. */
interface SharedAccount {
  readonly keys: number;
  readonly limit: number;
}

/** One message that says all: whether the key is there, what it brings, and what the user should know. */
export function addResultText(
  result: AddResult,
  label: string,
  account: SharedAccount | null,
  speech: Pick<Speech, 't' | 'formats'>,
): AddResultText {
  const { t } = speech;
  switch (result.kind) {
    case 'added':
      return addedText(result, label, account, speech);
    case 'duplicate':
      return { severity: 'info', text: t('This key is already there, as “{0}”.', result.label) };
    case 'malformed':
      return {
        severity: 'error',
        text: t('This is not an OpenRouter key: those begin with {0}. Nothing was added.', 'sk-or-'),
      };
    case 'management':
      return {
        severity: 'error',
        text: t(
          'This is a management key: it cannot run models. Nothing was added; make an ordinary API key.',
        ),
      };
    case 'bad':
      return {
        severity: 'error',
        text: t(
          'OpenRouter does not accept this key. It may have been deleted or disabled. Nothing was added.',
        ),
      };
  }
}

function addedText(
  result: AddResult & { kind: 'added' },
  label: string,
  account: SharedAccount | null,
  speech: Pick<Speech, 't' | 'formats'>,
): AddResultText {
  const { t } = speech;
  const { check, stored } = result;
  const sentences = [t('Key “{0}” added.', label)];
  switch (check.kind) {
    case 'good':
      sentences.push(...allowanceSentences(check, account, speech));
      break;
    case 'unreachable':
      sentences.push(
        t(
          'OpenRouter could not be reached to check it ({0}); it is checked later.',
          reachText(check.detail, t),
        ),
      );
      break;
    case 'bad':
    case 'management':
      // Such a key is not added; its answer has a kind of its own.
      break;
  }
  if (!stored) sentences.push(t('The system keychain did not keep it: it lasts until this window closes.'));
  return { severity: stored && check.kind === 'good' ? 'info' : 'warning', text: sentences.join(' ') };
}

function allowanceSentences(
  check: KeyCheck & { kind: 'good' },
  account: SharedAccount | null,
  { t, formats }: Pick<Speech, 't' | 'formats'>,
): string[] {
  if (account && account.keys > 1)
    return [
      t(
        '{0} keys, 1 account: {1} a day together.',
        formats.count(account.keys),
        formats.count(account.limit),
      ),
    ];
  if (check.freeLimit === null) return [];
  const left = Math.max(check.freeLimit - (check.freeUsed ?? 0), 0);
  return [t('{0} of {1} free requests left today.', formats.count(left), formats.count(check.freeLimit))];
}
