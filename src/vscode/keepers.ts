// Opens the stores of saved state: counts in a file and in globalState, past requests in another file.
import { join } from 'node:path';
import { l10n, window, type ExtensionContext } from 'vscode';
import type { Clock } from '../base/clock';
import type { DisposableStore } from '../base/disposable';
import type { Log } from '../base/log';
import type { History } from '../service/history/history';
import { KeptHistory } from '../service/history/keptHistory';
import { StateFile } from '../service/saved/stateFile';
import { StateKeeping, type Kept } from '../service/saved/stateKeeping';
import { CountsStore } from './stateStore';

export interface KeeperParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly service: Kept & { readonly history: History; readonly isHosting: boolean };
  readonly machineId: string;
}

/** `owned` disposes them. Saved state must be restored before the proxy starts. */
export function openKeepers(
  context: ExtensionContext,
  owned: DisposableStore,
  { clock, log, service, machineId }: KeeperParts,
): readonly StateKeeping[] {
  // All profiles share the files; each profile has its own globalState.
  const file = (name: string): StateFile =>
    new StateFile(join(context.globalStorageUri.fsPath, machineId, name));
  const counts = owned.add(
    new CountsStore(file('state.json'), context.globalState, { machineId, clock, log }),
  );
  const isOurs = (): boolean => service.isHosting;
  const history = owned.add(new KeptHistory({ clock, log, history: service.history, isOurs }));
  return [
    owned.add(
      new StateKeeping({ kept: service, name: 'counts', store: counts, log, clock, askToStartAfresh }),
    ),
    owned.add(new StateKeeping({ kept: history, name: 'requests', store: file('history.json'), log, clock })),
  ];
}

async function askToStartAfresh(kind: 'newer' | 'damaged'): Promise<boolean> {
  const startAfresh = l10n.t('Start Over');
  const message =
    kind === 'newer'
      ? l10n.t(
          'Keywheel: Saved counts are from a newer version. New counts will not be saved until you start over.',
        )
      : l10n.t('Keywheel: Saved counts are unreadable. New counts will not be saved until you start over.');
  return (await window.showWarningMessage(message, startAfresh)) === startAfresh;
}
