// Add Key: asks for keys, checks and stores each, and shows the results.
import { env, l10n, ProgressLocation, Uri, window } from 'vscode';
import { maskKey } from '../../base/secret';
import type { KeyEntry, PastedKeys } from '../../service/pastedKeys';
import { Formats } from '../../words/formats';
import { addSummaryText } from '../../words/addSummaryText';
import { offerNext, resultText, whileChecking } from './addResult';
import { askKeyFile, askKeys } from './askKeys';
import { naming } from './nameKeys';
import type { Command, CommandPorts } from './ports';
import { showText } from '../messages';
import { signIn } from './signIn';

const keysPage = 'https://openrouter.ai/settings/keys';

export const addKey: Command = async (ports) => await addTyped(ports, '');

/** `text` is what the box has at first: that of an attempt that failed. */
async function addTyped(ports: CommandPorts, text: string): Promise<boolean> {
  const asked = await askKeys(text);
  if (asked === null) return false;
  switch (asked.kind) {
    case 'paste':
      return await addPaste(asked.paste, ports);
    case 'file': {
      const paste = await askKeyFile();
      return paste !== null && (await addPaste(paste, ports));
    }
    case 'signIn':
      return await signIn(ports);
  }
}

async function addPaste(paste: PastedKeys, ports: CommandPorts): Promise<boolean> {
  const [only, ...others] = paste.entries;
  if (only === undefined || others.length + paste.unreadable.length > 0)
    return await addSeveral(paste, ports);
  const label = maskKey(only.key);
  const result = await whileChecking(ports.keyring.add(only.key, label, only.dailyLimit));
  if (result.kind === 'added' || result.kind === 'duplicate') {
    const added = result.kind === 'added' ? [only.key] : [];
    // Not awaited, because a notification may stay for long.
    void offerNext(resultText(result, label, ports), ports, naming(added, ports));
    return result.kind === 'added';
  }
  const tryAgain = l10n.t('Try Again');
  const openPage = l10n.t('Open OpenRouter');
  const chosen = await showText(resultText(result, label, ports), [tryAgain, openPage]);
  if (chosen === openPage) await env.openExternal(Uri.parse(keysPage));
  return chosen === tryAgain && (await addTyped(ports, textOf([only])));
}

/** A list that can be pasted again. */
function textOf(entries: readonly KeyEntry[]): string {
  return entries
    .map(({ key, dailyLimit }) => (dailyLimit === null ? key : `${key}:${dailyLimit}`))
    .join(', ');
}

async function addSeveral({ entries, unreadable }: PastedKeys, ports: CommandPorts): Promise<boolean> {
  const added = await window.withProgress(
    {
      location: ProgressLocation.Notification,
      title: l10n.t('Keywheel: checking the keys'),
      cancellable: true,
    },
    async (progress, token) => {
      const stopped = new AbortController();
      token.onCancellationRequested(() => stopped.abort());
      const increment = 100 / entries.length;
      const onProgress = (done: number): void =>
        progress.report({
          increment: done === 0 ? 0 : increment,
          message: l10n.t('{0} of {1}', done + 1, entries.length),
        });
      return await ports.keyring.addAll(entries, { onProgress, signal: stopped.signal });
    },
  );
  const speech = { t: l10n.t, formats: new Formats(env.language, '') };
  const leftOut = entries.length - added.length;
  const notKept = added.flatMap(({ entry, result }) => (result.kind === 'notKept' ? [entry] : []));
  const isAnyAdded = added.some(({ result }) => result.kind === 'added');
  const summary = addSummaryText({ added, unreadable, leftOut }, speech);
  if (notKept.length === 0) {
    const fresh = added.flatMap(({ entry, result }) => (result.kind === 'added' ? [entry.key] : []));
    void offerNext(summary, ports, naming(fresh, ports));
    return isAnyAdded;
  }
  const tryAgain = l10n.t('Try Again');
  const isWanted = (await showText(summary, [tryAgain])) === tryAgain;
  return (isWanted && (await addTyped(ports, textOf(notKept)))) || isAnyAdded;
}
