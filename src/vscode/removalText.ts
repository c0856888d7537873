// What is said before and after everything is removed; no vscode, so that every case can be tested.
import type { ConnectionRecord } from '../service/clients/records';
import { isWhole, type Removal } from '../service/removal';
import type { Speech } from '../webview/stateWords';
import { connectionLines, disconnectedSentences } from './clients/disconnectText';

/** `records`: of connected clients, or null where they cannot be read. */
export function removalDetail(
  keys: number,
  records: readonly ConnectionRecord[] | null,
  { t, formats }: Pick<Speech, 't' | 'formats'>,
): string {
  const lines = [
    t(
      'Keys: {0}. They are removed with their labels, limits and counts, and so are past requests and the proxy key: clients that use it are refused from now on. This cannot be undone. Your keys at OpenRouter stay valid.',
      formats.count(keys),
    ),
  ];
  if (records !== null && records.length > 0) {
    lines.push('', t('These clients are disconnected; what you changed in their files since stays:'));
    lines.push(...connectionLines(records));
  }
  return lines.join('\n');
}

export interface RemovalText {
  readonly isWhole: boolean;
  readonly text: string;
}

/** What is gone, and what could not be taken away. */
export function removalText(removal: Removal, { t }: Pick<Speech, 't'>): RemovalText {
  const { disconnected, keysLeft, isVaultClear, isForgotten } = removal;
  const isDone = isWhole(removal);
  const isVaultToName = !isVaultClear && keysLeft.length === 0;
  const sentences = [
    isDone ? t('Everything that Keywheel kept is removed.') : t('Not everything could be removed.'),
    ...disconnectedSentences(disconnected ?? [], t),
    ...(disconnected === null
      ? [t('The records of connected clients cannot be read: their files were left alone.')]
      : []),
    ...(keysLeft.length > 0 ? [t('The system keychain still has: {0}.', keysLeft.join(', '))] : []),
    ...(isVaultToName ? [t('The system keychain still has a key that Keywheel cannot read.')] : []),
    ...(isForgotten
      ? []
      : [
          t(
            'The window that runs the proxy still has the counts: load it anew, and remove everything again.',
          ),
        ]),
  ];
  return { isWhole: isDone, text: sentences.join(' ') };
}
