// Export Key List: labels and limits in a new document, which the user saves where they like.
import { l10n, window, workspace } from 'vscode';
import { keyListText } from '../../service/keyList';
import type { Command } from './ports';

export const exportKeyList: Command = async ({ keyring }) => {
  if (keyring.keys.length === 0) {
    void window.showInformationMessage(l10n.t('There is no key to export.'));
    return false;
  }
  const content = keyListText(keyring.keys);
  const document = await workspace.openTextDocument({ language: 'json', content });
  await window.showTextDocument(document, { preview: false });
  window.setStatusBarMessage(l10n.t('Labels and limits, without the keys themselves'), 5000);
  return true;
};
