// The quota state in VS Code: kept by the service's own keeper; what it leaves alone, the user is asked about.
import { l10n, window } from 'vscode';
import type { Disposable } from '../base/disposable';
import { StateKeeping, type StateKeepingPorts } from '../service/stateKeeping';

/** State that this version cannot read is left alone: nothing is saved over it until the user says so. */
export class StateKeeper implements Disposable {
  private readonly keeping: StateKeeping;

  constructor(ports: StateKeepingPorts) {
    this.keeping = new StateKeeping(ports);
  }

  /** Resolves when the saved state is in the service, or has been set aside; called once, before the proxy starts. */
  async restore(): Promise<void> {
    const { kind } = await this.keeping.restore();
    if (kind === 'newer' || kind === 'damaged') void this.askToStartAfresh(kind);
  }

  /** Resolves when the state of now is kept; a failure is logged. */
  async saveNow(): Promise<void> {
    await this.keeping.saveNow();
  }

  /** Resolves when nothing is kept any more; what changes from now on is kept again. */
  async forget(): Promise<void> {
    await this.keeping.forget();
  }

  dispose(): void {
    this.keeping.dispose();
  }

  private async askToStartAfresh(kind: 'newer' | 'damaged'): Promise<void> {
    const startAfresh = l10n.t('Start Afresh');
    const message =
      kind === 'newer'
        ? l10n.t(
            'Keywheel: the saved counts are of a newer version and are left alone. What is counted now is not kept.',
          )
        : l10n.t(
            'Keywheel: the saved counts are damaged and are left alone. What is counted now is not kept.',
          );
    if ((await window.showWarningMessage(message, startAfresh)) !== startAfresh) return;
    this.keeping.overwrite();
    await this.saveNow();
  }
}
