// The labels of buttons in messages, on pages and in the dashboard.
import type { Action } from '../service/messages';
import { wordsFor } from './translate';

export const actionText = wordsFor<Action>({
  addKey: (t) => t('Add Key'),
  signIn: (t) => t('Sign In with OpenRouter'),
  removeKey: (t) => t('Remove Key'),
  connectClient: (t) => t('Connect Client'),
  sendTestRequest: (t) => t('Send Test Request'),
  runDoctor: (t) => t('Run Doctor'),
  openDashboard: (t) => t('Open Dashboard'),
  openWalkthrough: (t) => t('Open Walkthrough'),
  copyBaseUrl: (t) => t('Copy Base URL'),
  copyProxyKey: (t) => t('Copy Proxy Key'),
  startProxy: (t) => t('Start Proxy'),
  openSettings: (t) => t('Open Settings'),
  openPortSetting: (t) => t('Open Settings'),
  openProxySettings: (t) => t('Open Settings'),
  reloadWindow: (t) => t('Reload Window'),
  showLog: (t) => t('Show Log'),
});
