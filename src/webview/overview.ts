// The top of the dashboard: allowance, connection, clients and notice.
import { html, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import type { ConnectedClient, Action } from '../service/messages';
import { actionButton, actionIcon, actionLink } from './actions';
import type { OverviewView } from './overviewView';
import { allowance, iconButton, link, optional, state, type PanelPorts } from './parts';
import { TemporaryValues } from './timers';

const copiedShownMs = 2000;

type Copy = 'copyBaseUrl' | 'copyProxyKey';

export class Overview {
  /** Buttons that show a check mark, because they have just copied. */
  private readonly checked: TemporaryValues<true>;

  constructor(private readonly ports: PanelPorts) {
    this.checked = new TemporaryValues(copiedShownMs, ports.redraw);
  }

  template(view: OverviewView): TemplateResult {
    const { notice } = view;
    const waiting = view.waiting === '' ? '' : link(view.waiting, () => this.ports.show('activity'));
    return html`<header>
      <h1 class="visually-hidden">Keywheel</h1>
      <div class="allowance" ?hidden=${!view.hasFigure}>${allowance(view, waiting)}</div>
      ${this.connection(view)}
      <p class="notice" data-tone=${notice?.tone ?? ''} ?hidden=${notice === null}>
        <span>${notice?.text}</span> ${view.isUnreached ? actionLink('runDoctor', this.ports) : ''}
      </p>
    </header>`;
  }

  /** Shows a check mark on the button for a while. */
  copied(action: Copy): void {
    this.checked.set(action, true);
  }

  private connection(view: OverviewView): TemplateResult {
    const { t } = this.ports;
    const each = (actions: readonly Action[], made: typeof actionButton): unknown =>
      repeat(
        actions,
        (action) => action,
        (action) => made(action, this.ports),
      );
    const url = html`<code class="value">${view.baseUrl}</code>`;
    const key = html`<code class="value" aria-hidden="true">kw-…</code>`;
    return html`<div class="connection">
      <div class="proxy">${state(view.proxy)}${optional('advice', view.advice)}</div>
      <div class="buttons" ?hidden=${view.remedies.length === 0}>${each(view.remedies, actionButton)}</div>
      ${view.baseUrl === '' ? '' : this.copyRow(t('Base URL'), url, 'copyBaseUrl')}
      ${this.copyRow(t('Proxy key'), key, 'copyProxyKey')} ${this.clientsRow(view)}
      <div class="links">${each(view.actions, actionLink)}</div>
    </div>`;
  }

  private copyRow(term: string, value: TemplateResult, action: Copy): TemplateResult {
    const iconName = this.checked.get(action) ? 'check' : 'copy';
    return html`<div class="copy-row">
      <span class="term">${term}</span>${value}${actionIcon(action, iconName, this.ports)}
    </div>`;
  }

  /** The connected clients, each with a Disconnect button, and a button to connect another. */
  private clientsRow({ clients, wantsClient }: OverviewView): TemplateResult {
    const shown = repeat(
      clients,
      ({ id }) => id,
      (client) => this.client(client),
    );
    const connect = wantsClient
      ? actionButton('connectClient', this.ports, { primary: true })
      : actionLink('connectClient', this.ports);
    return html`<div class="copy-row">
      <span class="term">${this.ports.t('Clients')}</span>
      <span class="clients">${shown}${connect}</span>
    </div>`;
  }

  private client({ id, name, note }: ConnectedClient): TemplateResult {
    const { t, send } = this.ports;
    const disconnect = (): void => send({ type: 'disconnect', client: id });
    const off = iconButton('debug-disconnect', t('Disconnect {0}', name), disconnect);
    return html`<span class="client-entry"
      ><span class="state" data-tone=${note === '' ? 'good' : 'warn'} title=${note}
        >${name}${note === '' ? '' : html`<span class="visually-hidden">: ${note}</span>`}</span
      >${off}</span
    >`;
  }
}
