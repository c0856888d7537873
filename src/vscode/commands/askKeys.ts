// The box that asks for keys: one or several at once, typed, pasted, from the clipboard or from a file.
import {
  env,
  InputBoxValidationSeverity,
  l10n,
  ThemeIcon,
  Uri,
  window,
  workspace,
  type InputBox,
  type QuickInputButton,
} from 'vscode';
import { DisposableStore } from '../../base/disposable';
import { readKeyFile, readPastedKeys, type PastedKeys } from '../../service/pastedKeys';

/** `paste` holds one key at least. */
export type AskedKeys =
  | { readonly kind: 'paste'; readonly paste: PastedKeys }
  | { readonly kind: 'file' }
  | { readonly kind: 'signIn' };

const largestFileBytes = 1024 * 1024;

/** Resolves to what the user chose, or null if the box was left. */
export async function askKeys(): Promise<AskedKeys | null> {
  using owned = new ClosingStore();
  const box = owned.add(window.createInputBox());
  const fromClipboard = button('clippy', l10n.t('Add All Keys in the Clipboard'));
  const fromFile = button('folder-opened', l10n.t('Read Keys from a File Such as .env'));
  const fromSignIn = button('sign-in', l10n.t('Sign In with OpenRouter'));
  describe(box, [fromClipboard, fromFile, fromSignIn]);
  const asked = new Promise<AskedKeys | null>((resolve) => {
    const take = (text: string, nothing: string): void => {
      const paste = readPastedKeys(text);
      if (paste.entries.length > 0) resolve({ kind: 'paste', paste });
      else box.validationMessage = nothing;
    };
    owned.add(box.onDidChangeValue((text) => (box.validationMessage = countText(readPastedKeys(text)))));
    owned.add(box.onDidAccept(() => take(box.value, noKeyText(box.value))));
    owned.add(box.onDidHide(() => resolve(null)));
    owned.add(
      box.onDidTriggerButton((pressed) => {
        if (pressed === fromFile) resolve({ kind: 'file' });
        else if (pressed === fromSignIn) resolve({ kind: 'signIn' });
        else
          void env.clipboard
            .readText()
            .then((text) => take(text, l10n.t('There is no OpenRouter key in the clipboard.')));
      }),
    );
  });
  box.show();
  return await asked;
}

/** The keys of a file that the user chooses; null if there is none or none was chosen (the user was told then). */
export async function askKeyFile(): Promise<PastedKeys | null> {
  const [file] = (await window.showOpenDialog({ openLabel: l10n.t('Read Keys') })) ?? [];
  if (file === undefined) return null;
  const { size } = await workspace.fs.stat(file);
  const bytes = size > largestFileBytes ? new Uint8Array() : await workspace.fs.readFile(file);
  const paste = readKeyFile(bytes);
  if (paste.entries.length > 0) return paste;
  const name = Uri.parse(file.path).path.split('/').at(-1) ?? '';
  void window.showErrorMessage(l10n.t('There is no OpenRouter key in {0}. Nothing was added.', name));
  return null;
}

class ClosingStore extends DisposableStore {
  [Symbol.dispose](): void {
    this.dispose();
  }
}

function describe(box: InputBox, buttons: readonly QuickInputButton[]): void {
  box.title = l10n.t('Add Key');
  box.prompt = l10n.t(
    'OpenRouter API key, or several at once: lines, key:limit lists, the text of a .env file. Kept in the system keychain.',
  );
  box.placeholder = 'sk-or-v1-…';
  box.password = true;
  box.ignoreFocusOut = true;
  box.buttons = buttons;
}

function button(icon: string, tooltip: string): QuickInputButton {
  return { iconPath: new ThemeIcon(icon), tooltip };
}

/** The text is hidden: with several keys, people want to know how many were understood. */
function countText({ entries, unreadable }: PastedKeys): InputBox['validationMessage'] {
  if (entries.length + unreadable.length < 2) return undefined;
  const message =
    unreadable.length === 0
      ? l10n.t('Keys found: {0}.', entries.length)
      : l10n.t('Keys found: {0}. Not readable: {1}.', entries.length, unreadable.length);
  return { message, severity: InputBoxValidationSeverity.Info };
}

function noKeyText(text: string): string {
  if (text.trim() === '') return l10n.t('Paste or type a key.');
  return text.includes('sk-or-')
    ? l10n.t('No whole OpenRouter key was found here, or not under a name such as {0}.', 'OPENROUTER_API_KEY')
    : l10n.t('This is not an OpenRouter key: those begin with {0}.', 'sk-or-');
}
