// Connects VS Code's chat to a proxy on a server, by VS Code's own command for groups of models.
import { commands, extensions, l10n, window } from 'vscode';
import { modelGroup, offeredModels, originIn } from '../../chat/offeredModels';
import type { Endpoint } from '../../clients/client';
import { listModelsByKey } from '../../clients/modelList';
import { groupName, vscodeChatClient as client } from '../../clients/vscodeChat';
import { confirm, showMessage } from '../messages';
import { showWritten } from '../clients/connections';
import { runsElsewhere } from '../clients/endpoint';
import { showValues } from '../clients/valuesPage';
import type { WindowPorts } from '../ports';
import { isChatOff } from './chatProvider';

const command = 'lm.addLanguageModelsProviderGroup';

/** Shows the values instead if this VS Code has no command for groups, or if its list of groups is on another machine. */
export async function connectModelGroup(ports: WindowPorts): Promise<boolean> {
  if (runsElsewhere() || !(await commands.getCommands()).includes(command))
    return await showValues(ports, client.id);
  const endpoint = await askProxy(l10n.t('Connect {0}', client.name));
  if (endpoint === null) return false;
  const listed = await listModelsByKey(endpoint);
  if (listed.length === 0) {
    const text = l10n.t(
      '{0} gave no list of models for this proxy key. Check the address and the key.',
      endpoint.origin,
    );
    showMessage('error', text);
    return false;
  }
  const models = offeredModels(listed, [], []);
  const detail = [
    l10n.t(
      'VS Code adds the group “{0}” to chatLanguageModels.json of this profile: the free models of {1} that can call tools. The proxy key goes into VS Code’s secrets.',
      groupName,
      endpoint.origin,
    ),
    l10n.t('Disconnect Client removes the group. VS Code keeps the key in its secrets.'),
  ].join('\n');
  const question = l10n.t('Connect {0} to Keywheel?', client.name);
  if (!(await confirm('info', question, detail, l10n.t('Connect')))) return false;
  return await add(modelGroup(endpoint, models), ports);
}

/**
 * Opens VS Code's list of models, unless the user wants no AI features: until the user has signed in or has opened that list,
 * VS Code keeps its chat off and asks for a GitHub account.
 */
export async function turnOnChat(): Promise<void> {
  if (isChatOff() || extensions.getExtension('GitHub.copilot-chat') !== undefined) return;
  const manage = 'workbench.action.chat.manage';
  if ((await commands.getCommands()).includes(manage)) await commands.executeCommand(manage);
}

async function add(group: object, ports: WindowPorts): Promise<boolean> {
  const run = async (): Promise<void> => await commands.executeCommand(command, group);
  try {
    await turnOnChat();
    const isRecorded = await ports.connector.connectByCommand(run);
    await ports.noteStorage();
    const text = isRecorded
      ? l10n.t('{0} is connected.', client.name)
      : l10n.t('{0} is connected. To undo this, remove the group in the chat’s Manage Models.', client.name);
    void showWritten(text, [client], ports);
    return true;
  } catch (error: unknown) {
    ports.log.error('VS Code did not add the group of models.', error);
    const said = error instanceof Error ? error.message : String(error);
    return await showValues(ports, client.id, l10n.t('VS Code did not add the models: {0}', said));
  }
}

/** The address and key of a proxy that runs elsewhere; null if the user cancelled. */
async function askProxy(title: string): Promise<Endpoint | null> {
  const address = await window.showInputBox({
    title,
    prompt: l10n.t('Address of Keywheel on your server'),
    placeHolder: 'https://keywheel.example.com',
    ignoreFocusOut: true,
    validateInput: (text) =>
      originIn(text) === null
        ? l10n.t('Enter an address such as {0}.', 'https://keywheel.example.com')
        : null,
  });
  const origin = originIn(address ?? '');
  if (origin === null) return null;
  const prompt = l10n.t('Its proxy key');
  const proxyKey = await window.showInputBox({ title, prompt, password: true, ignoreFocusOut: true });
  return proxyKey ? { origin, proxyKey: proxyKey.trim(), model: null } : null;
}
