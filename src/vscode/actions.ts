// Runs what buttons name: a command of ours, or of VS Code.
import { commands, env } from 'vscode';
import type { Action } from '../service/messages';

/** Those that are no command of the same name. */
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

/** Resolves to what the command gives. */
export async function runAction(action: Action): Promise<unknown> {
  return await (others[action]?.() ?? commands.executeCommand(`keywheel.${action}`));
}

/** Shows the matching settings: in a remote window the other tab lacks those of the machine. */
export async function openSettings(query: string): Promise<void> {
  if (env.remoteName === undefined) await commands.executeCommand('workbench.action.openSettings', query);
  else await commands.executeCommand('workbench.action.openRemoteSettings', { query });
}
