// The commands that the page may run, as buttons and links.
import type { TemplateResult } from 'lit-html';
import type { Action } from '../service/messages';
import { actionText } from '../words/actionText';
import { button } from './controls';
import { iconButton, link, type PanelPorts } from './parts';

export function actionButton(
  action: Action,
  ports: PanelPorts,
  look?: Parameters<typeof button>[2],
): TemplateResult {
  return button(actionText(action, ports.t), () => ports.send({ type: 'run', action }), look);
}

export function actionLink(action: Action, ports: PanelPorts): TemplateResult {
  return link(actionText(action, ports.t), () => ports.send({ type: 'run', action }));
}

export function actionIcon(action: Action, iconName: string, ports: PanelPorts): TemplateResult {
  return iconButton(iconName, actionText(action, ports.t), () => ports.send({ type: 'run', action }));
}
