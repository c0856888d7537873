// What was typed into the form of a key: a change, or what is wrong with it.
import { longestName, mostADay, type KeyEdit } from '../service/messages';
import { parseLimit } from './limit';
import type { Translate } from './translate';

export interface TypedKey {
  readonly label: string;
  readonly limit: string;
  readonly account: string;
}

export type KeyFormRead =
  | { readonly kind: 'good'; readonly change: KeyEdit }
  | { readonly kind: 'bad'; readonly problems: readonly KeyFormProblem[] };

/** In the order of the form. */
export interface KeyFormProblem {
  readonly field: keyof TypedKey;
  readonly text: string;
}

/** Nothing is sent that would not be taken: nobody would hear of it. */
export function readKeyForm(typed: TypedKey, t: Translate): KeyFormRead {
  const label = typed.label.trim();
  const account = typed.account.trim();
  const limit = parseLimit(typed.limit);
  const problems: KeyFormProblem[] = [];
  if (label === '') problems.push({ field: 'label', text: t('A key needs a label.') });
  if (label.length > longestName)
    problems.push({ field: 'label', text: t('A label has {0} characters at most.', longestName) });
  if (limit === undefined)
    problems.push({
      field: 'limit',
      text: t('A limit is a whole number from {0} to {1}, or nothing.', 0, mostADay),
    });
  if (account.length > longestName)
    problems.push({
      field: 'account',
      text: t('The name of an account has {0} characters at most.', longestName),
    });
  if (problems.length > 0 || limit === undefined) return { kind: 'bad', problems };
  return { kind: 'good', change: { label, dailyLimit: limit, accountName: account || null } };
}
