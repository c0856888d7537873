// The quota state in VS Code: kept by the service's own keeper; what it leaves alone, the user is asked about.
import { l10n, window } from 'vscode';
import type { Disposable } from '../base/disposable';
import type { StateStore } from '../service/ports';
import { StateKeeping, type StateKeepingPorts } from '../service/stateKeeping';

export interface StateKeeperPorts extends Omit<StateKeepingPorts, 'store'> {
  /** Each keeps the whole. */
  readonly stores: readonly StateStore[];
}

/** State that this version cannot read is left alone: nothing is saved over it until the user says so, once for all stores. */
export class StateKeeper implements Disposable {
  private readonly keepings: readonly StateKeeping[];

  constructor({ stores, ...ports }: StateKeeperPorts) {
    this.keepings = stores.map((store) => new StateKeeping({ ...ports, store }));
  }

  /** Resolves when the saved state is in the service, or has been set aside; called once, before the proxy starts. */
  async restore(): Promise<void> {
    const restored = await Promise.all(this.keepings.map(async (keeping) => await keeping.restore()));
    const unread = restored.map(({ kind }) => kind).find((kind) => kind === 'newer' || kind === 'damaged');
    if (unread !== undefined) void this.askToStartAfresh(unread);
  }

  /** Resolves when the state of now is kept; a failure is logged. */
  async saveNow(): Promise<void> {
    await Promise.all(this.keepings.map(async (keeping) => await keeping.saveNow()));
  }

  /** Resolves when nothing is kept any more; what changes from now on is kept again. */
  async forget(): Promise<void> {
    await Promise.all(this.keepings.map(async (keeping) => await keeping.forget()));
  }

  dispose(): void {
    for (const keeping of this.keepings) keeping.dispose();
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
    for (const keeping of this.keepings) keeping.overwrite();
    await this.saveNow();
  }
}
