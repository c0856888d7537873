// One key: checked and kept, with a notification while that takes long, and what is said of it then.
import { setTimeout as sleep } from 'node:timers/promises';
import { env, l10n, ProgressLocation, window } from 'vscode';
import type { AddResult } from '../../service/addResult';
import type { KeyEntry } from '../../service/pastedKeys';
import { Formats } from '../../webview/formats';
import { addResultText } from '../addResultText';
import type { CommandPorts } from './ports';
import { showText } from './showText';

/** A quick check shows nothing: VS Code hides what comes after the third notification within 800 ms. */
const quietMs = 500;

/** Has one key checked and kept, and shows that this goes on once it takes longer than a moment. */
export async function addOne(
  { key, dailyLimit }: KeyEntry,
  label: string,
  { keyring }: CommandPorts,
): Promise<AddResult> {
  const adding = keyring.add(key, label, dailyLimit);
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

/** One message about one key; resolves to the button that was pressed. */
export async function tellResult(
  result: AddResult,
  label: string,
  ports: CommandPorts,
  buttons: readonly string[] = [],
): Promise<string | undefined> {
  const speech = { t: l10n.t, formats: new Formats(env.language, '') };
  return await showText(addResultText(result, label, accountOf(result, ports), speech), buttons);
}

/** The account that the added key was found to belong to; the views may not know yet that it does. */
function accountOf(result: AddResult, { service }: CommandPorts): { keys: number; limit: number } | null {
  if (result.kind !== 'added' || result.check.kind !== 'good') return null;
  const { accountId, freeLimit } = result.check;
  const account = service.snapshot().accounts.find((known) => known.accountId === accountId);
  if (!account) return null;
  const others = account.keys.filter(({ keyId }) => keyId !== result.keyId);
  return { keys: others.length + 1, limit: freeLimit ?? account.day.limit };
}
