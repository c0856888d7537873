// What an answer tells of itself: which model served, and what it made.
import type { AccountId } from '../keys/account';
import type { Wheel } from '../keys/wheel';
import { headerValue } from './headers';
import type { Judged } from './judge';
import type { Plan } from './plan';
import type { Reply } from './reply';
import type { Made } from './report';

/** Enough to hold the model's name at the beginning of an answer. */
const beginningBytes = 4096;
const longestId = 200;

/** The model that answers, as far as the held beginning names it. */
export function servedModel({ held }: Judged): string | null {
  const text = held?.event?.data ?? held?.text()?.toString('utf8', 0, beginningBytes) ?? '';
  return /"model"\s*:\s*"([^"\\]{1,200})"/.exec(text)?.[1] ?? null;
}

/** Remembers the account that made what the answer names, and tells it: only that account will be shown the thing later. */
export function learnMakers(
  wheel: Wheel,
  accountId: AccountId,
  answered: {
    readonly plan: Plan;
    readonly reply: Reply;
    readonly judged: Judged;
    readonly nowMs: number;
  },
): Made[] {
  const { plan, reply, judged, nowMs } = answered;
  const generation = headerValue(reply.headers, 'x-generation-id');
  const ids = generation === null || generation.length > longestId ? [] : [generation];
  if (plan.makesThing) {
    const id = /"id"\s*:\s*"([^"\\]{1,200})"/.exec(judged.held?.text()?.toString('utf8') ?? '')?.[1];
    if (id !== undefined) ids.push(id);
  }
  for (const id of ids) wheel.makers.set(id, accountId, nowMs);
  return ids.map((id) => ({ id, accountId }));
}
