// What is kept between runs, and where: counts in globalState and in a file, past requests in a file of their own.
import { join } from 'node:path';
import type { ExtensionContext } from 'vscode';
import type { Clock } from '../base/clock';
import type { DisposableStore } from '../base/disposable';
import type { Log } from '../base/log';
import type { History } from '../service/history';
import { KeptHistory } from '../service/keptHistory';
import { StateFile } from '../service/stateFile';
import { StateKeeping, type Kept } from '../service/stateKeeping';
import { StateKeeper } from './stateKeeper';
import { MementoStateStore } from './stateStore';

export interface KeeperParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly service: Kept & { readonly history: History; readonly isHosting: boolean };
  readonly machineId: string;
}

/** Whoever owns `owned` disposes them; what was kept is to be restored before the proxy begins. */
export function openKeepers(
  context: ExtensionContext,
  owned: DisposableStore,
  { clock, log, service, machineId }: KeeperParts,
): readonly (StateKeeper | StateKeeping)[] {
  const file = (name: string): StateFile =>
    new StateFile(join(context.globalStorageUri.fsPath, machineId, name));
  const inGlobalState = new MementoStateStore(context.globalState, machineId);
  const isOurs = (): boolean => service.isHosting;
  const history = owned.add(new KeptHistory({ clock, log, history: service.history, isOurs }));
  return [
    // All profiles share the files; globalState is each profile's own.
    owned.add(
      new StateKeeper({
        kept: service,
        name: 'counts',
        stores: [inGlobalState, file('state.json')],
        log,
        clock,
      }),
    ),
    owned.add(new StateKeeping({ kept: history, name: 'requests', store: file('history.json'), log, clock })),
  ];
}
