// Add Key: asks for keys, checks and stores each, and shows the results.
import { env, l10n, ProgressLocation, Uri, window } from 'vscode';
import { keyIdOf, maskKey } from '../../base/secret';
import { longestName } from '../../service/messages';
import type { KeyEntry, PastedKeys } from '../../service/pastedKeys';
import { Formats } from '../../words/formats';
import type { AddResultText } from '../../words/addResultText';
import { addSummaryText } from '../../words/addSummaryText';
import { offerNext, tellResult, whileChecking } from './addResult';
import { askKeyFile, askKeys } from './askKeys';
import type { Command, CommandPorts } from './ports';
import { showText } from '../messages';
import { signIn } from './signIn';

const keysPage = 'https://openrouter.ai/settings/keys';

export const addKey: Command = async (ports) => await addTyped(ports, { text: '', label: '' });

/** Initial values of the boxes, from an attempt that failed. */
interface Typed {
  readonly text: string;
  readonly label: string;
}

async function addTyped(ports: CommandPorts, typed: Typed): Promise<boolean> {
  const asked = await askKeys(typed.text);
  if (asked === null) return false;
  switch (asked.kind) {
    case 'paste':
      return await addPaste(asked.paste, typed.label, ports);
    case 'file': {
      const paste = await askKeyFile();
      return paste !== null && (await addPaste(paste, '', ports));
    }
    case 'signIn':
      return await signIn(ports);
  }
}

async function addPaste(paste: PastedKeys, typedLabel: string, ports: CommandPorts): Promise<boolean> {
  const [only, ...others] = paste.entries;
  if (only === undefined || others.length + paste.unreadable.length > 0)
    return await addSeveral(paste, ports);
  const label = await askLabel(only.key, typedLabel);
  if (label === undefined) return false;
  const result = await whileChecking(ports.keyring.add(only.key, label, only.dailyLimit));
  if (result.kind === 'added' || result.kind === 'duplicate') {
    // Not awaited, because a notification may stay for long.
    void tellResult(result, label, ports);
    return result.kind === 'added';
  }
  const tryAgain = l10n.t('Try Again');
  const openPage = l10n.t('Open OpenRouter');
  const chosen = await tellResult(result, label, ports, [tryAgain, openPage]);
  if (chosen === openPage) await env.openExternal(Uri.parse(keysPage));
  return chosen === tryAgain && (await addTyped(ports, { text: textOf([only]), label }));
}

/** A list that can be pasted again. */
function textOf(entries: readonly KeyEntry[]): string {
  return entries
    .map(({ key, dailyLimit }) => (dailyLimit === null ? key : `${key}:${dailyLimit}`))
    .join(', ');
}

async function askLabel(key: string, value: string): Promise<string | undefined> {
  const masked = maskKey(key);
  const typed = await window.showInputBox({
    value: value === masked ? '' : value,
    title: l10n.t('Add Key'),
    prompt: l10n.t('Name for this key (optional). Default: {0}', masked),
    placeHolder: masked,
    ignoreFocusOut: true,
    // The dashboard's form has the same limit.
    validateInput: (text) =>
      text.trim().length > longestName ? l10n.t('Labels have at most {0} characters.', longestName) : null,
  });
  return typed?.trim() === '' ? masked : typed?.trim();
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
    const fresh = added.flatMap(({ entry, result }) => (result.kind === 'added' ? [entry] : []));
    void (fresh.length > 1 ? offerNames(fresh, summary, ports) : offerNext(summary, ports));
    return isAnyAdded;
  }
  const tryAgain = l10n.t('Try Again');
  const isWanted = (await showText(summary, [tryAgain])) === tryAgain;
  return (isWanted && (await addTyped(ports, { text: textOf(notKept), label: '' }))) || isAnyAdded;
}

/** Pasted keys are named by their masks, so this asks for each key's name. */
async function offerNames(
  entries: readonly KeyEntry[],
  summary: AddResultText,
  { keyActions, log }: CommandPorts,
): Promise<void> {
  const name = l10n.t('Name Keys');
  if ((await showText(summary, [name])) !== name) return;
  try {
    for (const { key } of entries) {
      const label = await askLabel(key, '');
      if (label === undefined) return;
      await keyActions.onKey(keyIdOf(key), { kind: 'update', change: { label } });
    }
  } catch (error: unknown) {
    log.error('The keys could not be named.', error);
    void window.showErrorMessage(l10n.t('Keywheel: Something went wrong. See the log.'));
  }
}
