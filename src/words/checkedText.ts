// The results of Check Now and Unlock; does not import vscode, so that every result can be tested.
import type { AccountView, Snapshot } from '../service/snapshot';
import { reachReason } from './reachReason';
import { accountWords, type Speech } from './stateWords';

/** Tolerance, because the proxy reads its clock on another thread at another time. */
const clocksDifferMs = 100;

/** The account of the action; for an action on a key, with only that key. */
export function actedOn(
  accounts: readonly AccountView[],
  asked:
    | { readonly type: 'key'; readonly keyId: string }
    | { readonly type: 'account'; readonly accountId: string },
): AccountView | undefined {
  if (asked.type === 'account') return accounts.find(({ accountId }) => accountId === asked.accountId);
  return accounts
    .map((account) => ({ ...account, keys: account.keys.filter(({ keyId }) => keyId === asked.keyId) }))
    .find(({ keys }) => keys.length > 0);
}

/** Whether the account was read since `askedAtMs`, or all its keys were refused. */
export function isChecked({ day, keys }: AccountView, askedAtMs: number): boolean {
  return (
    (day.server?.atMs ?? 0) >= askedAtMs - clocksDifferMs || keys.every(({ health }) => health === 'bad')
  );
}

/** Such as `Checked: 44 of 50 left`. */
export function checkedText(
  account: AccountView,
  { unreached }: Pick<Snapshot, 'unreached'>,
  askedAtMs: number,
  { t, formats }: Speech,
): string {
  const { day, keys } = account;
  if (keys.every(({ health }) => health === 'bad')) return t('Checked: OpenRouter does not accept it');
  if (isChecked(account, askedAtMs))
    return t('Checked: {0} of {1} left', formats.count(day.left), formats.count(day.limit));
  return unreached === undefined
    ? t('Not checked: OpenRouter gave no answer')
    : t('Not checked: OpenRouter cannot be reached ({0})', reachReason(unreached.code, t));
}

/** Such as `Still used up: OpenRouter says 89 of 50 used`. */
export function unlockedText(account: AccountView, speech: Speech): string {
  const { t, formats } = speech;
  const { state, day } = account;
  if (state === 'ready' || state === 'off') return t('Unlocked');
  return state === 'usedUp' && day.server !== null
    ? t(
        'Still used up: OpenRouter says {0} of {1} used',
        formats.count(day.server.used),
        formats.count(day.limit),
      )
    : t('Still held back: {0}', accountWords(account, speech).text);
}
