// Registers the model provider and the tool for VS Code's chat.
import {
  commands,
  ConfigurationTarget,
  l10n,
  LanguageModelTextPart,
  LanguageModelToolResult,
  lm,
  window,
  workspace,
} from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable';
import { offeredModels, pickedModels, whatIsLeft } from '../../chat/offer';
import type { ListedModel } from '../../clients/modelList';
import { vscodeChatClient } from '../../clients/vscodeChat';
import type { CurrentState } from '../currentState';
import type { ClientPorts } from '../clients/ports';
import { ChatProvider } from './chatProvider';
import { chooseModels } from './chooseModels';
import { connectModelGroup, turnOnChat } from './modelGroup';

const section = 'keywheel.chat';

/** Registers nothing if the editor has no API for it. */
export function openChat(
  clients: ClientPorts,
  state: Pick<CurrentState, 'onDidChange'>,
  models: () => Promise<readonly ListedModel[]>,
): Disposable {
  const owned = new DisposableStore();
  // Forks of VS Code have its version number, but not always its whole API.
  if (typeof Reflect.get(lm, 'registerLanguageModelChatProvider') !== 'function') return owned;
  const choose = async (): Promise<boolean> => await chooseFurther(await models(), clients);
  const askForMore = async (): Promise<void> => {
    if (clients.service.snapshot().wheel.keys > 0) await choose();
    else await commands.executeCommand('keywheel.addKey');
  };
  const { onDidChange } = state;
  const provider = owned.add(new ChatProvider({ ...clients, onDidChange, models, askForMore }));
  owned.add(lm.registerLanguageModelChatProvider('keywheel', provider));
  const invoke = async (): Promise<LanguageModelToolResult> => toolResult(clients, await models());
  owned.add(lm.registerTool('keywheel_whatIsLeft', { invoke }));
  owned.add(
    workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(section)) provider.touch();
    }),
  );
  clients.entries.push({
    label: l10n.t('VS Code Chat'),
    description: l10n.t('In its model picker, by Keywheel'),
    detail: l10n.t('Choose further models'),
    run: choose,
  });
  clients.entries.push({
    label: vscodeChatClient.name,
    description: l10n.t('For Keywheel on a server'),
    run: async () => await connectModelGroup(clients),
  });
  return owned;
}

function toolResult(
  { service, settings }: ClientPorts,
  listed: readonly ListedModel[],
): LanguageModelToolResult {
  const snapshot = service.snapshot();
  const { chatModels, tellsAccountNames } = settings.values;
  const models = offeredModels(listed, chatModels, snapshot.busyModels);
  const text = whatIsLeft(snapshot, models, tellsAccountNames);
  return new LanguageModelToolResult([new LanguageModelTextPart(text)]);
}

async function chooseFurther(listed: readonly ListedModel[], { settings }: ClientPorts): Promise<boolean> {
  if (listed.length === 0) {
    void window.showWarningMessage(
      l10n.t('OpenRouter’s list of models is not available now. Try again later.'),
    );
    return false;
  }
  const chosen = await chooseModels(listed, settings.values.chatModels);
  if (chosen === undefined) return false;
  const picked = pickedModels(chosen, listed, settings.values.chatModels);
  await workspace.getConfiguration(section).update('models', picked, ConfigurationTarget.Global);
  await turnOnChat();
  return true;
}
