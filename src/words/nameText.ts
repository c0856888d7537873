// The problem of a name that a user gives a key or an account; runs in a browser too.
import { longestName } from '../service/messages';
import type { Translate } from './translate';

/** Null for a name that can be saved. A pasted key cannot, because names are shown, exported and sent to clients. */
export function nameProblem(name: string, t: Translate): string | null {
  if (name.trim().length > longestName) return t('Names have at most {0} characters.', longestName);
  return /\bsk-[\w-]{16}/.test(name) ? t('This is a key. Enter a name for it.') : null;
}
