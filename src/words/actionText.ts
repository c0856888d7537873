// The names of what buttons do, in messages, on pages and in the dashboard.
import { wordsFor, type Translate } from './translate';

const texts = {
  addKey: (t: Translate) => t('Add Key'),
  connectClient: (t: Translate) => t('Connect Client'),
  copyBaseUrl: (t: Translate) => t('Copy Base URL'),
  copyProxyKey: (t: Translate) => t('Copy Proxy Key'),
  openDashboard: (t: Translate) => t('Open Dashboard'),
  openPortSetting: (t: Translate) => t('Open Settings'),
  openProxySettings: (t: Translate) => t('Open Settings'),
  openSettings: (t: Translate) => t('Open Settings'),
  openWalkthrough: (t: Translate) => t('Open Walkthrough'),
  reloadWindow: (t: Translate) => t('Reload Window'),
  removeKey: (t: Translate) => t('Remove Key'),
  runDoctor: (t: Translate) => t('Run Doctor'),
  sendTestRequest: (t: Translate) => t('Send Test Request'),
  showLog: (t: Translate) => t('Show Log'),
  signIn: (t: Translate) => t('Sign In with OpenRouter'),
  startProxy: (t: Translate) => t('Start Proxy'),
};

export const actionText = wordsFor(texts);

export type Action = keyof typeof texts;

export const actions: readonly Action[] = Object.keys(texts).filter(isAction);

function isAction(name: string): name is Action {
  return Object.hasOwn(texts, name);
}
