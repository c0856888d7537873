// Remove Everything: removes all data on this machine after confirmation; the only removal that asks.
import { env, l10n, window } from 'vscode';
import { removeAll } from '../../clients/removal';
import { Formats } from '../../words/formats';
import { removalDetail, removalText } from '../../words/removalText';
import { confirm, offerLog } from '../messages';
import type { Command } from './ports';

export const removeEverything: Command = async (ports) => {
  const { keyring, keyActions, vault, forget, log, clients } = ports;
  const { connector } = clients;
  const speech = { t: l10n.t, formats: new Formats(env.language, '') };
  // Unreadable records are reported afterwards.
  const records = await connector.records().catch(() => null);
  const detail = removalDetail(keyring.keys.length, records, speech);
  const question = l10n.t('Remove all Keywheel data?');
  if (!(await confirm('warning', question, detail, l10n.t('Remove All Data')))) return false;
  const removal = await removeAll({ connector, keyring, keyActions, vault, forget, log });
  const { isWhole, text } = removalText(removal, speech);
  void (isWhole ? window.showInformationMessage(text, l10n.t('OK')) : offerLog(text));
  return isWhole;
};
