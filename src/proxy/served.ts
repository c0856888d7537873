// What an answer tells of itself: which model served, and what it made.
import type { AccountId } from '../keys/account';
import type { Recent } from '../keys/recent';
import type { Judged } from './upstream/judge';
import type { Plan } from './request/plan';
import type { Reply } from './upstream/reply';
import type { Made } from './report';

const beginningBytes = 4096;
const longestId = 200;

/** The model that answers, as far as the held beginning names it. */
export function servedModel({ held }: Judged): string | null {
  const beginning = held?.event?.data ?? held?.text()?.toString('latin1', 0, beginningBytes) ?? '';
  const at = beginning.indexOf('"model"');
  return at < 0 ? null : (/"model"\s*:\s*"([^"\\]{1,200})"/.exec(beginning.slice(at))?.[1] ?? null);
}

/** Remembers the account that made what the answer names, and tells it: only that account will be shown the thing later. */
export function learnMakers(
  makers: Recent<AccountId>,
  accountId: AccountId,
  answered: { readonly plan: Plan; readonly reply: Reply; readonly judged: Judged; readonly nowMs: number },
): Made[] {
  const { plan, reply, judged, nowMs } = answered;
  const { generation } = reply;
  const ids = generation === null || generation.length > longestId ? [] : [generation];
  if (plan.makesThing) {
    const id = /"id"\s*:\s*"([^"\\]{1,200})"/.exec(judged.held?.text()?.toString('utf8') ?? '')?.[1];
    if (id !== undefined) ids.push(id);
  }
  for (const id of ids) makers.set(id, accountId, nowMs);
  return ids.map((id) => ({ id, accountId }));
}
