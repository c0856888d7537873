// What the menu of a line offers.
import type { FromDashboard } from '../service/messages';
import type { Line } from './accountsView';
import type { MenuItem } from './menuItem';
import type { Translate } from './translate';

interface LineMenuPorts {
  readonly t: Translate;
  readonly send: (message: FromDashboard) => void;
  readonly edit: () => void;
}

export function menuItems(line: Line, ports: LineMenuPorts): MenuItem[] {
  return line.kind === 'account' ? accountItems(line, ports) : keyItems(line, ports);
}

function accountItems(line: Line, { t, send }: LineMenuPorts): MenuItem[] {
  const { accountId } = line;
  const act = (own: (FromDashboard & { type: 'account' })['act']) => (): void =>
    send({ type: 'account', accountId, act: own });
  return [
    ...servedItems(line, t, { check: act({ kind: 'check' }), unlock: act({ kind: 'unlock' }) }),
    { icon: 'arrow-up', text: t('Move Up'), run: act({ kind: 'move', by: -1 }) },
    { icon: 'arrow-down', text: t('Move Down'), run: act({ kind: 'move', by: 1 }) },
  ];
}

function keyItems(line: Line, { t, send, edit }: LineMenuPorts): MenuItem[] {
  const { keyId, accountId, isEnabled } = line;
  const act = (own: (FromDashboard & { type: 'key' })['act']) => (): void =>
    send({ type: 'key', keyId, act: own });
  // The lock of an account with one key may be the account's.
  const unlock = (): void => send({ type: 'account', accountId, act: { kind: 'unlock' } });
  return [
    { icon: 'edit', text: t('Edit…'), run: edit },
    {
      icon: isEnabled ? 'circle-slash' : 'pass',
      text: isEnabled ? t('Turn Off') : t('Turn On'),
      run: act({ kind: 'update', change: { enabled: !isEnabled } }),
    },
    ...servedItems(line, t, { check: act({ kind: 'check' }), unlock }),
    { icon: 'arrow-up', text: t('Move Up'), run: act({ kind: 'move', by: -1 }) },
    { icon: 'arrow-down', text: t('Move Down'), run: act({ kind: 'move', by: 1 }) },
    { icon: 'trash', text: t('Remove'), run: act({ kind: 'remove' }) },
  ];
}

/** What only the proxy does, and so not while it does not run. */
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
