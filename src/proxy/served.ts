// What an answer tells of itself: which model served, and what it made.
import type { AccountId } from '../keys/account';
import type { Wheel } from '../keys/wheel';
import { headerValue } from './headers';
import type { Judged } from './judge';
import type { Plan } from './plan';
import type { Reply } from './reply';

/** Enough to hold the model's name at the beginning of an answer. */
const beginningBytes = 4096;

/** The model that answers, as far as the held beginning names it. */
export function servedModel({ held }: Judged): string | null {
  const text = held?.event?.data ?? held?.text()?.toString('utf8', 0, beginningBytes) ?? '';
  return /"model"\s*:\s*"([^"\\]{1,200})"/.exec(text)?.[1] ?? null;
}

/** Remembers the account that made what the answer names: only it will be shown the thing later. */
export function learnMakers(
  wheel: Wheel,
  accountId: AccountId,
  made: { readonly plan: Plan; readonly reply: Reply; readonly judged: Judged; readonly nowMs: number },
): void {
  const generation = headerValue(made.reply.headers, 'x-generation-id');
  if (generation !== null) wheel.makers.set(generation, accountId, made.nowMs);
  if (!made.plan.makesThing) return;
  const id = /"id"\s*:\s*"([^"\\]{1,200})"/.exec(made.judged.held?.text()?.toString('utf8') ?? '')?.[1];
  if (id !== undefined) wheel.makers.set(id, accountId, made.nowMs);
}
