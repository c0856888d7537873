// The Activity tab: the running exchanges, then the last ones with filters and columns to sort by.
import { html, nothing, type TemplateResult } from 'lit-html';
import { guard } from 'lit-html/directives/guard.js';
import { repeat } from 'lit-html/directives/repeat.js';
import type { ExchangeView, RunningView } from '../service/snapshot';
import {
  activityColumns,
  exchangeRow,
  filterOptions,
  isShown,
  liveRow,
  nextSort,
  noFilter,
  sorted,
  trailOf,
  type ActivityFilter,
  type ActivitySort,
} from './activityView';
import { button, choice, field } from './controls';
import { fact, headRow, icon, keyTarget, link, state, visibleColumns, type PanelPorts } from './parts';
import type { Translate } from '../words/translate';

const mostShown = 500;
/** Rows that are drawn at once and in each later step, so that the first screen appears sooner. */
const stepRows = 50;

const filterNames = ['keyId', 'model', 'client', 'end'] as const;
const figureColumns: readonly ActivitySort['column'][] = ['tries', 'took', 'tokens'];

export class ActivityPanel {
  /** Newest first. */
  private exchanges: readonly ExchangeView[] = [];
  /** Exchanges that match the filters, sorted; the first `drawn` are in the table. */
  private shown: readonly ExchangeView[] = [];
  private drawn = stepRows;
  private drawing: number | undefined;
  /** Exchanges whose trails are shown. */
  private readonly open = new Set<ExchangeView>();
  /** The exchange whose row the Tab key reaches. */
  private current: ExchangeView | undefined;
  private filter: ActivityFilter = noFilter;
  private options: ReturnType<typeof filterOptions>;

  constructor(
    private readonly ports: PanelPorts,
    private sort: ActivitySort,
  ) {
    this.options = filterOptions([], noFilter, ports.t);
  }

  template(running: readonly RunningView[]): TemplateResult {
    const { t } = this.ports;
    const none = this.exchanges.length === 0 ? t('No request yet.') : t('No requests match these filters.');
    return html`<div class="tab-content">
      ${this.live(running)} ${this.filters()}
      <p class="none" ?hidden=${this.shown.length > 0}>${none}</p>
      <table class="activity" ?hidden=${this.shown.length === 0}>
        <caption class="visually-hidden">
          ${t('Last requests')}
        </caption>
        ${this.head()}
        <tbody @keydown=${(event: KeyboardEvent) => this.onKey(event)}>
          ${repeat(
            this.shown.slice(0, this.drawn),
            (exchange) => exchange,
            (exchange) => this.rowsOf(exchange),
          )}
        </tbody>
      </table>
    </div>`;
  }

  /** Newest first. */
  replace(exchanges: readonly ExchangeView[]): void {
    this.exchanges = exchanges.slice(0, mostShown);
    this.open.clear();
    this.refresh();
  }

  /** Takes new exchanges, oldest first; open trails stay open. */
  add(exchanges: readonly ExchangeView[]): void {
    this.exchanges = [...[...exchanges].reverse(), ...this.exchanges].slice(0, mostShown);
    this.refresh(this.drawn + exchanges.length);
  }

  private refresh(most = stepRows): void {
    const textContext = this.ports.textContext();
    const matching = this.exchanges.filter((exchange) => isShown(exchange, this.filter, textContext));
    this.shown = sorted(matching, this.sort, textContext);
    this.options = filterOptions(this.exchanges, this.filter, textContext.t);
    if (!this.current || !this.shown.includes(this.current)) this.current = this.shown[0];
    this.drawRows(most);
  }

  private drawRows(most: number): void {
    window.clearTimeout(this.drawing);
    this.drawn = most;
    this.ports.redraw();
    if (most < this.shown.length) this.drawing = window.setTimeout(() => this.drawRows(most + stepRows));
  }

  /** The row of an exchange, and its trail while open; never changes by itself, because the exchange has ended. */
  private rowsOf(exchange: ExchangeView): unknown {
    const columns = this.open.has(exchange) ? visibleColumns('table.activity') : null;
    return guard([exchange, exchange === this.current, columns], () => this.row(exchange, columns));
  }

  private row(exchange: ExchangeView, trailColumns: number | null): TemplateResult {
    const row = exchangeRow(exchange, this.ports.textContext());
    const [, ...others] = activityColumns;
    const cell = (column: (typeof others)[number]): TemplateResult =>
      html`<td class=${classOf(column)}>${column === 'end' ? state(row.end) : row[column]}</td>`;
    return html`<tr class="exchange" @click=${() => this.toggle(exchange)}>
        <th scope="row" class="at">
          <button
            class="expander"
            type="button"
            tabindex=${exchange === this.current ? 0 : -1}
            aria-expanded=${trailColumns !== null}
          >
            ${icon('chevron-right')}${row.at}
          </button>
        </th>
        ${others.map(cell)}
      </tr>
      ${trailColumns === null ? nothing : this.trailRow(exchange, trailColumns)}`;
  }

