// Names keys that were just added, one after the other.
import { l10n, window } from 'vscode';
import { keyIdOf, maskKey } from '../../base/secret';
import type { KeyActions } from '../../service/keyring/keyActions';
import { longestName } from '../../service/messages';
import { flash } from '../flash';
import type { CommandPorts } from './ports';

interface NamingPorts extends Pick<CommandPorts, 'log'> {
  readonly keyActions: Pick<KeyActions, 'onKey'>;
}

/** A further button of a message, and what it does. */
export interface Offer {
  readonly button: string;
  readonly run: () => Promise<void>;
}

/** Without keys there is nothing to name. */
export function naming(keys: readonly string[], ports: NamingPorts): Offer | undefined {
  if (keys.length === 0) return undefined;
  const button = keys.length === 1 ? l10n.t('Name Key') : l10n.t('Name Keys');
  return { button, run: async () => await nameKeys(keys, ports) };
}

/** Ends where the user closes a box. */
async function nameKeys(keys: readonly string[], { keyActions, log }: NamingPorts): Promise<void> {
  try {
    for (const key of keys) {
      const label = await askLabel(maskKey(key));
      if (label === undefined) return;
      if (label === '') continue;
      const isNamed = await keyActions.onKey(keyIdOf(key), { kind: 'update', change: { label } });
      if (isNamed) flash(l10n.t('Key “{0}” named', label));
    }
  } catch (error: unknown) {
    log.error('The keys could not be named.', error);
    void window.showErrorMessage(l10n.t('Keywheel: Something went wrong. See the log.'));
  }
}

async function askLabel(masked: string): Promise<string | undefined> {
  const typed = await window.showInputBox({
    title: l10n.t('Name Key'),
    prompt: l10n.t('Name for {0}', masked),
    placeHolder: masked,
    ignoreFocusOut: true,
    // The dashboard's form has the same limit.
    validateInput: (text) =>
      text.trim().length > longestName ? l10n.t('Labels have at most {0} characters.', longestName) : null,
  });
  return typed?.trim();
}
