// Start Proxy, Stop Proxy, Restart Proxy.
import { commands, l10n, window } from 'vscode';
import { proxyAdvice, proxyWords } from '../../words/stateWords';
import type { Command, CommandPorts } from './ports';
import { flash } from '../flash';
import { settingsCommand } from '../settingsCommand';

export const startProxy: Command = async (ports) => {
  const proxy = await ports.service.start();
  if (proxy.kind !== 'failed') {
    // Otherwise a restart would have no visible effect.
    flash(proxyWords(proxy, l10n.t).text);
    return true;
  }
  // A message, because the user asked; on activation only the status bar shows it.
  void showFailure(proxy, ports);
  return false;
};

export const stopProxy: Command = async ({ service }) => {
  await service.stop();
  return true;
};

export const restartProxy: Command = async (ports) => {
  await ports.service.stop();
  return await startProxy(ports);
};

type Proxy = Awaited<ReturnType<CommandPorts['service']['start']>>;

async function showFailure(proxy: Proxy, ports: CommandPorts): Promise<void> {
  const openSettings = l10n.t('Open Settings');
  const showLog = l10n.t('Show Log');
  const sentences = [proxyWords(proxy, l10n.t).text, proxyAdvice(proxy, l10n.t)];
  const answer = await window.showErrorMessage(
    `Keywheel: ${sentences.filter((text) => text !== null).join('. ')}`,
    openSettings,
    showLog,
  );
  if (answer === openSettings) await commands.executeCommand(...settingsCommand('keywheel.port'));
  if (answer === showLog) ports.showLog();
}
