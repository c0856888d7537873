// A short message at the right end of the status bar, where it moves no other item.
import { StatusBarAlignment, window } from 'vscode';
import { SystemClock } from '../base/clock';

const shownMs = 3000;
const priority = 10_000;

/** Shown for three seconds. */
export function flash(text: string): void {
  const item = window.createStatusBarItem(StatusBarAlignment.Right, priority);
  item.name = 'Keywheel';
  item.text = `$(check) ${text}`;
  item.show();
  new SystemClock().after(shownMs, () => item.dispose());
}
