// Record Next Request: asks each time, then logs one request and its answer.
import { l10n, ProgressLocation, window } from 'vscode';
import { showChoice, showMessage, showNotRunning } from '../messages';
import type { Command, WindowPorts } from '../ports';

export const recordNextRequest: Command = async (ports) => {
  const { proxy } = ports.service.snapshot();
  if (proxy.kind !== 'running') return showNotRunning(proxy);
  const question = l10n.t(
    'Record the next request and its answer in the log, with their contents and without keys? Only this one request is recorded.',
  );
  const buttons = [[l10n.t('Record'), () => true] as const, [l10n.t('Cancel'), () => false] as const];
  if ((await showChoice({ severity: 'warning', text: question }, ...buttons)) !== true) return false;
  // Not awaited, because the next request may come ten minutes later.
  void showRecorded(ports);
  return true;
};

async function showRecorded({ service, log }: WindowPorts): Promise<void> {
  const text = await window.withProgress(
    { location: ProgressLocation.Window, title: l10n.t('Keywheel: recording the next request…') },
    async () => await service.recordNext(),
  );
  if (text === null) {
    showMessage('info', l10n.t('No request was recorded within ten minutes.'));
    return;
  }
  log.info(`Recorded, as you asked:\n${text}`);
  await showChoice(
    { severity: 'info', text: l10n.t('The request and its answer are in the log.') },
    'showLog',
  );
}
