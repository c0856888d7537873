// Start, Stop and Restart Proxy; Copy Base URL, Copy Proxy Key and Make New Proxy Key.
import { l10n } from 'vscode';
import { notRunningText, proxyWords } from '../../words/stateWords';
import { showUpdate } from '../clients/connections';
import { confirm, copy, showChoice, showNoProxyKey, showNotRunning, showNote } from '../messages';
import type { Command } from '../ports';

export const startProxy: Command = async (ports) => {
  const proxy = await ports.service.start();
  if (proxy.kind !== 'failed') {
    // Otherwise a restart would have no visible effect.
    showNote(proxyWords(proxy, l10n.t).text);
    return true;
  }
  const text = `Keywheel: ${notRunningText(proxy, l10n.t)}`;
  // A message, because the user asked; on activation only the status bar shows it.
  void showChoice({ severity: 'error', text }, 'openPortSetting', 'showLog');
  return false;
};

export const stopProxy: Command = async ({ service }) => {
  await service.stop();
  return true;
};

export const restartProxy: Command = async (ports) => {
  await ports.service.stop();
  return await startProxy(ports);
};

export const copyBaseUrl: Command = async ({ service }) => {
  const { proxy } = service.snapshot();
  if (proxy.kind !== 'running') return showNotRunning(proxy);
  await copy(proxy.baseUrl, l10n.t('Base URL copied: {0}', proxy.baseUrl));
  return true;
};

export const copyProxyKey: Command = async ({ keyring: { proxyKey } }) => {
  if (proxyKey === null) return showNoProxyKey();
  await copy(proxyKey, l10n.t('Proxy key copied'));
  return true;
};

/** Asks first, because every client needs the new key. */
export const makeNewProxyKey: Command = async (ports) => {
  const question = l10n.t('Make a new proxy key?');
  const detail = l10n.t('Clients that use the current key stop working until you update them.');
  if (!(await confirm('warning', question, detail, l10n.t('Make New Proxy Key')))) return false;
  await ports.keyring.renewProxyKey();
  if (await showUpdate(ports)) return true;
  const text = l10n.t('The proxy has a new key. Set it in your clients.');
  void showChoice({ severity: 'info', text }, 'copyProxyKey');
  return true;
};
