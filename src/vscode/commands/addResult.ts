// Shows progress and result of adding one key.
import { setTimeout as sleep } from 'node:timers/promises';
import { commands, env, l10n, ProgressLocation, window } from 'vscode';
import type { AddResult } from '../../service/keyring/keyring';
import { Formats } from '../../words/formats';
import { addResultText, type AddResultText } from '../../words/addResultText';
import type { Offer } from './nameKeys';
import type { CommandPorts } from './ports';
import { showText } from '../messages';

/** A quick check shows no progress: VS Code hides notifications after the third one within 800 ms. */
const quietMs = 500;

/** Resolves to the result; shows a progress notification if it takes longer than `quietMs`. */
export async function whileChecking(adding: Promise<AddResult>): Promise<AddResult> {
  if (await settlesWithin(adding, quietMs)) return await adding;
  return await window.withProgress(
    { location: ProgressLocation.Notification, title: l10n.t('Keywheel: checking the key…') },
    async () => await adding,
  );
}

async function settlesWithin(work: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  const settled = work.then(
    () => true,
    () => true,
  );
  const waiting = new AbortController();
  try {
    return await Promise.race([settled, sleep(timeoutMs, false, { signal: waiting.signal })]);
  } finally {
    waiting.abort();
  }
}

export function resultText(
  result: AddResult,
  label: string,
  ports: Pick<CommandPorts, 'service'>,
): AddResultText {
  const speech = { t: l10n.t, formats: new Formats(env.language, '') };
  return addResultText(result, label, accountOf(result, ports), speech);
}

/** Shows the text with a button for the next step: connect a client, or open the dashboard; and with `further`. */
export async function offerNext(
  text: AddResultText,
  { clients }: Pick<CommandPorts, 'clients'>,
  further?: Offer,
): Promise<void> {
  const isConnected = await clients.connector.records().then(
    (records) => records.length > 0,
    () => true,
  );
  const [next, command] = isConnected
    ? [l10n.t('Open Dashboard'), 'keywheel.openDashboard']
    : [l10n.t('Connect Client'), 'keywheel.connectClient'];
  const chosen = await showText(text, [next, ...(further ? [further.button] : [])]);
  if (chosen === next) await commands.executeCommand(command);
  else if (chosen !== undefined) await further?.run();
}

/** The account of the added key, whose view may not contain the key yet. */
function accountOf(
  result: AddResult,
  { service }: Pick<CommandPorts, 'service'>,
): { keys: number; limit: number } | null {
  if (result.kind !== 'added' || result.check.kind !== 'good') return null;
  const { accountId, freeLimit } = result.check;
  const account = service.snapshot().accounts.find((known) => known.accountId === accountId);
  if (!account) return null;
  const others = account.keys.filter(({ keyId }) => keyId !== result.keyId);
  return { keys: others.length + 1, limit: freeLimit ?? account.day.limit };
}
