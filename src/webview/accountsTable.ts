// The table of accounts and keys, for the dashboard and for the server's page.
import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import type { AccountGroup, AccountsView, Gauge, Line } from './accountsView';
import type { Countdowns } from './timers';
import { bar, optional, state } from './parts';
import type { Translate } from '../words/translate';

/** What else belongs to a row. */
export interface LineParts {
  /** Below the state. */
  readonly answer: string;
  readonly buttons: unknown;
  /** A row of its own. */
  readonly below: unknown;
}

export interface AccountsTablePorts {
  readonly t: Translate;
  readonly countdowns: Countdowns;
  /** The `tbody` of an account is kept while its key is the same. */
  readonly bodyKey: (group: AccountGroup) => unknown;
  readonly partsOf: (line: Line) => LineParts;
}

export function accountsTable(
  { groups, hasCredits }: Pick<AccountsView, 'groups' | 'hasCredits'>,
  ports: AccountsTablePorts,
): TemplateResult {
  const body = ({ lines }: AccountGroup): TemplateResult =>
    html`<tbody>
      ${repeat(lines, idOf, (line) => accountRow(line, ports))}
    </tbody>`;
  return html`<table class="accounts ${hasCredits ? '' : 'without-credits'}">
    <caption class="visually-hidden">
      ${ports.t('Accounts and keys')}
    </caption>
    ${tableHead(ports.t)} ${repeat(groups, ports.bodyKey, body)}
  </table>`;
}

/** The name of a row while the table is shown. */
export function idOf({ kind, keyId }: Line): string {
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

/** A key whose account gets a second key keeps its row, and so the focus. */
function accountRow(line: Line, { t, countdowns, partsOf }: AccountsTablePorts): TemplateResult {
  const { answer, buttons, below } = partsOf(line);
  const counts = optional('notes', line.areCountsApart ? line.counts : '');
  return html`<tr class=${line.kind} data-id=${idOf(line)}>
      <th class="name" scope=${line.kind === 'account' ? 'rowgroup' : 'row'}>
        <span class="title">${line.title}</span>
        ${optional('subtitle', line.subtitle)} ${optional('notes', line.notes.join(' · '))}
      </th>
      <td class="gauge day" data-column=${t('Left today')} title=${line.counts || nothing}>
        ${gauge(line.day)} ${counts}
      </td>
      <td class="gauge minute" data-column=${t('This minute')}>${gauge(line.minute)}</td>
      ${figures(t).map(
        ([kind, name]) =>
          html`<td class="number ${kind}" data-column=${name}><span class="figure">${line[kind]}</span></td>`,
      )}
      <td class="state-cell">
        ${state(line.state)}${countdowns.template(line.state.untilMs)}${optional('answer', answer)}
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
