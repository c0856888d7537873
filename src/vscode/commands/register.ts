// All commands that package.json contributes, with their functions.
import { commands, l10n, Uri } from 'vscode';
import type { DisposableStore } from '../../base/disposable';
import type { Log } from '../../base/log';
import { RecordsError } from '../../clients/records';
import { connectClient } from '../clients/connectClient';
import { disconnectAllClients, disconnectClient } from '../clients/connections';
import { sendTestRequest } from '../clients/sendTestRequest';
import { runDoctor } from '../doctor/runDoctor';
import { showChoice, showFailure } from '../messages';
import type { Command, WindowPorts } from '../ports';
import { addKey } from './addKey';
import { recordNextRequest } from './recordNextRequest';
import { removeEverything, removeKey } from './removeKey';
import { copyBaseUrl, copyProxyKey, makeNewProxyKey, restartProxy, startProxy, stopProxy } from './runProxy';
import { signIn } from './signIn';

const table: Readonly<Record<string, Command>> = {
  'keywheel.addKey': addKey,
  'keywheel.signIn': signIn,
  'keywheel.removeKey': removeKey,
  'keywheel.removeEverything': removeEverything,
  'keywheel.connectClient': connectClient,
  'keywheel.disconnectClient': disconnectClient,
  'keywheel.disconnectAllClients': disconnectAllClients,
  'keywheel.sendTestRequest': sendTestRequest,
  'keywheel.runDoctor': runDoctor,
  'keywheel.copyBaseUrl': copyBaseUrl,
  'keywheel.copyProxyKey': copyProxyKey,
  'keywheel.makeNewProxyKey': makeNewProxyKey,
  'keywheel.startProxy': startProxy,
  'keywheel.stopProxy': stopProxy,
  'keywheel.restartProxy': restartProxy,
  'keywheel.openDashboard': async ({ showDashboard }) => await done(showDashboard),
  'keywheel.openWalkthrough': openWalkthrough,
  'keywheel.recordNextRequest': recordNextRequest,
  'keywheel.showLog': async ({ showLog }) => await done(showLog),
};

/** Registers all commands until `owned` is disposed. A failing command is logged and shown, and never rejects. */
export function registerCommands(owned: DisposableStore, ports: WindowPorts): void {
  for (const [id, command] of Object.entries(table)) {
    // Arguments are ignored, such as the context that a menu passes.
    owned.add(commands.registerCommand(id, async () => await runCommand(id, command, ports)));
  }
}

async function runCommand(id: string, command: Command, ports: WindowPorts): Promise<boolean> {
  try {
    return await command(ports);
  } catch (error: unknown) {
    const what = `The command ${id} failed.`;
    if (error instanceof RecordsError) showRecordsError(ports.log, what, error);
    else showFailure(ports.log, what, error);
    return false;
  }
}

function showRecordsError(log: Log, what: string, error: RecordsError): void {
  log.error(what, error);
  const text = l10n.t(
    'Keywheel’s record of connected clients ({0}) is unreadable. No client was changed. Delete it and connect the clients again.',
    error.file,
  );
  const open = async (): Promise<void> => await commands.executeCommand('vscode.open', Uri.file(error.file));
  void showChoice({ severity: 'error', text }, [l10n.t('Open File'), open]);
}

function done(show: () => void): Promise<boolean> {
  show();
  return Promise.resolve(true);
}

async function openWalkthrough({ extension }: WindowPorts): Promise<boolean> {
  await commands.executeCommand('workbench.action.openWalkthrough', `${extension.id}#start`, false);
  return true;
}
