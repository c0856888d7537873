// Add Key asks for keys, checks and stores each, and shows the results; Replace Key gives a new one the place of an old one.
import { env, l10n, Uri, window } from 'vscode';
import { keyIdOf } from '../../base/secret';
import { readPastedKeys, type KeyEntry, type PastedKeys } from '../../service/pastedKeys';
import { addSummaryText } from '../../words/resultText';
import { showChoice, showMessage, textContextOf, untilCancelled } from '../messages';
import type { Command, WindowPorts } from '../ports';
import { addOne, resultText, showNextStep, whileChecking } from './keyAdding';
import { askKeys } from './askKeys';
import { signIn } from './signIn';

const keysPage = 'https://openrouter.ai/settings/keys';

export const addKey: Command = async (ports) => await addTyped(ports, '');

/** `text` is the box's first content: the key of an attempt that failed, else empty. */
async function addTyped(ports: WindowPorts, text: string): Promise<boolean> {
  const asked = await askKeys(text);
  if (asked === null) return false;
  return asked === 'signIn' ? await signIn(ports) : await addPaste(asked, ports);
}

async function addPaste(paste: PastedKeys, ports: WindowPorts): Promise<boolean> {
  const [only, ...others] = paste.entries;
  if (only === undefined || others.length + paste.unreadable.length > 0)
    return await addSeveral(paste, ports);
  const openPage = async (): Promise<boolean> => {
    await env.openExternal(Uri.parse(keysPage));
    return false;
  };
  const again = async (): Promise<boolean> => await addTyped(ports, textOf([only]));
  const buttons = [[l10n.t('Try Again'), again] as const, [l10n.t('Open OpenRouter'), openPage] as const];
  return await addOne(only, ports, ...buttons);
}

/** A list that can be pasted again. */
function textOf(entries: readonly KeyEntry[]): string {
  return entries
    .map(({ key, dailyLimit }) => (dailyLimit === null ? key : `${key}:${dailyLimit}`))
    .join(', ');
}

async function addSeveral({ entries, unreadable }: PastedKeys, ports: WindowPorts): Promise<boolean> {
  const added = await untilCancelled(l10n.t('Keywheel: checking the keys'), async (signal, progress) => {
    const increment = 100 / entries.length;
    const onProgress = (done: number): void =>
      progress.report({
        increment: done === 0 ? 0 : increment,
        message: l10n.t('{0} of {1}', done + 1, entries.length),
      });
    return await ports.keyring.addAll(entries, { onProgress, signal });
  });
  const leftOut = entries.length - added.length;
  const notKept = added.flatMap(({ entry, result }) => (result.kind === 'notKept' ? [entry] : []));
  const isAnyAdded = added.some(({ result }) => result.kind === 'added');
  const summary = addSummaryText({ added, unreadable, leftOut }, textContextOf());
  if (notKept.length === 0) {
    const fresh = added.flatMap(({ entry, result }) => (result.kind === 'added' ? [entry.key] : []));
    void showNextStep(summary, ports, fresh);
    return isAnyAdded;
  }
  const again = async (): Promise<boolean> => await addTyped(ports, textOf(notKept));
  return (await showChoice(summary, [l10n.t('Try Again'), again])) === true || isAnyAdded;
}

/** Resolves to whether the key was replaced. Rejects if the vault does not remove the old one. */
export async function replaceKey(keyId: string, ports: WindowPorts): Promise<boolean> {
  const label = ports.keyring.keys.find(({ key }) => keyIdOf(key) === keyId)?.label;
  if (label === undefined) return false;
  const typed = await window.showInputBox({
    title: l10n.t('Replace “{0}”', label),
    prompt: l10n.t('Paste the new OpenRouter key. Name, limit and account stay; the old key is removed.'),
    placeHolder: 'sk-or-v1-…',
    password: true,
    ignoreFocusOut: true,
    validateInput: (text) => (onlyKey(text) === null ? l10n.t('Paste one complete OpenRouter key.') : null),
  });
  const entry = onlyKey(typed ?? '');
  if (entry === null) return false;
  const result = await whileChecking(ports.keyring.replace(keyId, entry.key));
  if (result.kind === 'added' && result.check.kind === 'good')
    showMessage('info', l10n.t('Key “{0}” replaced.', label));
  else void showNextStep(resultText(result, label, ports), ports);
  return result.kind === 'added';
}

function onlyKey(text: string): KeyEntry | null {
  const [only, ...others] = readPastedKeys(text).entries;
  return others.length === 0 ? (only ?? null) : null;
}
