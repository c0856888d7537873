// The top of the page: made once, then updated in place.
import type { DashboardAction } from '../service/messages';
import { button } from './controls';
import { element, iconButton, icon, setHidden, setOptionalText, setShare, setText, setTone } from './dom';
import type { OverviewView } from './overviewView';
import type { Translate } from './translate';

const copiedShownMs = 2000;

type Copy = 'copyBaseUrl' | 'copyProxyKey';

export class Overview {
  readonly element: HTMLElement;
  private readonly left = element('span', 'figure left-figure');
  private readonly leftNote = element('span', 'left-note');
  private readonly fill = element('span', 'bar-fill');
  private readonly outlook = element('p', 'outlook');
  private readonly waiting = element('span', 'waiting-text');
  private readonly proxy = element('span', 'state');
  private readonly advice = element('span', 'advice');
  private readonly baseUrl = element('code', 'value');
  private readonly remedies: readonly (readonly [DashboardAction, HTMLElement])[];
  private readonly remedyRow = element('div', 'buttons');
  private readonly urlRow: HTMLElement;
  private readonly notice = element('p', 'notice');
  private readonly copies = new Map<string, HTMLButtonElement>();

  constructor(
    t: Translate,
    private readonly run: (action: DashboardAction) => void,
  ) {
    this.remedies = (
      [
        ['startProxy', t('Start Proxy')],
        ['openSettings', t('Open Settings')],
        ['showLog', t('Show Log')],
      ] as const
    ).map(([action, text]) => [action, button(text, () => this.run(action))] as const);
    this.remedyRow.append(...this.remedies.map(([, made]) => made));
    const bar = element('span', 'bar total-bar', this.fill);
    bar.setAttribute('aria-hidden', 'true');
    // Its place is kept while nothing waits, so that nothing moves when something does.
    const waiting = element('p', 'waiting', this.waiting);
    const total = element('p', 'total', this.left, ' ', this.leftNote);
    const allowance = element('div', 'allowance', total, bar, this.outlook, waiting);
    this.urlRow = this.copyRow(t('Base URL'), this.baseUrl, 'copyBaseUrl', t('Copy Base URL'));
    const proxyKey = element('code', 'value', 'kw-••••••••••••');
    proxyKey.setAttribute('aria-label', t('hidden'));
    const connection = element(
      'div',
      'connection',
      element('div', 'proxy', this.proxy, this.advice),
      this.remedyRow,
      this.urlRow,
      this.copyRow(t('Proxy key'), proxyKey, 'copyProxyKey', t('Copy Proxy Key')),
    );
    const title = element('h1', 'visually-hidden', 'Keywheel');
    this.element = element('header', '', title, allowance, connection, this.notice);
  }

  update(view: OverviewView): void {
    setText(this.left, view.left);
    setText(this.leftNote, view.leftNote);
    setShare(this.fill, view.leftShare);
    setText(this.outlook, view.outlook);
    setText(this.waiting, view.waiting);
    setText(this.proxy, view.proxy.text);
    setTone(this.proxy, view.proxy.tone);
    setOptionalText(this.advice, view.advice);
    setText(this.baseUrl, view.baseUrl);
    setHidden(this.urlRow, view.baseUrl === '');
    setHidden(this.remedyRow, view.remedies.length === 0);
    for (const [action, made] of this.remedies) setHidden(made, !view.remedies.includes(action));
    setOptionalText(this.notice, view.notice?.text ?? '');
    setTone(this.notice, view.notice?.tone ?? '');
  }

  /** Shows on the button that it is copied. */
  copied(action: Copy): void {
    const made = this.copies.get(action);
    if (!made) return;
    made.replaceChildren(icon('check'));
    setTimeout(() => made.replaceChildren(icon('copy')), copiedShownMs);
  }

  private copyRow(term: string, value: HTMLElement, action: Copy, name: string): HTMLElement {
    const copy = iconButton('copy', name, () => this.run(action));
    this.copies.set(action, copy);
    return element('div', 'copy-row', element('span', 'term', term), value, copy);
  }
}