  private trailRow(exchange: ExchangeView, columns: number): TemplateResult {
    const { t, textContext, send } = this.ports;
    const { message, facts, attempts } = trailOf(exchange, textContext());
    const copyReport = (): void => send({ type: 'copyReport', id: exchange.id });
    return html`<tr class="trail-row">
      <td class="trail" colspan=${columns}>
        ${message === '' ? nothing : html`<p class="said">${message}</p>`}
        <dl class="facts">
          ${facts.map(([name, value, inRow]) => fact(name, value, inRow ? 'in-row' : ''))}
        </dl>
        ${attempts.length === 0 ? nothing : attemptTable(attempts, t)}
        ${button(t('Copy Report'), copyReport, { icon: 'copy' })}
      </td>
    </tr>`;
  }

  private toggle(exchange: ExchangeView): void {
    if (!this.open.delete(exchange)) this.open.add(exchange);
    this.ports.redraw();
  }

  /** Arrow keys move between rows, so that the Tab key need not stop at each of five hundred. */
  private onKey(event: KeyboardEvent): void {
    const buttons = [...document.querySelectorAll<HTMLElement>('.expander')];
    const at = buttons.findIndex((each) => each === event.target);
    const wanted = keyTarget(event.key, at, this.shown.length);
    if (at < 0 || wanted === null) return;
    event.preventDefault();
    const target = Math.min(Math.max(wanted, 0), this.shown.length - 1);
    this.current = this.shown[target];
    this.ports.redraw();
    buttons[target]?.focus();
  }

  /** The running exchanges. */
  private live(running: readonly RunningView[]): TemplateResult {
    const { t, countdowns, send } = this.ports;
    const textContext = this.ports.textContext();
    const line = (each: RunningView): TemplateResult => {
      const row = liveRow(each, textContext);
      const { untilMs } = row.state;
      const cancel = (): void => send({ type: 'cancel', requestId: row.requestId });
      const time = countdowns.template(untilMs ?? row.sinceMs, untilMs === undefined);
      return html`<li>
        ${state(row.state)}${time}<span class="what">${row.what}</span>
        <span class="notes">${row.note}</span>
        ${button(t('Cancel'), cancel, { name: t('Cancel {0}', row.what) })}
      </li>`;
    };
    return html`<ul class="live" aria-label=${t('Running requests')} ?hidden=${running.length === 0}>
      ${repeat(running, ({ requestId }) => requestId, line)}
    </ul>`;
  }

  private filters(): TemplateResult {
    const { t, send } = this.ports;
    const labels = { keyId: t('Key'), model: t('Model'), client: t('Client'), end: t('Outcome') };
    const choose = (name: keyof ActivityFilter, value: string): void => {
      this.filter = { ...this.filter, [name]: value };
      this.refresh();
    };
    const choices = filterNames.map((name) =>
      choice(labels[name], {
        options: this.options[name],
        value: this.filter[name],
        onChange: (value) => choose(name, value),
      }),
    );
    const save = (format: 'csv' | 'json'): void =>
      send({ type: 'export', format, ids: this.shown.map(({ id }) => id) });
    const onInput = (value: string): void => choose('text', value);
    return html`<div
      class="filters"
      role="group"
      aria-label=${t('Filter')}
      ?hidden=${this.exchanges.length === 0}
    >
      ${field(t('Search'), { value: this.filter.text, onInput })} ${choices}
      <div class="links">
        ${link(t('Export CSV'), () => save('csv'))} ${link(t('Export JSON'), () => save('json'))}
        ${link(t('Clear'), () => send({ type: 'clearActivity' }))}
      </div>
    </div>`;
  }

  private head(): TemplateResult {
    const { t } = this.ports;
    const texts: Readonly<Record<ActivitySort['column'], string>> = {
      at: t('Time'),
      client: t('Client'),
      what: t('Model'),
      end: t('Outcome'),
      key: t('Key'),
      tries: t('Attempts'),
      took: t('Duration'),
      tokens: t('Tokens in / out'),
    };
    const head = (column: ActivitySort['column']): TemplateResult => {
      const sort = (): void => {
        this.sort = nextSort(this.sort, column);
        this.ports.keep({ sort: this.sort });
        this.refresh();
      };
      const order = this.sort.isDescending ? 'descending' : 'ascending';
      return html`<th
        scope="col"
        class=${classOf(column)}
        aria-sort=${column === this.sort.column ? order : nothing}
      >
        <button class="sorter" type="button" @click=${sort}>${texts[column]}${icon('arrow-down')}</button>
      </th>`;
    };
    return html`<thead>
      <tr>
        ${activityColumns.map(head)}
      </tr>
    </thead>`;
  }
}

function classOf(column: ActivitySort['column']): string {
  return figureColumns.includes(column) ? `number ${column}` : column;
}

function attemptTable(attempts: readonly (readonly string[])[], t: Translate): TemplateResult {
  const names = [t('After'), t('Waited'), t('Key'), t('Outcome'), t('Status')];
  const cells = (texts: readonly string[]): readonly TemplateResult[] =>
    texts.map((text) => html`<td>${text}</td>`);
  return html`<table class="attempts">
    <caption>
      ${t('Attempts')}
    </caption>
    ${headRow(names)}
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
