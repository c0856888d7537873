// Copy Base URL and Copy Proxy Key.
import { env, l10n, window } from 'vscode';
import { notRunningText } from '../../words/stateWords';
import type { Command } from './ports';
import { flash } from '../flash';

export const copyBaseUrl: Command = async ({ service }) => {
  const { proxy } = service.snapshot();
  if (proxy.kind !== 'running') {
    void window.showWarningMessage(notRunningText(proxy, l10n.t));
    return false;
  }
  await env.clipboard.writeText(proxy.baseUrl);
  flash(l10n.t('Base URL copied: {0}', proxy.baseUrl));
  return true;
};

export const copyProxyKey: Command = async ({ keyring }) => {
  if (keyring.proxyKey === null) {
    void window.showWarningMessage(
      l10n.t('The proxy key is not loaded yet: the system keychain has not answered.'),
    );
    return false;
  }
  await env.clipboard.writeText(keyring.proxyKey);
  flash(l10n.t('Proxy key copied'));
  return true;
};
