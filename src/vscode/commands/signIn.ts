// Sign In with OpenRouter: exchanges a code, from the browser's redirect or pasted, for a key.
import { env, l10n, Uri, window } from 'vscode';
import type { Secret } from '../../base/secret';
import {
  callbackUrlOf,
  challengeOf,
  codeIn,
  exchangeCode,
  newVerifier,
  signInUrl,
  type CodeAnswer,
} from '../../service/signIn/signIn';
import { SignInListener, type SignInAnswer } from '../../service/signIn/signInListener';
import { signInPage } from '../../words/pageHtml';
import { reachText } from '../../words/reachText';
import { wordsFor } from '../../words/translate';
import { showChoice, untilCancelled, whileShowing } from '../messages';
import type { Command, WindowPorts } from '../ports';
import { addOne } from './keyAdding';

export const signIn: Command = async (ports) => {
  const verifier = newVerifier();
  const answer = await askBrowser(verifier, ports);
  if (answer?.kind === 'code') return await takeCode(answer.code, verifier, ports);
  if (answer === null) return await signInByPaste(verifier, ports);
  const isDone = await showChoice(
    { severity: 'warning', text: endText(answer.kind, l10n.t) },
    [l10n.t('Paste a Code'), async () => await signInByPaste(verifier, ports)],
    [l10n.t('Try Again'), async () => await signIn(ports)],
  );
  return isDone ?? false;
};

/** Null if the browser cannot redirect to this window. */
async function askBrowser(verifier: Secret, ports: WindowPorts): Promise<SignInAnswer | null> {
  const listener = await SignInListener.start(ports.clock, {
    done: signInPage(
      env.language,
      l10n.t('Signed in'),
      l10n.t('You can close this page and go back to VS Code.'),
    ),
    denied: signInPage(
      env.language,
      l10n.t('Sign-in failed'),
      l10n.t('OpenRouter did not provide a key. You can close this page.'),
    ),
  });
  try {
    const external = await env.asExternalUri(Uri.parse(listener.url));
    const callbackUrl = callbackUrlOf(external.toString(true));
    if (callbackUrl === null) return null;
    await openPage(callbackUrl, verifier, ports);
    return await untilCancelled(l10n.t('Complete the sign-in in your browser.'), async (signal) => {
      signal.addEventListener('abort', () => listener.dispose());
      return await listener.answer;
    });
  } finally {
    listener.dispose();
  }
}

async function openPage(callbackUrl: string | null, verifier: Secret, ports: WindowPorts): Promise<void> {
  const { upstreamUrl } = ports.settings.current;
  const page = signInUrl(upstreamUrl, challengeOf(verifier), callbackUrl);
  // The result is ignored, because users may copy the address into another browser.
  await env.openExternal(Uri.parse(page));
}

async function signInByPaste(verifier: Secret, ports: WindowPorts): Promise<boolean> {
  await openPage(null, verifier, ports);
  const pasted = await window.showInputBox({
    title: l10n.t('Sign In with OpenRouter'),
    prompt: l10n.t('Paste the code from OpenRouter’s page, or the address of the last page in the browser.'),
    ignoreFocusOut: true,
    validateInput: (text) =>
      text.trim() !== '' && codeIn(text) === null
        ? l10n.t('That does not contain a sign-in code.')
        : undefined,
  });
  const code = codeIn(pasted ?? '');
  return code !== null && (await takeCode(code, verifier, ports));
}

async function takeCode(code: string, verifier: Secret, ports: WindowPorts): Promise<boolean> {
  const { settings, clock } = ports;
  const answer = await whileShowing(
    l10n.t('Keywheel: getting the key from OpenRouter…'),
    async () => await exchangeCode({ ...settings.current, clock }, code, verifier),
  );
  return answer.kind === 'key' ? await keepKey(answer.key, ports) : await showNoKey(answer, ports);
}

/** Adds the key, and offers to try again if the keychain refused it, because the key is shown nowhere else. */
async function keepKey(key: string, ports: WindowPorts): Promise<boolean> {
  const again = async (): Promise<boolean> => await keepKey(key, ports);
  return await addOne({ key, dailyLimit: null }, ports, [l10n.t('Try Again'), again]);
}

async function showNoKey(answer: Exclude<CodeAnswer, { kind: 'key' }>, ports: WindowPorts): Promise<boolean> {
  const text =
    answer.kind === 'refused'
      ? l10n.t('The code was not accepted: it was used before, or it is older than ten minutes.')
      : l10n.t(
          'OpenRouter did not provide a key ({0}). Nothing was added. Check your network, then try again.',
          reachText(answer.detail, l10n.t),
        );
  const again = async (): Promise<boolean> => await signIn(ports);
  return (await showChoice({ severity: 'error', text }, [l10n.t('Try Again'), again])) ?? false;
}

const endText = wordsFor<Exclude<SignInAnswer['kind'], 'code'>>({
  denied: (t) => t('You declined the sign-in at OpenRouter.'),
  timeout: (t) => t('Sign-in was not completed within ten minutes.'),
  closed: (t) => t('Sign-in was not completed.'),
});
