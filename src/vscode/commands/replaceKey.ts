// Replace Key: asks for a new key, which gets the name and settings of the old one.
import { l10n, window } from 'vscode';
import { keyIdOf } from '../../base/secret';
import type { Keyring } from '../../service/keyring/keyring';
import { readPastedKeys, type KeyEntry } from '../../service/pastedKeys';
import { offerNext, resultText, whileChecking } from './addResult';
import type { CommandPorts } from './ports';

export interface ReplacePorts extends Pick<CommandPorts, 'service' | 'clients'> {
  readonly keyring: Pick<Keyring, 'keys' | 'replace'>;
}

/** Resolves to whether the key was replaced. Rejects if the vault does not remove the old one. */
export async function replaceKey(keyId: string, ports: ReplacePorts): Promise<boolean> {
  const label = ports.keyring.keys.find(({ key }) => keyIdOf(key) === keyId)?.label;
  if (label === undefined) return false;
  const typed = await window.showInputBox({
    title: l10n.t('Replace “{0}”', label),
    prompt: l10n.t('Paste the new OpenRouter key. Name, limit and account stay; the old key is removed.'),
    placeHolder: 'sk-or-v1-…',
    password: true,
    ignoreFocusOut: true,
    validateInput: (text) => (onlyKey(text) === null ? l10n.t('Paste one complete OpenRouter key.') : null),
  });
  const entry = onlyKey(typed ?? '');
  if (entry === null) return false;
  const result = await whileChecking(ports.keyring.replace(keyId, entry.key));
  if (result.kind === 'added' && result.check.kind === 'good')
    void window.showInformationMessage(l10n.t('Key “{0}” replaced.', label));
  else void offerNext(resultText(result, label, ports), ports);
  return result.kind === 'added';
}

function onlyKey(text: string): KeyEntry | null {
  const [only, ...others] = readPastedKeys(text).entries;
  return others.length === 0 ? (only ?? null) : null;
}
