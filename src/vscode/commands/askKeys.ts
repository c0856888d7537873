// The box that asks for one or several keys: typed, pasted, from the clipboard or from a file.
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
import { fileText, readPastedKeys, withLineBreaks, type PastedKeys } from '../../service/pastedKeys';
import { showMessage } from '../messages';

const largestFileBytes = 1024 * 1024;

/** At least one key, the wish to sign in, or null if there is neither; `text` is the box's first content. */
export async function askKeys(text: string): Promise<PastedKeys | 'signIn' | null> {
  const asked = await askInBox(text);
  return asked === 'file' ? await askKeyFile() : asked;
}

async function askInBox(text: string): Promise<PastedKeys | 'file' | 'signIn' | null> {
  using owned = new DisposableStore();
  const box = owned.add(window.createInputBox());
  const fromClipboard = button('clippy', l10n.t('Add All Keys in the Clipboard'));
  const fromFile = button('folder-opened', l10n.t('Read Keys from a File Such as .env'));
  const fromSignIn = button('sign-in', l10n.t('Sign In with OpenRouter'));
  box.value = text;
  describe(box, [fromClipboard, fromFile, fromSignIn]);
  const asked = new Promise<PastedKeys | 'file' | 'signIn' | null>((resolve) => {
    // The box replaces line breaks by spaces; only the clipboard still has them.
    let pasted = '';
    const take = (given: string, nothing: string): void => {
      const paste = readPastedKeys(given);
      if (paste.entries.length > 0) resolve(paste);
      else box.validationMessage = nothing;
    };
    const read = (): PastedKeys => readPastedKeys(withLineBreaks(box.value, pasted));
    const count = (): void => void (box.validationMessage = countText(read()));
    owned.add(
      box.onDidChangeValue(() => {
        count();
        if (!box.value.includes('#')) return;
        void env.clipboard.readText().then((clipboard) => {
          pasted = clipboard;
          count();
        });
      }),
    );
    owned.add(box.onDidAccept(() => take(withLineBreaks(box.value, pasted), noKeyText(box.value))));
    owned.add(box.onDidHide(() => resolve(null)));
    owned.add(
      box.onDidTriggerButton((pressed) => {
        if (pressed === fromFile) resolve('file');
        else if (pressed === fromSignIn) resolve('signIn');
        else
          void env.clipboard
            .readText()
            .then((clipboard) => take(clipboard, l10n.t('No OpenRouter key in the clipboard.')));
      }),
    );
  });
  box.show();
  return await asked;
}

/** The keys of a file that the user chooses; null if there are none (then an error is shown) or no file was chosen. */
async function askKeyFile(): Promise<PastedKeys | null> {
  const [file] = (await window.showOpenDialog({ openLabel: l10n.t('Read Keys') })) ?? [];
  if (file === undefined) return null;
  const { size } = await workspace.fs.stat(file);
  const bytes = size > largestFileBytes ? new Uint8Array() : await workspace.fs.readFile(file);
  const paste = readPastedKeys(fileText(bytes));
  if (paste.entries.length > 0) return paste;
  const name = Uri.parse(file.path).path.split('/').at(-1) ?? '';
  showMessage('error', l10n.t('No OpenRouter key in {0}. Nothing was added.', name));
  return null;
}

function describe(box: InputBox, buttons: readonly QuickInputButton[]): void {
  box.title = l10n.t('Add Key');
  box.prompt = l10n.t(
    'Paste one or more OpenRouter keys, or a whole .env file. Stored in the system keychain.',
  );
  box.placeholder = 'sk-or-v1-…';
  box.password = true;
  box.ignoreFocusOut = true;
  box.buttons = buttons;
}

function button(icon: string, tooltip: string): QuickInputButton {
  return { iconPath: new ThemeIcon(icon), tooltip };
}

/** The number of recognized keys, because the box hides its text. */
function countText({ entries, unreadable }: PastedKeys): InputBox['validationMessage'] {
  if (entries.length + unreadable.length < 2) return undefined;
  const message =
    unreadable.length === 0
      ? l10n.t('Keys found: {0}.', entries.length)
      : l10n.t('Keys found: {0}. Unreadable: {1}.', entries.length, unreadable.length);
  return { message, severity: InputBoxValidationSeverity.Info };
}

function noKeyText(text: string): string {
  if (text.trim() === '') return l10n.t('Paste or type a key.');
  return text.includes('sk-or-')
    ? l10n.t('No complete OpenRouter key found.')
    : l10n.t('OpenRouter keys begin with {0}.', 'sk-or-');
}
