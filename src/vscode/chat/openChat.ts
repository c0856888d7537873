// Registers the model provider and the tool for VS Code's chat.
import {
  commands,
  ConfigurationTarget,
  l10n,
  LanguageModelTextPart,
  LanguageModelToolResult,
  lm,
  workspace,
} from 'vscode';
import type { DisposableStore } from '../../base/disposable';
import { offeredModels, pickedModels, whatIsLeft } from '../../chat/offeredModels';
import { vscodeChatClient } from '../../clients/vscodeChat';
import { showMessage } from '../messages';
import type { WindowPorts } from '../ports';
import { ChatProvider } from './chatProvider';
import { chooseModels } from './chooseModels';
import { connectModelGroup, turnOnChat } from './modelGroup';

/** Registers nothing if the editor has no API for it. */
export function openChat(owned: DisposableStore, ports: WindowPorts): void {
  // Forks of VS Code have its version number, but not always its whole API.
  if (typeof Reflect.get(lm, 'registerLanguageModelChatProvider') !== 'function') return;
  const { service, entries } = ports;
  const choose = async (): Promise<boolean> => await chooseFurther(ports);
  const askForMore = async (): Promise<void> => {
    if (service.snapshot().wheel.keys > 0) await choose();
    else await commands.executeCommand('keywheel.addKey');
  };
  const provider = owned.add(new ChatProvider(ports, askForMore));
  owned.add(lm.registerLanguageModelChatProvider('keywheel', provider));
  owned.add(lm.registerTool('keywheel_whatIsLeft', { invoke: async () => await toolResult(ports) }));
  entries.push({
    label: l10n.t('VS Code Chat'),
    description: l10n.t('In its model picker, by Keywheel'),
    detail: l10n.t('Select more models'),
    run: choose,
  });
  entries.push({
    label: vscodeChatClient.name,
    description: l10n.t('For Keywheel on a server'),
    run: async () => await connectModelGroup(ports),
  });
}

async function toolResult({ models, service, settings }: WindowPorts): Promise<LanguageModelToolResult> {
  const listed = await models();
  const snapshot = service.snapshot();
  const { 'chat.models': picked, 'chat.tellAccountNames': withNames } = settings.values;
  const offered = offeredModels(listed, picked, snapshot.busyModels);
  const text = whatIsLeft(snapshot, offered, withNames);
  return new LanguageModelToolResult([new LanguageModelTextPart(text)]);
}

async function chooseFurther({ models, settings }: WindowPorts): Promise<boolean> {
  const listed = await models();
  if (listed.length === 0) {
    showMessage('warning', l10n.t('OpenRouter’s list of models is not available now. Try again later.'));
    return false;
  }
  const chosen = await chooseModels(listed, settings.values['chat.models']);
  if (chosen === undefined) return false;
  const picked = pickedModels(chosen, listed, settings.values['chat.models']);
  await workspace.getConfiguration('keywheel.chat').update('models', picked, ConfigurationTarget.Global);
  await turnOnChat();
  return true;
}
