// Runs the actions of buttons: commands of ours, or of VS Code.
import { commands, env } from 'vscode';
import type { Action } from '../service/messages';

/** Actions that are not one of our commands by the same name. */
const others: Partial<Record<Action, () => Thenable<unknown>>> = {
  openPortSetting: async () => await openSettings('keywheel.port'),
  openProxySettings: () =>
    commands.executeCommand(
      'workbench.action.openSettings',
      '@id:http.proxy @id:http.noProxy @id:http.proxyStrictSSL',
    ),
  openSettings: async () => await openSettings('keywheel.'),
  reloadWindow: () => commands.executeCommand('workbench.action.reloadWindow'),
};

/** Resolves to the command's result. */
export async function runAction(action: Action): Promise<unknown> {
  return await (others[action]?.() ?? commands.executeCommand(`keywheel.${action}`));
}

/** Shows the matching settings; in a remote window on the machine's tab, because the user's tab lacks its settings. */
export async function openSettings(query: string): Promise<void> {
  if (env.remoteName === undefined) await commands.executeCommand('workbench.action.openSettings', query);
  else await commands.executeCommand('workbench.action.openRemoteSettings', { query });
}
