// The table of accounts and keys, for the dashboard and for the server's page.
import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import type { AccountGroup, AccountsView, Gauge, Row } from './accountsView';
import type { Countdowns } from './timers';
import { bar, optional, state } from './parts';
import type { Translate } from '../words/translate';

/** The parts of a row besides its values. */
export interface RowParts {
  /** A text below the state, such as the result of Check Now. */
  readonly note: string;
  readonly buttons: unknown;
  /** A table row below this one, such as the form. */
  readonly below: unknown;
}

export interface AccountsTablePorts {
  readonly t: Translate;
  readonly countdowns: Countdowns;
  /** Identifies an account's `tbody`, which is kept while this value is the same. */
  readonly bodyKey: (group: AccountGroup) => unknown;
  readonly partsOf: (row: Row) => RowParts;
}

export function accountsTable(
  { groups, hasCredits }: Pick<AccountsView, 'groups' | 'hasCredits'>,
  ports: AccountsTablePorts,
): TemplateResult {
  const body = ({ rows }: AccountGroup): TemplateResult =>
    html`<tbody>
      ${repeat(rows, idOf, (row) => accountRow(row, ports))}
    </tbody>`;
  return html`<table class="accounts ${hasCredits ? '' : 'without-credits'}">
    <caption class="visually-hidden">
      ${ports.t('Accounts and keys')}
    </caption>
    ${tableHead(ports.t)} ${repeat(groups, ports.bodyKey, body)}
  </table>`;
}

/** Identifies a row while the table is shown. */
export function idOf({ kind, keyId }: Row): string {
  return kind === 'account' ? `account of ${keyId}` : keyId;
}

function tableHead(t: Translate): TemplateResult {
  const sinceAdded = t('Since the key was added');
  return html`<thead>
    <tr>
      <th scope="col" class="name">${t('Key')}</th>
      <th scope="col" class="gauge day">${t('Left today')}</th>
      <th scope="col" class="gauge minute">${t('This minute')}</th>
      ${figures(t).map(
        ([kind, name]) =>
          html`<th
            scope="col"
            class="number ${kind}"
            title=${kind === 'requests' || kind === 'errors' ? sinceAdded : nothing}
          >
            ${name}
          </th>`,
      )}
      <th scope="col" class="state-cell">${t('State')}</th>
      <th scope="col" class="actions"><span class="visually-hidden">${t('Actions')}</span></th>
    </tr>
  </thead>`;
}

/** A key's row, and so the focus in it, stays when its account gets a second key. */
function accountRow(row: Row, { t, countdowns, partsOf }: AccountsTablePorts): TemplateResult {
  const { note, buttons, below } = partsOf(row);
  const counts = optional('notes', row.areCountsApart ? row.counts : '');
  return html`<tr class=${row.kind} data-id=${idOf(row)}>
      <th class="name" scope=${row.kind === 'account' ? 'rowgroup' : 'row'}>
        <span class="title">${row.title}</span>
        ${optional('subtitle', row.subtitle)} ${optional('notes', row.notes.join(' · '))}
      </th>
      <td class="gauge day" data-column=${t('Left today')} title=${row.counts || nothing}>
        ${gauge(row.day)} ${counts}
      </td>
      <td class="gauge minute" data-column=${t('This minute')}>${gauge(row.minute)}</td>
      ${figures(t).map(
        ([kind, name]) =>
          html`<td class="number ${kind}" data-column=${name}><span class="figure">${row[kind]}</span></td>`,
      )}
      <td class="state-cell">
        ${state(row.state)}${countdowns.template(row.state.untilMs)}${optional('answer', note)}
      </td>
      <td class="actions"><div class="actions-row">${buttons}</div></td>
    </tr>
    ${below}`;
}

/** A figure with a bar under it. */
function gauge(shown: Gauge | null): TemplateResult {
  return html`<span class="figure">${shown?.text}</span>${
      shown === null ? nothing : bar(shown.share, { tone: shown.isEmpty ? 'warn' : '' })
    }`;
}

/** The columns of plain figures: class name and title. */
function figures(t: Translate) {
  return [
    ['credits', t('Credits')],
    ['requests', t('Requests')],
    ['errors', t('Errors')],
    ['lastUsed', t('Last used')],
  ] as const;
}
