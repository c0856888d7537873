// Disconnect All Clients: after a yes, each file is as it was before, as far as it is still ours.
import { l10n, window } from 'vscode';
import { clientOf } from '../../service/clients/clientList';
import { ConfigError } from '../../service/clients/configError';
import type { Disconnected } from '../../service/clients/disconnectAll';
import { problemText } from './clientWords';
import type { ClientPorts } from './ports';

export async function disconnectClients({ connector, log }: ClientPorts): Promise<boolean> {
  const records = await connector.records();
  if (records.length === 0) {
    void window.showInformationMessage(l10n.t('No client is connected.'));
    return false;
  }
  const yes = l10n.t('Disconnect');
  const lines = records.map((record) => {
    const { name } = clientOf(record.client);
    return record.way === 'file' ? `${name}: ${record.file}` : name;
  });
  const detail = [
    l10n.t('What Keywheel wrote is taken back; what you changed since stays.'),
    '',
    ...lines,
  ].join('\n');
  const question = l10n.t('Disconnect all clients?');
  if ((await window.showWarningMessage(question, { modal: true, detail }, yes)) !== yes) return false;
  const done = await connector.disconnectAll();
  for (const { client, error } of done) if (error !== null) log.error(`${client} stays connected.`, error);
  tellDone(done);
  return done.every(({ error }) => error === null);
}

function tellDone(done: readonly Disconnected[]): void {
  const failed = done.filter(({ error }) => error !== null);
  const left = done.filter(({ undone }) => undone === 'left');
  const namesOf = (some: readonly Disconnected[]): string =>
    some.map(({ client }) => clientOf(client).name).join(', ');
  const freed = done.filter(({ error, undone }) => error === null && undone !== 'left');
  const sentences = [
    ...(freed.length === 0 ? [] : [l10n.t('Disconnected: {0}.', namesOf(freed))]),
    ...(left.length === 0 ? [] : [l10n.t('Nothing of Keywheel was left in: {0}.', namesOf(left))]),
    ...failed.map(({ client, error }) =>
      error instanceof ConfigError
        ? problemText(error, l10n.t)
        : l10n.t('{0} stays connected: that did not work. The log tells why.', clientOf(client).name),
    ),
  ];
  const text = sentences.join(' ');
  if (failed.length > 0) void window.showErrorMessage(text);
  else void window.showInformationMessage(text);
}
