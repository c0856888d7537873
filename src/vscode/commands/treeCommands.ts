// The actions of the view "Accounts"; they get the item that they are for, and are not in the palette.
import { commands, l10n, window } from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable';
import type { Log } from '../../base/log';
import type { KeyActions } from '../../service/keyActions';
import type { KeyAct } from '../../service/messages';
import type { AccountItem } from '../accountsItems';

export interface TreeCommandPorts {
  readonly keyActions: Pick<KeyActions, 'onKey' | 'onAccount'>;
  readonly log: Log;
}

type Act = (item: AccountItem, ports: TreeCommandPorts) => Promise<unknown>;

const table: Readonly<Record<string, Act>> = {
  'keywheel.checkKey': check,
  'keywheel.unlockKey': async ({ accountId }, { keyActions }) =>
    await keyActions.onAccount(accountId, { kind: 'unlock' }),
  'keywheel.renameKey': rename,
  'keywheel.turnOnKey': onKey(() => ({ kind: 'update', change: { enabled: true } })),
  'keywheel.turnOffKey': onKey(() => ({ kind: 'update', change: { enabled: false } })),
  'keywheel.removeThisKey': remove,
};

/** The commands are there until what is returned is disposed; one that fails says so and is logged. */
export function registerTreeCommands(ports: TreeCommandPorts): Disposable {
  const owned = new DisposableStore();
  for (const [id, act] of Object.entries(table)) {
    owned.add(
      commands.registerCommand(id, async (item: AccountItem | undefined) => {
        // By a keybinding it would be called without an item.
        if (item !== undefined) await run(id, async () => await act(item, ports), ports.log);
      }),
    );
  }
  return owned;
}

async function run(id: string, act: () => Promise<unknown>, log: Log): Promise<void> {
  try {
    await act();
  } catch (error: unknown) {
    log.error(`The command ${id} failed.`, error);
    void window.showErrorMessage(l10n.t('Keywheel: that did not work. The log tells why.'));
  }
}

function onKey(actOf: () => KeyAct): Act {
  return async ({ keyId }, { keyActions }) => {
    if (keyId !== null) await keyActions.onKey(keyId, actOf());
  };
}

async function check({ keyId, accountId }: AccountItem, { keyActions }: TreeCommandPorts): Promise<void> {
  if (keyId === null) await keyActions.onAccount(accountId, { kind: 'check' });
  else await keyActions.onKey(keyId, { kind: 'check' });
}

async function rename({ keyId, label }: AccountItem, { keyActions }: TreeCommandPorts): Promise<void> {
  if (keyId === null) return;
  const typed = await window.showInputBox({
    title: l10n.t('Rename Key'),
    value: label,
    ignoreFocusOut: true,
    validateInput: (text) => (text.trim() === '' ? l10n.t('A key needs a label.') : undefined),
  });
  if (typed !== undefined)
    await keyActions.onKey(keyId, { kind: 'update', change: { label: typed.trim().slice(0, 200) } });
}

async function remove({ keyId, label }: AccountItem, { keyActions }: TreeCommandPorts): Promise<void> {
  if (keyId === null || !(await keyActions.onKey(keyId, { kind: 'remove' }))) return;
  const undo = l10n.t('Undo');
  const answer = await window.showInformationMessage(l10n.t('Key “{0}” removed.', label), undo);
  if (answer === undo && !(await keyActions.onKey(keyId, { kind: 'undo' })))
    void window.showWarningMessage(l10n.t('It is too late to undo this: add the key again.'));
}
