// Shows progress and result of adding keys, and names them.
import { setTimeout as sleep } from 'node:timers/promises';
import { l10n, window } from 'vscode';
import { keyIdOf, maskKey } from '../../base/secret';
import type { AddResult } from '../../service/keyring/keyring';
import type { KeyEntry } from '../../service/pastedKeys';
import { nameProblem } from '../../words/nameText';
import { addResultText, type ResultText } from '../../words/resultText';
import { showChoice, showFailure, showNote, textContextOf, whileShowing, type Choice } from '../messages';
import type { WindowPorts } from '../ports';

/** A quick check shows no progress: VS Code hides notifications after the third one within 800 ms. */
const quietMs = 500;

/** Resolves to the result; shows a progress notification if it takes longer than `quietMs`. */
export async function whileChecking(adding: Promise<AddResult>): Promise<AddResult> {
  const settled = await Promise.race([Promise.allSettled([adding]), sleep(quietMs, null, { ref: false })]);
  if (settled !== null) return await adding;
  return await whileShowing(l10n.t('Keywheel: checking the key…'), async () => await adding);
}

/** Adds the key and shows the result, with the buttons if it was refused. Resolves to whether it was added. */
export async function addOne(
  { key, dailyLimit }: KeyEntry,
  ports: WindowPorts,
  ...buttons: readonly Choice<boolean>[]
): Promise<boolean> {
  const label = maskKey(key);
  const result = await whileChecking(ports.keyring.add(key, label, dailyLimit));
  const text = resultText(result, label, ports);
  if (result.kind !== 'added' && result.kind !== 'duplicate')
    return (await showChoice(text, ...buttons)) ?? false;
  // Not awaited, because a notification may stay for long.
  void showNextStep(text, ports, result.kind === 'added' ? [key] : []);
  return result.kind === 'added';
}

export function resultText(result: AddResult, label: string, ports: WindowPorts): ResultText {
  return addResultText(result, label, accountOf(result, ports), textContextOf());
}

/** Shows the text with a button for the next step (connect a client or open the dashboard), and one to name the new keys. */
export async function showNextStep(
  text: ResultText,
  ports: WindowPorts,
  newKeys: readonly string[] = [],
): Promise<void> {
  const isConnected = await ports.connector.records().then(
    (records) => records.length > 0,
    () => true,
  );
  const next = isConnected ? 'openDashboard' : 'connectClient';
  const name = newKeys.length === 1 ? l10n.t('Name Key') : l10n.t('Name Keys');
  const naming = [name, async () => await nameKeys(newKeys, ports)] as const;
  await showChoice(text, next, ...(newKeys.length === 0 ? [] : [naming]));
}

/** Asks for each key's name in turn, until the user closes a box. */
async function nameKeys(keys: readonly string[], { keyActions, log }: WindowPorts): Promise<void> {
  try {
    for (const key of keys) {
      const label = await askLabel(maskKey(key));
      if (label === undefined) return;
      if (label === '') continue;
      const isNamed = await keyActions.run({ keyId: keyIdOf(key) }, { kind: 'update', change: { label } });
      if (isNamed) showNote(l10n.t('Key “{0}” named', label));
    }
  } catch (error: unknown) {
    showFailure(log, 'The keys could not be named.', error);
  }
}

async function askLabel(masked: string): Promise<string | undefined> {
  const typed = await window.showInputBox({
    title: l10n.t('Name Key'),
    prompt: l10n.t('Name for {0}', masked),
    placeHolder: masked,
    ignoreFocusOut: true,
    validateInput: (text) => nameProblem(text, l10n.t),
  });
  return typed?.trim();
}

/** The account of the added key, whose view may not contain the key yet. */
function accountOf(result: AddResult, { service }: WindowPorts): { keys: number; limit: number } | null {
  if (result.kind !== 'added' || result.check.kind !== 'good') return null;
  const { accountId, freeLimit } = result.check;
  const account = service.snapshot().accounts.find((known) => known.accountId === accountId);
  if (!account) return null;
  const others = account.keys.filter(({ keyId }) => keyId !== result.keyId);
  return { keys: others.length + 1, limit: freeLimit ?? account.day.limit };
}
