// Remove Everything: after a yes, all that Keywheel keeps on this machine goes; the only removal that asks.
import { env, l10n, window } from 'vscode';
import { removeAll } from '../../service/removal';
import { Formats } from '../../webview/formats';
import { removalDetail, removalText, type RemovalText } from '../removalText';
import type { Command, CommandPorts } from './ports';

export const removeEverything: Command = async (ports) => {
  const { keyring, keyActions, vault, forget, log, clients } = ports;
  const { connector } = clients;
  const remove = l10n.t('Remove Everything');
  const speech = { t: l10n.t, formats: new Formats(env.language, '') };
  // What cannot be read now is said afterwards.
  const records = await connector.records().catch(() => null);
  const detail = removalDetail(keyring.keys.length, records, speech);
  const question = l10n.t('Remove everything that Keywheel keeps?');
  if ((await window.showWarningMessage(question, { modal: true, detail }, remove)) !== remove) return false;
  const removal = await removeAll({ connector, keyring, keyActions, vault, forget, log });
  const text = removalText(removal, speech);
  void tell(text, ports);
  return text.isWhole;
};

async function tell({ isWhole, text }: RemovalText, { showLog }: CommandPorts): Promise<void> {
  if (isWhole) {
    await window.showInformationMessage(text);
    return;
  }
  const button = l10n.t('Show Log');
  if ((await window.showErrorMessage(text, button)) === button) showLog();
}
