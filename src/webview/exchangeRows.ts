// One exchange in the activity list: its row, and its trail while open.
import { html, nothing, type TemplateResult } from 'lit-html';
import { exchangeRow, trailOf } from './activityView';
import type { ExchangeView } from '../service/snapshot';
import { button } from './controls';
import { fact, icon, state } from './parts';
import type { Speech } from '../words/stateWords';

export interface ExchangeRowPorts {
  readonly speech: Speech;
  /** Whether the Tab key reaches it. */
  readonly isCurrent: boolean;
  /** How many columns the trail spans; null if it is closed. */
  readonly trailColumns: number | null;
  readonly toggle: () => void;
  readonly copyReport: () => void;
}

export function exchangeRows(exchange: ExchangeView, ports: ExchangeRowPorts): TemplateResult {
  const { speech, isCurrent, trailColumns, toggle, copyReport } = ports;
  const { at, client, what, end, key, attempts, took, tokens } = exchangeRow(exchange, speech);
  const trailRow = html`<tr class="trail-row">
    <td class="trail" colspan=${trailColumns}>${trail(exchange, speech, copyReport)}</td>
  </tr>`;
  return html`<tr class="exchange" @click=${toggle}>
      <th scope="row" class="at">
        <button
          class="expander"
          type="button"
          tabindex=${isCurrent ? 0 : -1}
          aria-expanded=${trailColumns !== null}
        >
          ${icon('chevron-right')}${at}
        </button>
      </th>
      <td class="client">${client}</td>
      <td class="what">${what}</td>
      <td class="end">${state(end)}</td>
      <td class="key">${key}</td>
      <td class="number tries">${attempts}</td>
      <td class="number took">${took}</td>
      <td class="number tokens">${tokens}</td>
    </tr>
    ${trailColumns === null ? nothing : trailRow}`;
}

function trail(exchange: ExchangeView, speech: Speech, copyReport: () => void): TemplateResult {
  const { t } = speech;
  const { message, facts, attempts } = trailOf(exchange, speech);
  return html`${message === '' ? nothing : html`<p class="said">${message}</p>`}
    <dl class="facts">${facts.map(([name, value, inRow]) => fact(name, value, inRow ? 'in-row' : ''))}</dl>
    ${attempts.length === 0 ? nothing : attemptTable(attempts, speech)}
    ${button(t('Copy Report'), copyReport, { icon: 'copy' })}`;
}

function attemptTable(attempts: readonly (readonly string[])[], { t }: Speech): TemplateResult {
  const names = [t('At'), t('Waited'), t('Key'), t('Outcome'), t('Status')];
  const cells = (texts: readonly string[]): readonly TemplateResult[] =>
    texts.map((text) => html`<td>${text}</td>`);
  return html`<table class="attempts">
    <caption>
      ${t('Attempts')}
    </caption>
    <thead>
      <tr>
        ${names.map((name) => html`<th scope="col">${name}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${attempts.map(
        (texts) =>
          html`<tr>
            ${cells(texts)}
          </tr>`,
      )}
    </tbody>
  </table>`;
}
