// The message after adding a key; does not import vscode, so that every result can be tested.
import type { AddResult } from '../service/keyring/keyring';
import type { KeyCheck } from '../service/keyring/keyCheck';
import type { Speech } from './stateWords';
import { reachText } from './reachText';

export interface AddResultText {
  readonly severity: 'info' | 'warning' | 'error';
  readonly text: string;
}

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
  speech: Pick<Speech, 't' | 'formats'>,
): AddResultText {
  const { t } = speech;
  switch (result.kind) {
    case 'added':
      return addedText(result, label, account, speech);
    case 'duplicate':
      return { severity: 'info', text: t('This key is already added as “{0}”.', result.label) };
    case 'notKept':
      return {
        severity: 'error',
        text: t(
          'The system keychain did not store the key. Nothing was added. Unlock the keychain, then try again.',
        ),
      };
    case 'malformed':
      return { severity: 'error', text: t('OpenRouter keys begin with {0}. Nothing was added.', 'sk-or-') };
    case 'management':
      return {
        severity: 'error',
        text: t(
          'This is a management key, which cannot run models. Nothing was added. Create an API key instead.',
        ),
      };
    case 'bad':
      return {
        severity: 'error',
        text: t(
          'Invalid key: OpenRouter does not accept it. It may have been deleted or disabled. Nothing was added.',
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
  const { check } = result;
  const sentences = [t('Key “{0}” added.', label)];
  switch (check.kind) {
    case 'good':
      sentences.push(...allowanceSentences(check, account, speech));
      break;
    case 'unreachable':
      sentences.push(t('Could not check it yet ({0}). Keywheel will try again.', reachText(check.detail, t)));
      break;
    case 'bad':
    case 'management':
      // Not reached: such a key is not added.
      break;
  }
  return { severity: check.kind === 'good' ? 'info' : 'warning', text: sentences.join(' ') };
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
