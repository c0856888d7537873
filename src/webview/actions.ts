// The commands that the page may run, as buttons and links.
import type { TemplateResult } from 'lit-html';
import type { DashboardAction } from '../service/messages';
import { button } from './controls';
import { iconButton, link, type PanelPorts } from './parts';
import type { Translate } from '../words/translate';

export function actionButton(
  action: DashboardAction,
  ports: PanelPorts,
  look?: Parameters<typeof button>[2],
): TemplateResult {
  return button(nameOf(action, ports.t), () => ports.send({ type: 'run', action }), look);
}

export function actionLink(action: DashboardAction, ports: PanelPorts): TemplateResult {
  return link(nameOf(action, ports.t), () => ports.send({ type: 'run', action }));
}

export function actionIcon(action: DashboardAction, iconName: string, ports: PanelPorts): TemplateResult {
  return iconButton(iconName, nameOf(action, ports.t), () => ports.send({ type: 'run', action }));
}

function nameOf(action: DashboardAction, t: Translate): string {
  const names: Readonly<Record<DashboardAction, string>> = {
    addKey: t('Add Key'),
    signIn: t('Sign In with OpenRouter'),
    connectClient: t('Connect Client'),
    sendTestRequest: t('Send Test Request'),
    runDoctor: t('Run Doctor'),
    openWalkthrough: t('Open Walkthrough'),
    copyBaseUrl: t('Copy Base URL'),
    copyProxyKey: t('Copy Proxy Key'),
    startProxy: t('Start Proxy'),
    openSettings: t('Open Settings'),
    showLog: t('Show Log'),
  };
  return names[action];
}
