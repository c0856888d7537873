// The History tab: charts of the last 24 hours and of days, each also as a table, then models and clients.
import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import type { SeriesView, Snapshot } from '../service/snapshot';
import { Chart } from './chart';
import {
  dayChart,
  historyView,
  periods,
  type ChartView,
  type HistoryView,
  type ModelRow,
  type Period,
} from './historyView';
import { fact, headRow, iconButton, link, type PanelPorts } from './parts';

export class HistoryPanel {
  private readonly charts = new Map<ChartView['id'], Chart>();
  /** Charts that are shown as tables. */
  private readonly tables = new Set<ChartView['id']>();

  constructor(
    private readonly ports: PanelPorts,
    private period: Period,
  ) {
    // A canvas does not follow the theme's colours by itself.
    const theme = new MutationObserver(() => requestAnimationFrame(() => this.redrawCharts()));
    theme.observe(document.body, { attributeFilter: ['class', 'data-vscode-theme-id'] });
  }

  template(series: SeriesView, snapshot: Snapshot): TemplateResult {
    const speech = this.ports.speech();
    const view = historyView(series, snapshot, speech);
    const { t } = this.ports;
    if (view.isEmpty) return html`<div class="tab-content"><p class="none">${t('No request yet.')}</p></div>`;
    return html`<div class="tab-content">
      <div class="history">
        <div class="charts">
          <section class="sums">
            <h2>${t('Last 24 hours')}</h2>
            <dl class="facts">${view.sums.map(([name, value]) => fact(name, value))}</dl>
          </section>
          ${view.charts.map((chart) => this.chartSection(chart))}
          ${this.chartSection(dayChart(series, this.period, speech), this.periodChoice())}
        </div>
        ${this.modelTable(view)} ${this.clientTable(view)}
      </div>
    </div>`;
  }

  /** A chart with its title and a button that shows it as a table. */
  private chartSection(view: ChartView, controls: TemplateResult | typeof nothing = nothing): TemplateResult {
    const { t } = this.ports;
    const { id, title, table } = view;
    const isTable = this.tables.has(id);
    const rows = table.rows.map(([name, ...cells]) => figuresRow(name, table.head.slice(1), cells));
    const flip = (): void => {
      if (!this.tables.delete(id)) this.tables.add(id);
      this.ports.redraw();
    };
    const toggle = isTable
      ? iconButton('graph', t('Show as chart: {0}', title), flip)
      : iconButton('table', t('Show as table: {0}', title), flip);
    return html`<section class="chart-section">
      <div class="section-head">
        <h2>${title}</h2>
        ${controls}${toggle}
      </div>
      ${this.chartOf(view).template(view, isTable)}
      <div class="chart-table" tabindex="0" role="region" aria-label=${title} ?hidden=${!isTable}>
        ${isTable ? figuresTable(title, table.head, rows) : nothing}
      </div>
    </section>`;
  }

  private chartOf(view: ChartView): Chart {
    const known = this.charts.get(view.id);
    if (known) return known;
    const made = new Chart(view, this.ports.speech);
    this.charts.set(view.id, made);
    return made;
  }

  private periodChoice(): TemplateResult {
    const { t } = this.ports;
    const choose = (period: Period): void => {
      this.period = period;
      this.ports.keep({ period });
      this.ports.redraw();
    };
    return html`<div class="links">
      ${periods.map((each) => link(t('{0} days', each), () => choose(each), each === this.period))}
    </div>`;
  }

  private modelTable({ models, canUnlock }: HistoryView): TemplateResult {
    const { t, send } = this.ports;
    const columns = [...this.useColumns(), t('Busy until')];
    const row = ({ model, cells, busy }: ModelRow): TemplateResult => {
      const unlock = (): void => send({ type: 'unlockModel', model });
      const canBe = busy !== '' && canUnlock;
      const until = html`<span>${busy}</span> ${
          canBe ? iconButton('unlock', t('Unlock {0}', model), unlock) : nothing
        }`;
      return figuresRow(model, columns, [...cells, until]);
    };
    const rows = repeat(models, ({ model }) => model, row);
    return useTable(t('By model'), [t('Model'), ...columns], rows);
  }

  private clientTable({ clients }: HistoryView): TemplateResult {
    const { t } = this.ports;
    const columns = this.useColumns();
    const rows = clients.map(([name, ...cells]) => figuresRow(name, columns, cells));
    return useTable(t('By client'), [t('Client'), ...columns], rows);
  }

  /** After the name of a model or a client. */
  private useColumns(): readonly string[] {
    const { t } = this.ports;
    return [t('Requests'), t('Answered'), t('Tokens in / out'), t('Cost')];
  }

  private redrawCharts(): void {
    for (const chart of this.charts.values()) chart.redraw();
  }
}

/** A table that scrolls where it is too wide; on a narrow page each of its rows is a small sheet. */
export function useTable(title: string, head: readonly string[], rows: unknown): TemplateResult {
  return html`<section class="use">
    <h2>${title}</h2>
    <div class="scroll" tabindex="0" role="region" aria-label=${title}>
      ${figuresTable(title, head, rows)}
    </div>
  </section>`;
}

function figuresTable(title: string, names: readonly string[], rows: unknown): TemplateResult {
  return html`<table class="figures">
    <caption class="visually-hidden">
      ${title}
    </caption>
    ${headRow(names)}
    <tbody>
      ${rows}
    </tbody>
  </table>`;
}

/** A narrow page shows a column's name in its cells instead of above them. */
export function figuresRow(
  name: unknown,
  columns: readonly string[],
  cells: readonly unknown[],
): TemplateResult {
  return html`<tr>
    <th scope="row">${name}</th>
    ${cells.map((cell, index) => html`<td data-column=${columns[index]}>${cell}</td>`)}
  </tr>`;
}
