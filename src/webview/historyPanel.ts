// The History tab: charts of the last 24 hours and of days, each also as a table, then models and clients.
import type { FromDashboard } from '../service/messages';
import type { SeriesView, Snapshot } from '../service/snapshot';
import { Chart } from './chart';
import { link } from './controls';
import {
  cell,
  element,
  headCell,
  icon,
  iconButton,
  namedCells,
  setChildren,
  setHidden,
  setName,
  setText,
} from './dom';
import {
  dayChart,
  historyView,
  periods,
  type ChartView,
  type HistoryView,
  type ModelRow,
  type Period,
} from './historyView';
import type { Speech } from '../words/stateWords';
import type { Translate } from '../words/translate';

export interface HistoryPanelPorts {
  readonly speech: () => Speech;
  readonly send: (message: FromDashboard) => void;
}

export interface HistoryPeriod {
  readonly period: Period;
  /** Another period was chosen; `update` is to be called. */
  readonly onPeriod: (period: Period) => void;
}

export class HistoryPanel {
  readonly element: HTMLElement;
  private readonly charts = new Map<ChartView['id'], ChartSection>();
  private readonly sums = element('dl', 'facts');
  private readonly chartGrid = element('div', 'charts');
  private readonly models = element('tbody');
  private readonly clients = element('tbody');
  private readonly none: HTMLElement;
  private readonly all: HTMLElement;
  private lines: ReadonlyMap<string, ModelLine> = new Map();
  private shown = '';

  private period: Period;

  constructor(private readonly ports: HistoryPanelPorts & HistoryPeriod) {
    const { t } = ports.speech();
    this.period = ports.period;
    this.none = element('p', 'none', t('No request yet.'));
    const models = useTable(t('By model'), [t('Model'), ...modelColumns(t)], this.models);
    const clients = useTable(t('By client'), [t('Client'), ...useColumns(t)], this.clients);
    this.chartGrid.append(element('section', 'sums', element('h2', '', t('Last 24 hours')), this.sums));
    this.all = element('div', 'history', this.chartGrid, models, clients);
    this.element = element('div', 'tab-content', this.none, this.all);
    // A canvas does not follow the theme's colours by itself.
    const theme = new MutationObserver(() => requestAnimationFrame(() => this.redraw()));
    theme.observe(document.body, { attributeFilter: ['class', 'data-vscode-theme-id'] });
  }

  update(series: SeriesView, snapshot: Snapshot): void {
    const speech = this.ports.speech();
    const view = historyView(series, snapshot, speech);
    setHidden(this.none, !view.isEmpty);
    setHidden(this.all, view.isEmpty);
    if (view.isEmpty) return;
    for (const chart of [...view.charts, dayChart(series, this.period, speech)])
      this.sectionOf(chart).update(chart);
    this.updateTables(view);
  }

  private updateTables({ models, clients, canUnlock, sums }: HistoryView): void {
    const text = JSON.stringify([models, clients, canUnlock, sums]);
    if (text === this.shown) return;
    this.shown = text;
    this.sums.replaceChildren(
      ...sums.map(([name, value]) => element('div', '', element('dt', '', name), element('dd', '', value))),
    );
    const lines = models.map((row) => {
      const line = this.lines.get(row.model) ?? new ModelLine(row, this.ports);
      line.update(row, canUnlock);
      return [row.model, line] as const;
    });
    const listed = new Map(lines);
    for (const [model, line] of this.lines) if (!listed.has(model)) line.giveFocusAway();
    this.lines = listed;
    setChildren(
      this.models,
      lines.map(([, line]) => line.element),
    );
    const columns = useColumns(this.ports.speech().t);
    this.clients.replaceChildren(
      ...clients.map(([name = '', ...cells]) =>
        element('tr', '', headCell('row', '', name), ...namedCells(columns, cells)),
      ),
    );
  }

  private sectionOf(chart: ChartView): ChartSection {
    const known = this.charts.get(chart.id);
    if (known) return known;
    const made = new ChartSection(chart, this.ports.speech, chart.id === 'days' ? [this.periodChoice()] : []);
    this.charts.set(chart.id, made);
    this.chartGrid.append(made.element);
    return made;
  }

  private periodChoice(): HTMLElement {
    const { speech, onPeriod } = this.ports;
    const { t } = speech();
    const made = periods.map((period) => {
      const choose = link(t('{0} days', period), () => {
        this.period = period;
        mark();
        onPeriod(period);
      });
      return { period, choose };
    });
    const mark = (): void => {
      for (const { period, choose } of made)
        choose.setAttribute('aria-pressed', String(period === this.period));
    };
    mark();
    return element('div', 'links', ...made.map(({ choose }) => choose));
  }

