// Notifications, dialogs and notes, and the language of their texts.
import { env, l10n, ProgressLocation, StatusBarAlignment, window, type Progress } from 'vscode';
import { SystemClock } from '../base/clock';
import type { Log } from '../base/log';
import type { Action } from '../service/messages';
import type { ProxyState, Snapshot } from '../service/snapshot';
import { actionText } from '../words/actionText';
import { withoutLinks, type ResultText } from '../words/resultText';
import { Formats } from '../words/formats';
import { notRunningText, type TextContext } from '../words/stateWords';
import { runAction } from './actions';

const notedMs = 3000;
/** The right end of the status bar, where a note moves no other item. */
const notePriority = 10_000;

/** The user's language, with the time and the time zone of the snapshot; without one for texts that have no times. */
export function textContextOf(
  { timezone, atMs }: Pick<Snapshot, 'timezone' | 'atMs'> = { timezone: '', atMs: 0 },
): TextContext {
  return { t: l10n.t, formats: new Formats(env.language, timezone), nowMs: atMs };
}

/** A short note in the status bar, for three seconds. */
export function showNote(text: string): void {
  const item = window.createStatusBarItem(StatusBarAlignment.Right, notePriority);
  item.name = 'Keywheel';
  item.text = `$(check) ${text}`;
  item.show();
  new SystemClock().after(notedMs, () => item.dispose());
}

/** Puts the text into the clipboard and notes it. */
export async function copy(text: string, note: string): Promise<void> {
  await env.clipboard.writeText(text);
  showNote(note);
}

const showFunctions = {
  info: 'showInformationMessage',
  warning: 'showWarningMessage',
  error: 'showErrorMessage',
} as const;

async function show({ severity, text }: ResultText, buttons: readonly string[]): Promise<string | undefined> {
  return await window[showFunctions[severity]](withoutLinks(text), ...buttons);
}

/** A message without a button, which VS Code cuts after one line. */
export function showMessage(severity: ResultText['severity'], text: string): void {
  void show({ severity, text }, []);
}

/** A button's text and its function. */
export type Choice<T> = readonly [text: string, run: () => T | Promise<T>];

/** A message with buttons; resolves to the result of the pressed button's function, else to undefined. */
export async function showChoice<T>(
  message: ResultText,
  ...buttons: readonly (Action | Choice<T>)[]
): Promise<T | undefined> {
  const texts = buttons.map((each) => (typeof each === 'string' ? actionText(each, l10n.t) : each[0]));
  const pressed = await show(message, texts);
  const button = pressed === undefined ? undefined : buttons[texts.indexOf(pressed)];
  if (typeof button === 'object') return await button[1]();
  if (button !== undefined) await runAction(button);
  return undefined;
}

/** A modal dialog; resolves to the pressed button, or undefined if it was closed. */
export async function showDialog(
  severity: 'info' | 'warning',
  question: string,
  detail: string,
  buttons: readonly string[],
): Promise<string | undefined> {
  return await window[showFunctions[severity]](question, { modal: true, detail }, ...buttons);
}

/** A modal dialog with one button; resolves to whether it was pressed. */
export async function confirm(
  severity: 'info' | 'warning',
  question: string,
  detail: string,
  button: string,
): Promise<boolean> {
  return (await showDialog(severity, question, detail, [button])) === button;
}

/** A notification while the work runs. */
export async function whileShowing<T>(title: string, work: () => Promise<T>): Promise<T> {
  return await window.withProgress(
    { location: ProgressLocation.Notification, title: withoutLinks(title) },
    work,
  );
}

/** A notification while the work runs, with a button that aborts the signal. */
export async function untilCancelled<T>(
  title: string,
  work: (signal: AbortSignal, progress: Progress<{ message: string; increment: number }>) => Promise<T>,
): Promise<T> {
  const cancelled = new AbortController();
  return await window.withProgress(
    { location: ProgressLocation.Notification, title: withoutLinks(title), cancellable: true },
    async (progress, token) => {
      token.onCancellationRequested(() => cancelled.abort());
      return await work(cancelled.signal, progress);
    },
  );
}

/** Shows why the proxy cannot be used; returns false, because the command has failed. */
export function showNotRunning(proxy: ProxyState): false {
  const message = { severity: 'warning', text: notRunningText(proxy, l10n.t) } as const;
  void showChoice(message, proxy.kind === 'stopped' ? 'startProxy' : 'openDashboard');
  return false;
}

/** Shows that the vault has not loaded yet; returns false, because the command has failed. */
export function showNoProxyKey(): false {
  showMessage('warning', l10n.t('The proxy key is not loaded yet: the system keychain has not answered.'));
  return false;
}

/** Logs the error, and shows that a command or an action of the user has failed. */
export function showFailure(log: Log, what: string, error: unknown): void {
  log.error(what, error);
  void showChoice(
    { severity: 'error', text: l10n.t('Keywheel: Something went wrong. See the log.') },
    'showLog',
  );
}

/** Logs the error, and shows that a part of the activation has failed. */
export function showStartFailure(log: Log, what: string, error: unknown): void {
  log.error(what, error);
  showMessage('error', l10n.t('Keywheel could not start. See the log.'));
}
