// The top of the page: created once, then updated in place.
import type { DashboardAction } from '../service/messages';
import { ClientsRow } from './clientsRow';
import { button, link } from './controls';
import { element, iconButton, icon, setHidden, setOptionalText, setShare, setText, setTone } from './dom';
import type { OverviewView } from './overviewView';
import type { Translate } from '../words/translate';

const copiedShownMs = 2000;

type Copy = 'copyBaseUrl' | 'copyProxyKey';

export interface OverviewPorts {
  readonly run: (action: DashboardAction) => void;
  readonly disconnect: (client: string) => void;
  readonly showActivity: () => void;
}

export class Overview {
  readonly element: HTMLElement;
  private readonly left = element('span', 'figure left-figure');
  private readonly leftNote = element('span', 'left-note');
  private readonly fill = element('span', 'bar-fill');
  private readonly outlook = element('p', 'outlook');
  private readonly spent = element('p', 'outlook');
  private readonly waiting: HTMLElement;
  private readonly proxy = element('span', 'state');
  private readonly advice = element('span', 'advice');
  private readonly baseUrl = element('code', 'value');
  private readonly remedies: readonly (readonly [DashboardAction, HTMLElement])[];
  private readonly remedyRow = element('div', 'buttons');
  private readonly allowance: HTMLElement;
  private readonly urlRow: HTMLElement;
  private readonly noticeText = element('span');
  private readonly notice: HTMLElement;
  private readonly noticeDoctor: HTMLElement;
  private readonly clients: ClientsRow;
  private readonly actions: readonly (readonly [DashboardAction, HTMLElement])[];
  private readonly copies = new Map<string, HTMLButtonElement>();

  constructor(
    t: Translate,
    private readonly ports: OverviewPorts,
  ) {
    this.remedies = (
      [
        ['startProxy', t('Start Proxy')],
        ['openSettings', t('Open Settings')],
        ['showLog', t('Show Log')],
      ] as const
    ).map(([action, text]) => [action, button(text, () => ports.run(action))] as const);
    this.remedyRow.append(...this.remedies.map(([, made]) => made));
    const bar = element('span', 'bar total-bar', this.fill);
    bar.setAttribute('aria-hidden', 'true');
    this.waiting = link('', () => ports.showActivity());
    // Keeps its height while nothing waits, so that the page does not move.
    const waiting = element('p', 'waiting', this.waiting);
    const total = element('p', 'total', this.left, ' ', this.leftNote);
    this.allowance = element('div', 'allowance', total, bar, this.outlook, this.spent, waiting);
    this.urlRow = this.copyRow(t('Base URL'), this.baseUrl, 'copyBaseUrl', t('Copy Base URL'));
    const proxyKey = element('code', 'value', 'kw-…');
    proxyKey.setAttribute('aria-hidden', 'true');
    this.clients = new ClientsRow(t, ports);
    this.actions = (
      [
        ['sendTestRequest', t('Send Test Request')],
        ['runDoctor', t('Run Doctor')],
        ['openSettings', t('Open Settings')],
      ] as const
    ).map(([action, text]) => [action, link(text, () => ports.run(action))] as const);
    this.noticeDoctor = link(t('Run Doctor'), () => ports.run('runDoctor'));
    this.notice = element('p', 'notice', this.noticeText, ' ', this.noticeDoctor);
    const connection = element(
      'div',
      'connection',
      element('div', 'proxy', this.proxy, this.advice),
      this.remedyRow,
      this.urlRow,
      this.copyRow(t('Proxy key'), proxyKey, 'copyProxyKey', t('Copy Proxy Key')),
      this.clients.element,
      element('div', 'links', ...this.actions.map(([, made]) => made)),
    );
    const title = element('h1', 'visually-hidden', 'Keywheel');
    this.element = element('header', '', title, this.allowance, connection, this.notice);
  }

  update(view: OverviewView): void {
    setHidden(this.allowance, !view.hasFigure);
    setText(this.left, view.left);
    setText(this.leftNote, view.leftNote);
    setShare(this.fill, view.leftShare);
    setText(this.outlook, view.outlook);
    setOptionalText(this.spent, view.spent);
    setOptionalText(this.waiting, view.waiting);
    setText(this.proxy, view.proxy.text);
    setTone(this.proxy, view.proxy.tone);
    setOptionalText(this.advice, view.advice);
    setText(this.baseUrl, view.baseUrl);
    setHidden(this.urlRow, view.baseUrl === '');
    setHidden(this.remedyRow, view.remedies.length === 0);
    for (const [action, made] of this.remedies) setHidden(made, !view.remedies.includes(action));
    this.clients.update(view);
    for (const [action, made] of this.actions) setHidden(made, !view.actions.includes(action));
    setText(this.noticeText, view.notice?.text ?? '');
    setHidden(this.notice, view.notice === null);
    setHidden(this.noticeDoctor, !view.isUnreached);
    setTone(this.notice, view.notice?.tone ?? '');
  }

  /** Shows a check mark on the button for a while. */
  copied(action: Copy): void {
    const made = this.copies.get(action);
    if (!made) return;
    made.replaceChildren(icon('check'));
    setTimeout(() => made.replaceChildren(icon('copy')), copiedShownMs);
  }

  private copyRow(term: string, value: HTMLElement, action: Copy, name: string): HTMLElement {
    const copy = iconButton('copy', name, () => this.ports.run(action));
    this.copies.set(action, copy);
    return element('div', 'copy-row', element('span', 'term', term), value, copy);
  }
}