  private redraw(): void {
    for (const section of this.charts.values()) section.redraw();
  }
}

/** After the name of a model or a client. */
function useColumns(t: Translate): string[] {
  return [t('Requests'), t('Answered'), t('Tokens in / out')];
}

function modelColumns(t: Translate): string[] {
  return [...useColumns(t), t('Cost'), t('Busy until')];
}

/** A model's row, kept while the model is listed, so that its button keeps the focus. */
class ModelLine {
  readonly element: HTMLTableRowElement;
  private readonly cells: readonly HTMLTableCellElement[];
  private readonly until = element('span');
  private readonly unlock: HTMLButtonElement;

  constructor({ model }: ModelRow, { speech, send }: HistoryPanelPorts) {
    const { t } = speech();
    this.unlock = iconButton('unlock', t('Unlock {0}', model), () => send({ type: 'unlockModel', model }));
    this.cells = namedCells(modelColumns(t));
    this.cells.at(-1)?.append(this.until, ' ', this.unlock);
    this.element = element('tr', '', headCell('row', '', model), ...this.cells);
  }

  update({ cells, busy }: ModelRow, canUnlock: boolean): void {
    for (const [index, text] of cells.entries()) {
      const at = this.cells[index];
      if (at) setText(at, text);
    }
    setText(this.until, busy);
    const isOver = busy === '' || !canUnlock;
    if (isOver) this.giveFocusAway();
    setHidden(this.unlock, isOver);
  }

  /** Moves the focus from a button that disappears to its table instead of the top of the page. */
  giveFocusAway(): void {
    if (this.unlock !== document.activeElement) return;
    this.element.closest<HTMLElement>('[role="region"]')?.focus();
  }
}

/** A chart with its title and a button that shows it as a table. */
class ChartSection {
  readonly element: HTMLElement;
  private readonly chart: Chart;
  private readonly table = element('div', 'chart-table');
  private readonly toggle: HTMLButtonElement;

  constructor(
    private view: ChartView,
    private readonly speech: () => Speech,
    controls: readonly HTMLElement[],
  ) {
    this.chart = new Chart(view, speech);
    this.table.hidden = true;
    this.table.tabIndex = 0;
    this.table.setAttribute('role', 'region');
    this.table.setAttribute('aria-label', view.title);
    this.toggle = iconButton('table', '', () => this.flip());
    this.nameToggle();
    const head = element('div', 'section-head', element('h2', '', view.title), ...controls, this.toggle);
    this.element = element('section', 'chart-section', head, this.chart.element, this.table);
  }

  update(view: ChartView): void {
    this.view = view;
    this.chart.update(view);
    if (!this.table.hidden) this.fill();
  }

  redraw(): void {
    this.chart.redraw();
  }

  private flip(): void {
    const showsTable = this.table.hidden === true;
    setHidden(this.table, !showsTable);
    setHidden(this.chart.element, showsTable);
    this.nameToggle();
    if (showsTable) this.fill();
  }

  /** Sets icon and name of the view that the button switches to. */
  private nameToggle(): void {
    const { t } = this.speech();
    const { title } = this.view;
    const isChart = this.table.hidden === true;
    this.toggle.replaceChildren(icon(isChart ? 'table' : 'graph'));
    setName(this.toggle, isChart ? t('Show as table: {0}', title) : t('Show as chart: {0}', title));
  }

  private fill(): void {
    const { title, table } = this.view;
    const body = element('tbody', '', ...table.rows.map((cells) => useRow(cells)));
    this.table.replaceChildren(figuresTable(title, table.head, body));
  }
}

/** A table that scrolls where it is too wide; on a narrow page each of its rows is a small sheet. */
export function useTable(title: string, head: readonly string[], body: HTMLTableSectionElement): HTMLElement {
  const place = element('div', 'scroll', figuresTable(title, head, body));
  place.tabIndex = 0;
  place.setAttribute('role', 'region');
  place.setAttribute('aria-label', title);
  return element('section', 'use', element('h2', '', title), place);
}

function figuresTable(title: string, names: readonly string[], body: HTMLElement): HTMLTableElement {
  const head = element('tr', '', ...names.map((name) => headCell('col', '', name)));
  const caption = element('caption', 'visually-hidden', title);
  return element('table', 'figures', caption, element('thead', '', head), body);
}

function useRow([name = '', ...cells]: readonly string[]): HTMLTableRowElement {
  return element('tr', '', headCell('row', '', name), ...cells.map((text) => cell('', text)));
}
