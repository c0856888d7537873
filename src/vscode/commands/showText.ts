// Shows a message of the severity that it has.
import { window } from 'vscode';
import type { AddResultText } from '../addResultText';

/** Resolves to the button that was pressed, or undefined when the message has gone. */
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
