// Every command that package.json contributes, and what runs it.
import { commands, l10n, Uri, window } from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable';
import { RecordsError } from '../../service/clients/records';
import { connectClient } from '../clients/connectClient';
import { disconnectClients } from '../clients/disconnectClients';
import { sendTestRequest } from '../clients/sendTestRequest';
import { runDoctor } from '../doctor/runDoctor';
import { addKey } from './addKey';
import { copyBaseUrl, copyProxyKey } from './copy';
import { exportKeyList } from './exportKeyList';
import { makeNewProxyKey } from './makeNewProxyKey';
import { openWalkthrough } from './openWalkthrough';
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
  'keywheel.exportKeyList': exportKeyList,
  'keywheel.connectClient': async ({ clients }) => await connectClient(clients),
  'keywheel.disconnectAllClients': async ({ clients }) => await disconnectClients(clients),
  'keywheel.sendTestRequest': async ({ clients }) => await sendTestRequest(clients),
  'keywheel.runDoctor': async ({ clients, version }) => await runDoctor(clients, version),
  'keywheel.copyBaseUrl': copyBaseUrl,
  'keywheel.copyProxyKey': copyProxyKey,
  'keywheel.makeNewProxyKey': makeNewProxyKey,
  'keywheel.startProxy': startProxy,
  'keywheel.stopProxy': stopProxy,
  'keywheel.restartProxy': restartProxy,
  'keywheel.openDashboard': openDashboard,
  'keywheel.openWalkthrough': openWalkthrough,
  'keywheel.recordNextRequest': recordNextRequest,
  'keywheel.showLog': showLog,
};

/** All commands are there until what is returned is disposed. One that fails says so and is logged; it never rejects. */
export function registerCommands(ports: CommandPorts): Disposable {
  const owned = new DisposableStore();
  for (const [id, command] of Object.entries(table)) {
    // Whatever a caller passes along (a menu gives its context) is no business of ours.
    owned.add(commands.registerCommand(id, async () => await runCommand(id, command, ports)));
  }
  return owned;
}

async function runCommand(id: string, command: Command, ports: CommandPorts): Promise<boolean> {
  try {
    return await command(ports);
  } catch (error: unknown) {
    ports.log.error(`The command ${id} failed.`, error);
    void (error instanceof RecordsError ? offerRecords(error.file) : offerLog(ports.showLog));
    return false;
  }
}

async function offerLog(show: () => void): Promise<void> {
  const button = l10n.t('Show Log');
  const message = l10n.t('Keywheel: that did not work. The log tells why.');
  if ((await window.showErrorMessage(message, button)) === button) show();
}

async function offerRecords(file: string): Promise<void> {
  const button = l10n.t('Open File');
  const message = l10n.t(
    'Keywheel keeps a record of what it wrote into clients’ files, in {0}. It is damaged, or a newer version has written it: no client’s file was changed. Put it right, or delete it and connect the clients again.',
    file,
  );
  if ((await window.showErrorMessage(message, button)) !== button) return;
  await commands.executeCommand('vscode.open', Uri.file(file));
}

function openDashboard({ showDashboard }: CommandPorts): Promise<boolean> {
  showDashboard();
  return Promise.resolve(true);
}

function showLog({ showLog: show }: CommandPorts): Promise<boolean> {
  show();
  return Promise.resolve(true);
}
