// Make New Proxy Key: asks first, because every client needs the new key.
import { l10n } from 'vscode';
import { offerUpdate } from '../clients/updateClients';
import { confirm, offer } from '../messages';
import type { Command } from './ports';

export const makeNewProxyKey: Command = async (ports) => {
  const question = l10n.t('Make a new proxy key?');
  const detail = l10n.t('Clients that use the current key stop working until you update them.');
  if (!(await confirm('warning', question, detail, l10n.t('Make New Proxy Key')))) return false;
  await ports.keyring.renewProxyKey();
  if (await offerUpdate(ports.clients)) return true;
  const text = l10n.t('The proxy has a new key. Set it in your clients.');
  void offer({ severity: 'info', text }, l10n.t('Copy Proxy Key'), 'keywheel.copyProxyKey');
  return true;
};
