// Copy Base URL, Copy Proxy Key: what a client has to be configured with.
import { env, l10n, window } from 'vscode';
import type { Command } from './ports';

const shownMs = 3000;

export const copyBaseUrl: Command = async ({ service }) => {
  const { proxy } = service.snapshot();
  if (proxy.kind !== 'running') {
    void window.showWarningMessage(l10n.t('The proxy does not run, so it has no base URL.'));
    return false;
  }
  await env.clipboard.writeText(proxy.baseUrl);
  window.setStatusBarMessage(l10n.t('Base URL copied: {0}', proxy.baseUrl), shownMs);
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
  window.setStatusBarMessage(l10n.t('Proxy key copied'), shownMs);
  return true;
};
