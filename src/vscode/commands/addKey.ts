// Add Key: asks for keys, has each checked and kept, and says what came of them.
import { env, l10n, ProgressLocation, Uri, window } from 'vscode';
import { maskKey } from '../../base/secret';
import { addKeys } from '../../service/addKeys';
import { longestName } from '../../service/messages';
import type { PastedKeys } from '../../service/pastedKeys';
import { Formats } from '../../webview/formats';
import { addSummaryText } from '../addSummaryText';
import { addOne, tellResult } from './addOne';
import { askKeyFile, askKeys } from './askKeys';
import type { Command, CommandPorts } from './ports';
import { showText } from './showText';
import { signIn } from './signIn';

const keysPage = 'https://openrouter.ai/settings/keys';

export const addKey: Command = async (ports) => {
  const asked = await askKeys();
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
};

async function addPaste(paste: PastedKeys, ports: CommandPorts): Promise<boolean> {
  const [only, ...others] = paste.entries;
  if (only === undefined || others.length + paste.unreadable.length > 0)
    return await addSeveral(paste, ports);
  const label = await askLabel(only.key);
  if (label === undefined) return false;
  const result = await addOne(only, label, ports);
  if (result.kind === 'added' || result.kind === 'duplicate') {
    // Not awaited: a notification may stay for long, and the key is there.
    void tellResult(result, label, ports);
    return result.kind === 'added';
  }
  const tryAgain = l10n.t('Try Again');
  const openPage = l10n.t('Open OpenRouter');
  const chosen = await tellResult(result, label, ports, [tryAgain, openPage]);
  if (chosen === openPage) await env.openExternal(Uri.parse(keysPage));
  return chosen === tryAgain && (await addKey(ports));
}

async function askLabel(key: string): Promise<string | undefined> {
  const masked = maskKey(key);
  const typed = await window.showInputBox({
    title: l10n.t('Add Key'),
    prompt: l10n.t('Label to tell this key from others. Leave empty for {0}.', masked),
    placeHolder: masked,
    ignoreFocusOut: true,
    // The form in which it can be changed takes no longer one.
    validateInput: (text) =>
      text.trim().length > longestName ? l10n.t('A label has {0} characters at most.', longestName) : null,
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
      return await addKeys(ports.keyring, entries, { onProgress, signal: stopped.signal });
    },
  );
  const speech = { t: l10n.t, formats: new Formats(env.language, '') };
  const leftOut = entries.length - added.length;
  void showText(addSummaryText({ added, unreadable, leftOut }, speech));
  return added.some(({ result }) => result.kind === 'added');
}
