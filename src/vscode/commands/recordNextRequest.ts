// Record Next Request: asks each time, then logs one request and its answer.
import { l10n, ProgressLocation, window } from 'vscode';
import { offer, tell, tellNotRunning } from '../messages';
import type { Command, WindowPorts } from '../ports';

export const recordNextRequest: Command = async (ports) => {
  const { proxy } = ports.service.snapshot();
  if (proxy.kind !== 'running') return tellNotRunning(proxy);
  const question = l10n.t(
    'Record the next request and its answer in the log, with their contents and without keys? Only this one request is recorded.',
  );
  const buttons = [[l10n.t('Record'), () => true] as const, [l10n.t('Cancel'), () => false] as const];
  if ((await offer({ severity: 'warning', text: question }, ...buttons)) !== true) return false;
  // Not awaited, because the next request may come ten minutes later.
  void tellRecorded(ports);
  return true;
};

async function tellRecorded({ service, log }: WindowPorts): Promise<void> {
  const text = await window.withProgress(
    { location: ProgressLocation.Window, title: l10n.t('Keywheel: recording the next request…') },
    async () => await service.recordNext(),
  );
  if (text === null) {
    tell('info', l10n.t('No request was recorded within ten minutes.'));
    return;
  }
  log.info(`Recorded, as you asked:\n${text}`);
  await offer({ severity: 'info', text: l10n.t('The request and its answer are in the log.') }, 'showLog');
}
