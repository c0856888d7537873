// Tells the proxy that the user is in this window, so that it reads allowances often.
import { window } from 'vscode';
import type { Clock } from '../base/clock';
import { DisposableStore, type Disposable } from '../base/disposable';

/** The proxy assumes presence for somewhat longer than this. */
const tellEveryMs = 60_000;

export class Presence implements Disposable {
  private readonly owned = new DisposableStore();
  private timer: Disposable | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly service: { watched(): void },
  ) {
    this.owned.add(window.onDidChangeWindowState(() => this.look()));
    this.look();
  }

  dispose(): void {
    this.owned.dispose();
    this.timer?.dispose();
  }

  private look(): void {
    const { focused, active } = window.state;
    if (!focused || !active || this.timer !== null) return;
    this.service.watched();
    this.timer = this.clock.after(tellEveryMs, () => {
      this.timer = null;
      this.look();
    });
  }
}
