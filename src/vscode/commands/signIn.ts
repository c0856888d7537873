// Sign In with OpenRouter: the browser comes back with a code, or shows one to paste; the code becomes a key.
import { env, l10n, ProgressLocation, Uri, window } from 'vscode';
import { maskKey, type Secret } from '../../base/secret';
import { exchangeCode, type CodeAnswer } from '../../service/codeExchange';
import { callbackUrlOf, challengeOf, codeIn, newVerifier, signInUrl } from '../../service/signIn';
import { SignInListener, type SignInAnswer } from '../../service/signInListener';
import { reachText } from '../reachText';
import { signInPage } from '../signInPage';
import { addOne, tellResult } from './addOne';
import type { Command, CommandPorts } from './ports';

export const signIn: Command = async (ports) => {
  const verifier = newVerifier();
  const answer = await askBrowser(verifier, ports);
  if (answer?.kind === 'code') return await takeCode(answer.code, verifier, ports);
  if (answer === null) return await signInByPaste(verifier, ports);
  const tryAgain = l10n.t('Try Again');
  const pasteCode = l10n.t('Paste a Code');
  const chosen = await window.showWarningMessage(endText(answer), pasteCode, tryAgain);
  if (chosen === pasteCode) return await signInByPaste(verifier, ports);
  return chosen === tryAgain && (await signIn(ports));
};

/** Null where no browser could come back to this window. */
async function askBrowser(verifier: Secret, ports: CommandPorts): Promise<SignInAnswer | null> {
  const listener = await SignInListener.start(ports.clock, {
    done: signInPage(l10n.t('Signed in'), l10n.t('You can close this page and go back to VS Code.')),
    denied: signInPage(l10n.t('Not signed in'), l10n.t('OpenRouter gave no key. You can close this page.')),
  });
  try {
    const external = await env.asExternalUri(Uri.parse(listener.url));
    const callbackUrl = callbackUrlOf(external.toString(true));
    if (callbackUrl === null) return null;
    await openPage(callbackUrl, verifier, ports);
    return await window.withProgress(
      {
        location: ProgressLocation.Notification,
        title: l10n.t(
          'Waiting for you to sign in with OpenRouter in the browser. Cancel to paste a code instead.',
        ),
        cancellable: true,
      },
      async (_, token) => {
        token.onCancellationRequested(() => listener.dispose());
        return await listener.answer;
      },
    );
  } finally {
    listener.dispose();
  }
}

async function openPage(callbackUrl: string | null, verifier: Secret, ports: CommandPorts): Promise<void> {
  const { upstreamUrl } = ports.settings.current;
  const page = signInUrl({ upstreamUrl, challenge: challengeOf(verifier), callbackUrl });
  // Whether it opened is not asked: people may copy the address into another browser.
  await env.openExternal(Uri.parse(page));
}

async function signInByPaste(verifier: Secret, ports: CommandPorts): Promise<boolean> {
  await openPage(null, verifier, ports);
  const pasted = await window.showInputBox({
    title: l10n.t('Sign In with OpenRouter'),
    prompt: l10n.t('Paste the code that OpenRouter’s page shows, or the address at which the browser ended.'),
    ignoreFocusOut: true,
    validateInput: (text) =>
      text.trim() !== '' && codeIn(text) === null ? l10n.t('There is no code in this.') : undefined,
  });
  const code = codeIn(pasted ?? '');
  return code !== null && (await takeCode(code, verifier, ports));
}

async function takeCode(code: string, verifier: Secret, ports: CommandPorts): Promise<boolean> {
  const { upstreamUrl } = ports.settings.current;
  const answer = await window.withProgress(
    { location: ProgressLocation.Notification, title: l10n.t('Keywheel: getting the key from OpenRouter…') },
    async () => await exchangeCode({ upstreamUrl, clock: ports.clock }, code, verifier),
  );
  if (answer.kind !== 'key') return await tellNoKey(answer, ports);
  const label = maskKey(answer.key);
  const result = await addOne({ key: answer.key, dailyLimit: null }, label, ports);
  void tellResult(result, label, ports);
  return result.kind === 'added';
}

async function tellNoKey(
  answer: Exclude<CodeAnswer, { kind: 'key' }>,
  ports: CommandPorts,
): Promise<boolean> {
  const tryAgain = l10n.t('Try Again');
  const text =
    answer.kind === 'refused'
      ? l10n.t('OpenRouter did not accept the code: it was used before, or it is older than ten minutes.')
      : l10n.t(
          'OpenRouter could not be reached ({0}). No key was added. Look at the network, then try again.',
          reachText(answer.detail, l10n.t),
        );
  return (await window.showErrorMessage(text, tryAgain)) === tryAgain && (await signIn(ports));
}

function endText({ kind }: Exclude<SignInAnswer, { kind: 'code' }>): string {
  switch (kind) {
    case 'denied':
      return l10n.t('OpenRouter gave no key: the sign-in was refused there.');
    case 'timeout':
      return l10n.t('The sign-in was not finished within ten minutes.');
    case 'closed':
      return l10n.t('The sign-in was not finished.');
  }
}
