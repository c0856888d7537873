// Make New Proxy Key: after a yes, as every client has to be given the new one.
import { l10n, window } from 'vscode';
import { offerRewrite } from '../clients/rewriteClients';
import { copyProxyKey } from './copy';
import type { Command } from './ports';

export const makeNewProxyKey: Command = async (ports) => {
  const make = l10n.t('Make New Proxy Key');
  const answer = await window.showWarningMessage(
    l10n.t('Make a new proxy key?'),
    {
      modal: true,
      detail: l10n.t('Clients that use the present one are refused until you give them the new one.'),
    },
    make,
  );
  if (answer !== make) return false;
  await ports.keyring.renewProxyKey();
  if (!(await offerRewrite(ports.clients))) void offerCopy(ports);
  return true;
};

async function offerCopy(ports: Parameters<Command>[0]): Promise<void> {
  const copy = l10n.t('Copy Proxy Key');
  const message = l10n.t('The proxy has a new key. Set it in your clients.');
  if ((await window.showInformationMessage(message, copy)) === copy) await copyProxyKey(ports);
}
