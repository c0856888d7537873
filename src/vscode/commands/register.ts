// All commands that package.json contributes, with their functions.
import { commands, l10n, Uri } from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable';
import { RecordsError } from '../../clients/records';
import { connectClient } from '../clients/connectClient';
import { disconnectAllClients, disconnectClient } from '../clients/disconnectClients';
import { sendTestRequest } from '../clients/sendTestRequest';
import { offer, offerLog } from '../messages';
import { runDoctor } from '../doctor/runDoctor';
import { addKey } from './addKey';
import { copyBaseUrl, copyProxyKey } from './copy';
import { makeNewProxyKey } from './makeNewProxyKey';
import type { Command, CommandPorts } from './ports';
import { recordNextRequest } from './recordNextRequest';
import { removeEverything } from './removeEverything';
import { removeKey } from './removeKey';
import { restartProxy, startProxy, stopProxy } from './runProxy';
import { signIn } from './signIn';

const table: Readonly<Record<string, Command>> = {
  'keywheel.addKey': addKey,
  'keywheel.signIn': signIn,
  'keywheel.removeKey': removeKey,
  'keywheel.removeEverything': removeEverything,
  'keywheel.connectClient': async ({ clients }) => await connectClient(clients),
  'keywheel.disconnectClient': async ({ clients }) => await disconnectClient(clients),
  'keywheel.disconnectAllClients': async ({ clients }) => await disconnectAllClients(clients),
  'keywheel.sendTestRequest': async ({ clients }) => await sendTestRequest(clients),
  'keywheel.runDoctor': async ({ clients, version }) => await runDoctor(clients, version),
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

/** Registers all commands until disposed. A failing command is logged and shown, and never rejects. */
export function registerCommands(ports: CommandPorts): Disposable {
  const owned = new DisposableStore();
  for (const [id, command] of Object.entries(table)) {
    // Arguments are ignored, such as the context that a menu passes.
    owned.add(commands.registerCommand(id, async () => await runCommand(id, command, ports)));
  }
  return owned;
}

async function runCommand(id: string, command: Command, ports: CommandPorts): Promise<boolean> {
  try {
    return await command(ports);
  } catch (error: unknown) {
    ports.log.error(`The command ${id} failed.`, error);
    const message = l10n.t('Keywheel: Something went wrong. See the log.');
    void (error instanceof RecordsError ? offerRecords(error.file) : offerLog(message));
    return false;
  }
}

async function offerRecords(file: string): Promise<void> {
  const text = l10n.t(
    'Keywheel’s record of connected clients ({0}) is unreadable. No client was changed. Delete it and connect the clients again.',
    file,
  );
  await offer({ severity: 'error', text }, l10n.t('Open File'), 'vscode.open', Uri.file(file));
}

function done(show: () => void): Promise<boolean> {
  show();
  return Promise.resolve(true);
}

async function openWalkthrough({ extensionId }: CommandPorts): Promise<boolean> {
  await commands.executeCommand('workbench.action.openWalkthrough', `${extensionId}#start`, false);
  return true;
}
