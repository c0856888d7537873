// Remove Everything: after a yes, all that Keywheel keeps on this machine goes; the only removal that asks.
import { commands, l10n, window } from 'vscode';
import { keyIdOf } from '../../base/secret';
import type { Command, CommandPorts } from './ports';

export const removeEverything: Command = async (ports) => {
  const remove = l10n.t('Remove Everything');
  const answer = await window.showWarningMessage(
    l10n.t('Remove everything that Keywheel keeps?'),
    {
      modal: true,
      detail: l10n.t(
        'Keys: {0}. They are removed with their labels, limits and counts, and so are past requests and the proxy key: clients that use it are refused from now on. This cannot be undone. Your keys at OpenRouter stay valid.',
        ports.keyring.keys.length,
      ),
    },
    remove,
  );
  if (answer !== remove) return false;
  await removeAll(ports);
  void offerReload();
  return true;
};

async function removeAll({ keyring, forget }: CommandPorts): Promise<void> {
  for (const { key } of keyring.keys) await keyring.remove(keyIdOf(key));
  await keyring.renewProxyKey();
  // Last: removing keys changes the counts once more.
  await forget();
}

async function offerReload(): Promise<void> {
  const reload = l10n.t('Reload Window');
  const text = l10n.t(
    'Everything that Keywheel kept is removed. Counts begin anew when the window is loaded anew.',
  );
  if ((await window.showInformationMessage(text, reload)) === reload)
    await commands.executeCommand('workbench.action.reloadWindow');
}
