// Record Next Request: asks each time, then writes one request and its answer to the log.
import { l10n, ProgressLocation, window } from 'vscode';
import type { Command, CommandPorts } from './ports';

export const recordNextRequest: Command = async (ports) => {
  if (ports.service.snapshot().proxy.kind !== 'running') {
    void window.showWarningMessage(l10n.t('The proxy does not run, so there is no request to record.'));
    return false;
  }
  const record = l10n.t('Record');
  const question = l10n.t(
    'The next request and its answer are written to the log, with all that is said in them. Keys are left out. Nothing is kept of any other request.',
  );
  if ((await window.showWarningMessage(question, record, l10n.t('Cancel'))) !== record) return false;
  // Not awaited: the next request may come in ten minutes.
  void tellRecorded(ports);
  return true;
};

async function tellRecorded({ service, log, showLog }: CommandPorts): Promise<void> {
  const text = await window.withProgress(
    { location: ProgressLocation.Window, title: l10n.t('Keywheel: recording the next request…') },
    async () => await service.recordNext(),
  );
  if (text === null) {
    void window.showInformationMessage(l10n.t('No request was recorded: none came within ten minutes.'));
    return;
  }
  log.info(`Recorded, as you asked:\n${text}`);
  const show = l10n.t('Show Log');
  const said = l10n.t('The request and its answer are in the log.');
  if ((await window.showInformationMessage(said, show)) === show) showLog();
}
