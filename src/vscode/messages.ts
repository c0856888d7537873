// Notifications and dialogs: with a command button, as a question, and for failures in the background.
import { commands, l10n, window } from 'vscode';
import type { Log } from '../base/log';
import type { AddResultText } from '../words/addResultText';

/** Resolves to the pressed button, or undefined if the message was closed. */
export async function showText(
  { severity, text }: AddResultText,
  buttons: readonly string[] = [],
): Promise<string | undefined> {
  switch (severity) {
    case 'info':
      return await window.showInformationMessage(text, ...buttons);
    case 'warning':
      return await window.showWarningMessage(text, ...buttons);
    case 'error':
      return await window.showErrorMessage(text, ...buttons);
  }
}

/** The button runs the command. VS Code cuts messages without a button after one line. */
export async function offer(
  message: AddResultText,
  button: string,
  command: string,
  ...args: readonly unknown[]
): Promise<void> {
  if ((await showText(message, [button])) === button) await commands.executeCommand(command, ...args);
}

/** Shows the message with a button that opens the log. */
export async function offerLog(text: string, severity: AddResultText['severity'] = 'error'): Promise<void> {
  await offer({ severity, text }, l10n.t('Show Log'), 'keywheel.showLog');
}

/** A modal dialog; resolves to whether its button was pressed. */
export async function confirm(
  severity: 'info' | 'warning',
  question: string,
  detail: string,
  button: string,
): Promise<boolean> {
  const options = { modal: true, detail };
  const answer =
    severity === 'info'
      ? await window.showInformationMessage(question, options, button)
      : await window.showWarningMessage(question, options, button);
  return answer === button;
}

/** A part of the activation has failed. */
export function tellStartFailure(log: Log, what: string, error: unknown): void {
  log.error(what, error);
  void window.showErrorMessage(l10n.t('Keywheel could not start. See the log.'));
}

/** The proxy has failed three times in this window. */
export async function tellProxyTrouble(): Promise<void> {
  const text = `Keywheel: ${l10n.t('The proxy failed three times in this window. See the log.')}`;
  await offerLog(text, 'warning');
}
