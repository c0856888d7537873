// Disconnect All Clients: after a yes, each file is as it was before, as far as it is still ours.
import { l10n, window } from 'vscode';
import { connectionLines, disconnectedSentences } from './disconnectText';
import type { ClientPorts } from './ports';

export async function disconnectClients({ connector, log }: ClientPorts): Promise<boolean> {
  const records = await connector.records();
  if (records.length === 0) {
    void window.showInformationMessage(l10n.t('No client is connected.'));
    return false;
  }
  const yes = l10n.t('Disconnect');
  const detail = [
    l10n.t('What Keywheel wrote is taken back; what you changed since stays.'),
    '',
    ...connectionLines(records),
  ].join('\n');
  const question = l10n.t('Disconnect all clients?');
  if ((await window.showWarningMessage(question, { modal: true, detail }, yes)) !== yes) return false;
  const done = await connector.disconnectAll();
  for (const { client, error } of done) if (error !== null) log.error(`${client} stays connected.`, error);
  const isDone = done.every(({ error }) => error === null);
  const text = disconnectedSentences(done, l10n.t).join(' ');
  if (isDone) void window.showInformationMessage(text);
  else void window.showErrorMessage(text);
  return isDone;
}
