// The History tab: charts of the last 24 hours and of days, each also as a table, then models and clients.
import { html, nothing, type TemplateResult } from 'lit-html';
import type { SeriesView, Snapshot } from '../service/snapshot';
import { Chart } from './chart';
import { dayChart, historyView, periods, type ChartView, type HistoryView, type Period } from './historyView';
import { fact, figuresTable, iconButton, link, tableSection, type PanelPorts } from './parts';

export class HistoryPanel {
  private readonly charts = new Map<ChartView['id'], Chart>();
  /** Charts that are shown as tables. */
  private readonly tables = new Set<ChartView['id']>();

  constructor(
    private readonly ports: PanelPorts,
    private period: Period,
  ) {
    // A canvas does not follow the theme's colors by itself.
    const theme = new MutationObserver(() => requestAnimationFrame(() => this.redrawCharts()));
    theme.observe(document.body, { attributeFilter: ['class', 'data-vscode-theme-id'] });
  }

  template(series: SeriesView, snapshot: Snapshot): TemplateResult {
    const textContext = this.ports.textContext();
    const view = historyView(series, snapshot, textContext);
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
          ${this.chartSection(dayChart(series, this.period, textContext), this.periodChoice())}
        </div>
        ${this.modelTable(view)} ${tableSection(this.ports.t('By client'), view.clients)}
      </div>
    </div>`;
  }

  /** A chart with its title and a button that shows it as a table. */
  private chartSection(view: ChartView, controls: TemplateResult | typeof nothing = nothing): TemplateResult {
    const { t } = this.ports;
    const { id, title, table } = view;
    const isTable = this.tables.has(id);
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
        ${isTable ? figuresTable(title, table) : nothing}
      </div>
    </section>`;
  }

  private chartOf(view: ChartView): Chart {
    const known = this.charts.get(view.id);
    if (known) return known;
    const made = new Chart(view, this.ports.textContext);
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
    const cellsOf = (row: readonly string[]): readonly unknown[] => {
      const [model = '', busy = ''] = [row[0], row.at(-1)];
      const unlock = (): void => send({ type: 'unlockModel', model });
      const canBe = busy !== '' && canUnlock;
      const button = canBe ? iconButton('unlock', t('Unlock {0}', model), unlock) : nothing;
      return [...row.slice(0, -1), html`<span>${busy}</span> ${button}`];
    };
    return tableSection(t('By model'), models, cellsOf);
  }

  private redrawCharts(): void {
    for (const chart of this.charts.values()) chart.redraw();
  }
}
