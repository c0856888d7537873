// What is said before and after clients are disconnected; no vscode, so that every case can be tested.
import { clientOf } from '../../service/clients/clientList';
import { ConfigError } from '../../service/clients/configError';
import type { Disconnected } from '../../service/clients/disconnectAll';
import type { ConnectionRecord } from '../../service/clients/records';
import type { Translate } from '../../webview/translate';
import { problemText } from './clientWords';

/** One line a client, with the file that will be written. */
export function connectionLines(records: readonly ConnectionRecord[]): readonly string[] {
  return records.map((record) => {
    const { name } = clientOf(record.client);
    return record.way === 'file' ? `${name}: ${record.file}` : name;
  });
}

/** A sentence for each thing that came of it: what was put back, what was not ours any more, what could not be put back and why. */
export function disconnectedSentences(done: readonly Disconnected[], t: Translate): readonly string[] {
  const failed = done.filter(({ error }) => error !== null);
  const left = done.filter(({ error, undone }) => error === null && undone === 'left');
  const changed = done.filter(({ error, undone }) => error === null && undone === 'changed');
  const freed = done.filter((one) => ![...failed, ...left, ...changed].includes(one));
  return [
    ...(freed.length === 0 ? [] : [t('Disconnected: {0}.', namesOf(freed))]),
    ...(left.length === 0 ? [] : [t('Nothing of Keywheel was left in: {0}.', namesOf(left))]),
    ...(changed.length === 0
      ? []
      : [t('What Keywheel wrote was changed since, and was left as it is, in: {0}.', namesOf(changed))]),
    ...failed.map(({ client, error }) =>
      error instanceof ConfigError
        ? problemText(error, t)
        : t('{0} stays connected: that did not work. The log tells why.', clientOf(client).name),
    ),
  ];
}

function namesOf(some: readonly Disconnected[]): string {
  return some.map(({ client }) => clientOf(client).name).join(', ');
}
