// Texts before and after the removal of all data; does not import vscode, so that every case can be tested.
import type { ConnectionRecord } from '../clients/records';
import { isWhole, type Removal } from '../clients/removal';
import type { Speech } from './stateWords';
import { connectionLines, disconnectedSentences } from './clientWords';

/** `records` of connected clients; null if they are unreadable. */
export function removalDetail(
  keys: number,
  records: readonly ConnectionRecord[] | null,
  { t, formats }: Pick<Speech, 't' | 'formats'>,
): string {
  const lines = [
    t(
      'Keys: {0}. Deletes them with their labels and limits, the history and the proxy key. Connected clients stop working. Your keys stay valid at OpenRouter. This cannot be undone.',
      formats.count(keys),
    ),
  ];
  if (records !== null && records.length > 0) {
    lines.push('', t('These clients are disconnected; your own changes to their files stay:'));
    lines.push(...connectionLines(records));
  }
  return lines.join('\n');
}

/** What was removed, and what could not be removed. */
export function removalText(
  removal: Removal,
  { t }: Pick<Speech, 't'>,
): { readonly isWhole: boolean; readonly text: string } {
  const { disconnected, keysLeft, isVaultClear, isForgotten } = removal;
  const isDone = isWhole(removal);
  const isVaultToName = !isVaultClear && keysLeft.length === 0;
  const sentences = [
    isDone ? t('All Keywheel data was removed.') : t('Not everything could be removed.'),
    ...disconnectedSentences(disconnected ?? [], t),
    ...(disconnected === null
      ? [t('The records of connected clients are unreadable: clients’ files were not changed.')]
      : []),
    ...(keysLeft.length > 0 ? [t('The system keychain still has: {0}.', keysLeft.join(', '))] : []),
    ...(isVaultToName ? [t('The system keychain still has a key that Keywheel cannot read.')] : []),
    ...(isForgotten ? [] : [t('Another window still holds data. Reload it, then remove everything again.')]),
  ];
  return { isWhole: isDone, text: sentences.join(' ') };
}
