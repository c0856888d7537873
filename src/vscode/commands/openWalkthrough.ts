// Open Walkthrough: the three steps from nothing to a wheel that turns.
import { commands } from 'vscode';
import type { Command } from './ports';

export const openWalkthrough: Command = async ({ extensionId }) => {
  await commands.executeCommand('workbench.action.openWalkthrough', `${extensionId}#start`, false);
  return true;
};
