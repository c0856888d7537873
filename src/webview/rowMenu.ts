// The menu items of a row.
import type { Act, FromDashboard } from '../service/messages';
import { targetOf, type Row } from './accountsView';
import type { Translate } from '../words/translate';

export interface MenuItem {
  readonly icon: string;
  readonly text: string;
  /** Has a separator above it. */
  readonly isApart?: true;
  readonly run: () => void;
}

/** `checking` is called when a check of OpenRouter starts, which may take seconds. */
export function menuItems(
  row: Row,
  { t, send }: { readonly t: Translate; readonly send: (message: FromDashboard) => void },
  edit: () => void,
  checking: () => void,
): MenuItem[] {
  const { kind, keyId, accountId, isEnabled, isServed, isLocked, moves } = row;
  const isAccount = kind === 'account';
  const act = (own: Act): void => send({ type: 'act', target: targetOf(row), act: own });
  const check = (): void => {
    checking();
    act({ kind: 'check' });
  };
  // Unlocks the account of a key too, because the lock of a single key may be the account's.
  const unlock = (): void => send({ type: 'act', target: { accountId }, act: { kind: 'unlock' } });
  const change = { enabled: !isEnabled };
  const moveItem = (by: -1 | 1): MenuItem => ({
    icon: by < 0 ? 'arrow-up' : 'arrow-down',
    text: by < 0 ? t('Move Up') : t('Move Down'),
    run: () => act({ kind: 'move', by }),
  });
  const open = (page: 'key' | 'log') => (): void => send({ type: 'openPage', keyId, page });
  const keyItems: readonly MenuItem[] = [
    { icon: 'key', text: t('Replace Key…'), run: () => send({ type: 'replaceKey', keyId }) },
    {
      icon: isEnabled ? 'circle-slash' : 'pass',
      text: isEnabled ? t('Turn Off') : t('Turn On'),
      run: () => act({ kind: 'update', change }),
    },
  ];
  const lastKeyItems: readonly MenuItem[] = [
    { icon: 'link-external', text: t('Key at OpenRouter'), run: open('key') },
    { icon: 'link-external', text: t('Log at OpenRouter'), run: open('log') },
    { icon: 'trash', text: t('Remove'), isApart: true, run: () => act({ kind: 'remove' }) },
  ];
  return [
    { icon: 'edit', text: isAccount ? t('Rename Account…') : t('Edit…'), run: edit },
    ...(isAccount ? [] : keyItems),
    // Check Now and Unlock need a running proxy.
    ...(isServed ? [{ icon: 'refresh', text: t('Check Now'), run: check }] : []),
    ...(isServed && isLocked ? [{ icon: 'unlock', text: t('Unlock'), run: unlock }] : []),
    ...moves.map(moveItem),
    ...(isAccount ? [] : lastKeyItems),
  ];
}
