// What the tree of accounts shows, as plain values; no vscode, so that every state can be tested.
import type { DashboardState } from '../service/messages';
import type { AccountView, KeyView } from '../service/snapshot';
import { accountWords, keyWords, type Speech, type StateWords } from '../webview/stateWords';

export interface AccountItem {
  readonly id: string;
  readonly accountId: string;
  /** Null for an account with several keys. */
  readonly keyId: string | null;
  readonly label: string;
  readonly description: string;
  readonly tooltip: string;
  readonly tone: StateWords['tone'];
  /** For the `when` of menus: `account`, or `key` with `on` or `off`, and `locked`. */
  readonly context: string;
  readonly children: readonly AccountItem[];
}

/** One item an account; its keys below it where there are several. */
export function accountItems(state: DashboardState, speech: Speech): readonly AccountItem[] {
  return state.snapshot.accounts.map((account) => accountItem(account, speech));
}

function accountItem(account: AccountView, speech: Speech): AccountItem {
  const { t, formats } = speech;
  const { accountId, name, day, keys, locks } = account;
  const left = t('{0} of {1} left today', formats.count(day.left), formats.count(day.limit));
  const [only, ...others] = keys;
  if (only !== undefined && others.length === 0) {
    const item = keyItem(only, account, speech);
    const description = [left, item.description].join(' · ');
    const isLocked = locks.length > 0 || only.locks.length > 0;
    return {
      ...item,
      description,
      tooltip: `${item.label}\n${description}`,
      context: contextOf(only, isLocked),
    };
  }
  const words = accountWords(account, speech);
  const description = [left, words.text].join(' · ');
  const isLocked = locks.length > 0 || keys.some((key) => key.locks.length > 0);
  return {
    id: `account ${accountId}`,
    accountId,
    keyId: null,
    label: name,
    description,
    tooltip: `${name}\n${description}`,
    tone: words.tone,
    context: isLocked ? 'account locked' : 'account',
    children: keys.map((key) => keyItem(key, account, speech)),
  };
}

function keyItem(key: KeyView, account: AccountView, speech: Speech): AccountItem {
  const words = keyWords(key, account, speech);
  const masked = key.masked === key.label ? '' : `\n${key.masked}`;
  return {
    id: key.keyId,
    accountId: account.accountId,
    keyId: key.keyId,
    label: key.label,
    description: words.text,
    tooltip: `${key.label}${masked}\n${words.text}`,
    tone: words.tone,
    context: contextOf(key, key.locks.length > 0),
    children: [],
  };
}

function contextOf({ enabled }: KeyView, isLocked: boolean): string {
  return ['key', enabled ? 'on' : 'off', ...(isLocked ? ['locked'] : [])].join(' ');
}
