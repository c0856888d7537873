// Remove Key removes at once and offers to undo for ten seconds; Remove Everything asks, then removes all data here.
import { l10n, window } from 'vscode';
import { keyIdOf, maskKey } from '../../base/secret';
import { isWhole, removeAll } from '../../clients/removal';
import { removalDetail, removalText } from '../../words/resultText';
import { confirm, showChoice, showMessage, showNote, textContextOf } from '../messages';
import type { Command, WindowPorts } from '../ports';

export const removeKey: Command = async (ports) => {
  const { keyActions } = ports;
  const items = keyItems(ports);
  if (items.length === 0) {
    showMessage('info', l10n.t('No key to remove.'));
    return false;
  }
  const chosen = await window.showQuickPick(items, {
    title: l10n.t('Remove Key'),
    placeHolder: l10n.t('Select a key to remove'),
    matchOnDescription: true,
    matchOnDetail: true,
    ignoreFocusOut: true,
  });
  if (!chosen) return false;
  if (!(await keyActions.run(chosen, { kind: 'remove' }))) return false;
  const undo = async (): Promise<void> => {
    if (await keyActions.run(chosen, { kind: 'undo' })) showNote(l10n.t('Key “{0}” restored', chosen.name));
    else showMessage('warning', l10n.t('Can’t undo any more. Add the key again.'));
  };
  const removed = l10n.t('Key “{0}” removed.', chosen.name);
  await showChoice({ severity: 'info', text: removed }, [l10n.t('Undo'), undo]);
  return true;
};

function keyItems({ keyring, service }: WindowPorts) {
  const { accounts } = service.snapshot();
  return keyring.keys.map(({ key, label }) => {
    const keyId = keyIdOf(key);
    const account = accounts.find(({ keys }) => keys.some((view) => view.keyId === keyId));
    const masked = maskKey(key);
    return {
      keyId,
      name: label,
      label: withoutIcons(label),
      description: label === masked ? undefined : masked,
      detail:
        account && account.name !== label ? withoutIcons(l10n.t('Account: {0}', account.name)) : undefined,
    };
  });
}

/** Escapes `$(name)`, which a Quick Pick would show as an icon. */
function withoutIcons(text: string): string {
  return text.replace(/\$\(/g, '\\$(');
}

export const removeEverything: Command = async (ports) => {
  const { keyring, connector } = ports;
  const textContext = textContextOf();
  // Unreadable records are reported afterwards.
  const records = await connector.records().catch(() => null);
  const detail = removalDetail(keyring.keys.length, records, textContext);
  const question = l10n.t('Remove all Keywheel data?');
  if (!(await confirm('warning', question, detail, l10n.t('Remove All Data')))) return false;
  const removal = await removeAll(ports);
  const text = removalText(removal, l10n.t);
  if (isWhole(removal)) void showChoice({ severity: 'info', text }, [l10n.t('OK'), () => undefined]);
  else void showChoice({ severity: 'error', text }, 'showLog');
  return isWhole(removal);
};
