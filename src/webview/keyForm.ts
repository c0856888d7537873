// Validates the key form: a change, or the problems.
import { mostADay, type KeyEdit } from '../service/messages';
import { nameProblem } from '../words/nameText';
import type { Translate } from '../words/translate';

export interface TypedKey {
  readonly label: string;
  readonly limit: string;
  readonly account: string;
}

export type KeyFormRead =
  | { readonly kind: 'good'; readonly change: KeyEdit }
  | { readonly kind: 'bad'; readonly problems: readonly KeyFormProblem[] };

export interface KeyFormProblem {
  readonly field: keyof TypedKey;
  readonly text: string;
}

/** Reports everything that the extension would reject, because a rejected message gives no error. */
export function readKeyForm(typed: TypedKey, t: Translate): KeyFormRead {
  const label = typed.label.trim();
  const account = typed.account.trim();
  const limit = parseLimit(typed.limit);
  const problems: KeyFormProblem[] = [];
  const labelProblem = label === '' ? t('Enter a name.') : nameProblem(label, t);
  if (labelProblem !== null) problems.push({ field: 'label', text: labelProblem });
  if (limit === undefined)
    problems.push({
      field: 'limit',
      text: t('Enter a whole number from {0} to {1}, or leave empty.', 0, mostADay),
    });
  const accountProblem = nameProblem(account, t);
  if (accountProblem !== null) problems.push({ field: 'account', text: accountProblem });
  if (problems.length > 0 || limit === undefined) return { kind: 'bad', problems };
  return { kind: 'good', change: { label, dailyLimit: limit, accountName: account || null } };
}

/** A typed daily limit: null if empty, undefined if invalid. */
export function parseLimit(text: string): number | null | undefined {
  if (text.trim() === '') return null;
  const value = Number(text);
  return /^\s*\d+\s*$/.test(text) && value <= mostADay ? value : undefined;
}
