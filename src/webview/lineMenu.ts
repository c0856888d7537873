// The menu items of a row.
import type { FromDashboard } from '../service/messages';
import type { Line } from './accountsView';
import type { Translate } from '../words/translate';

export interface MenuItem {
  readonly icon: string;
  readonly text: string;
  /** Has a separator above it. */
  readonly isApart?: true;
  readonly run: () => void;
}

interface LineMenuPorts {
  readonly t: Translate;
  readonly send: (message: FromDashboard) => void;
  readonly edit: () => void;
  /** Called when a check of OpenRouter starts, which may take seconds. */
  readonly checking: () => void;
}

export function menuItems(line: Line, ports: LineMenuPorts): MenuItem[] {
  return line.kind === 'account' ? accountItems(line, ports) : keyItems(line, ports);
}

function accountItems(line: Line, { t, send, edit, checking }: LineMenuPorts): MenuItem[] {
  const { accountId } = line;
  const act = (own: (FromDashboard & { type: 'account' })['act']) => (): void =>
    send({ type: 'account', accountId, act: own });
  return [
    { icon: 'edit', text: t('Rename Account…'), run: edit },
    ...servedItems(line, t, {
      check: told(act({ kind: 'check' }), checking),
      unlock: act({ kind: 'unlock' }),
    }),
    { icon: 'arrow-up', text: t('Move Up'), run: act({ kind: 'move', by: -1 }) },
    { icon: 'arrow-down', text: t('Move Down'), run: act({ kind: 'move', by: 1 }) },
  ];
}

function keyItems(line: Line, { t, send, edit, checking }: LineMenuPorts): MenuItem[] {
  const { keyId, accountId, isEnabled } = line;
  const act = (own: (FromDashboard & { type: 'key' })['act']) => (): void =>
    send({ type: 'key', keyId, act: own });
  // Unlocks the account too, because the lock of a single key may be the account's.
  const unlock = (): void => send({ type: 'account', accountId, act: { kind: 'unlock' } });
  return [
    { icon: 'edit', text: t('Edit…'), run: edit },
    { icon: 'key', text: t('Replace Key…'), run: () => send({ type: 'replaceKey', keyId }) },
    {
      icon: isEnabled ? 'circle-slash' : 'pass',
      text: isEnabled ? t('Turn Off') : t('Turn On'),
      run: act({ kind: 'update', change: { enabled: !isEnabled } }),
    },
    ...servedItems(line, t, { check: told(act({ kind: 'check' }), checking), unlock }),
    { icon: 'arrow-up', text: t('Move Up'), run: act({ kind: 'move', by: -1 }) },
    { icon: 'arrow-down', text: t('Move Down'), run: act({ kind: 'move', by: 1 }) },
    {
      icon: 'link-external',
      text: t('Key at OpenRouter'),
      run: () => send({ type: 'openPage', keyId, page: 'key' }),
    },
    {
      icon: 'link-external',
      text: t('Log at OpenRouter'),
      run: () => send({ type: 'openPage', keyId, page: 'log' }),
    },
    { icon: 'trash', text: t('Remove'), isApart: true, run: act({ kind: 'remove' }) },
  ];
}

function told(run: () => void, tell: () => void): () => void {
  return () => {
    tell();
    run();
  };
}

/** Items that need a running proxy. */
function servedItems(
  { isServed, isLocked }: Line,
  t: Translate,
  { check, unlock }: Readonly<Record<'check' | 'unlock', () => void>>,
): MenuItem[] {
  if (!isServed) return [];
  return [
    { icon: 'refresh', text: t('Check Now'), run: check },
    ...(isLocked ? [{ icon: 'unlock', text: t('Unlock'), run: unlock }] : []),
  ];
}
