// The tab of the last 24 hours: charts, each also as a table, then models and clients.
import type { FromDashboard } from '../service/messages';
import type { SeriesView, Snapshot } from '../service/snapshot';
import { Chart } from './chart';
import { button } from './controls';
import { cell, element, headCell, iconButton, setChildren, setHidden, setText } from './dom';
import { historyView, type ChartView, type HistoryView, type ModelRow, type TableView } from './historyView';
import type { Speech } from './stateWords';

export interface HistoryPanelPorts {
  readonly speech: () => Speech;
  readonly send: (message: FromDashboard) => void;
}

export class HistoryPanel {
  readonly element: HTMLElement;
  private readonly charts = new Map<ChartView['id'], ChartSection>();
  private readonly chartGrid = element('div', 'charts');
  private readonly models = element('tbody');
  private readonly clients = element('tbody');
  private readonly none: HTMLElement;
  private readonly all: HTMLElement;
  private lines: ReadonlyMap<string, ModelLine> = new Map();
  private shown = '';

  constructor(private readonly ports: HistoryPanelPorts) {
    const { t } = ports.speech();
    this.none = element('p', 'none', t('No request in the last 24 hours.'));
    const use = [t('Requests'), t('Answered'), t('Tokens in / out')];
    const models = useTable(t('By model'), [t('Model'), ...use, t('Cost'), t('Busy until')], this.models);
    const clients = useTable(t('By client'), [t('Client'), ...use], this.clients);
    this.all = element('div', 'history', this.chartGrid, models, clients);
    this.element = element('div', 'tab-content', this.none, this.all);
    // Colours on a canvas do not follow the theme by themselves.
    const theme = new MutationObserver(() => requestAnimationFrame(() => this.redraw()));
    theme.observe(document.body, { attributeFilter: ['class', 'data-vscode-theme-id'] });
  }

  update(series: SeriesView, snapshot: Snapshot): void {
    const view = historyView(series, snapshot, this.ports.speech());
    setHidden(this.none, !view.isEmpty);
    setHidden(this.all, view.isEmpty);
    if (view.isEmpty) return;
    for (const chart of view.charts) this.sectionOf(chart).update(chart);
    this.updateTables(view);
  }

  private updateTables({ models, clients, canUnlock }: HistoryView): void {
    const text = JSON.stringify([models, clients, canUnlock]);
    if (text === this.shown) return;
    this.shown = text;
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
    this.clients.replaceChildren(...clients.map((cells) => useRow(cells)));
  }

  private sectionOf(chart: ChartView): ChartSection {
    const known = this.charts.get(chart.id);
    if (known) return known;
    const made = new ChartSection(chart, this.ports.speech);
    this.charts.set(chart.id, made);
    this.chartGrid.append(made.element);
    return made;
  }

  private redraw(): void {
    for (const section of this.charts.values()) section.redraw();
  }
}

/** The line of a model: the same as long as it is listed, so that its button keeps the focus while figures come. */
class ModelLine {
  readonly element: HTMLTableRowElement;
  private readonly cells: readonly HTMLTableCellElement[];
  private readonly until = element('span');
  private readonly unlock: HTMLButtonElement;

  constructor({ model, cells }: ModelRow, { speech, send }: HistoryPanelPorts) {
    const { t } = speech();
    this.unlock = iconButton('unlock', t('Unlock {0}', model), () => send({ type: 'unlockModel', model }));
    this.cells = cells.map(() => cell(''));
    const busy = cell('', this.until, ' ', this.unlock);
    this.element = element('tr', '', headCell('row', '', model), ...this.cells, busy);
  }

  update({ cells, busy }: ModelRow, canUnlock: boolean): void {
    for (const [index, at] of this.cells.entries()) setText(at, cells[index] ?? '');
    setText(this.until, busy === '' ? '–' : busy);
    const isOver = busy === '' || !canUnlock;
    if (isOver) this.giveFocusAway();
    setHidden(this.unlock, isOver);
  }

  /** A button that goes leaves the focus to its table, not to the top of the page. */
  giveFocusAway(): void {
    if (this.unlock !== document.activeElement) return;
    this.element.closest<HTMLElement>('[role="region"]')?.focus();
  }
}

/** A chart under its title, with a button that shows it as a table instead. */
class ChartSection {
  readonly element: HTMLElement;
  private readonly chart: Chart;
  private readonly table = element('div', 'chart-table');
  private readonly toggle: HTMLElement;
  private view: ChartView;

  constructor(view: ChartView, speech: () => Speech) {
    const { t } = speech();
    this.view = view;
    this.chart = new Chart(view, speech);
    this.table.hidden = true;
    this.table.tabIndex = 0;
    this.table.setAttribute('role', 'region');
    this.table.setAttribute('aria-label', view.title);
    const name = `${t('Show as table')}: ${view.title}`;
    this.toggle = button(t('Show as table'), () => this.flip(), { name });
    this.toggle.setAttribute('aria-pressed', 'false');
    const head = element('div', 'section-head', element('h2', '', view.title), this.toggle);
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
    this.toggle.setAttribute('aria-pressed', String(showsTable));
    if (showsTable) this.fill();
  }

  private fill(): void {
    this.table.replaceChildren(tableOf(this.view.title, this.view.table));
  }
}

function tableOf(title: string, { head, rows }: TableView): HTMLTableElement {
  const body = element('tbody', '', ...rows.map((cells) => useRow(cells)));
  const table = element('table', 'figures', element('caption', 'visually-hidden', title), headOf(head), body);
  return table;
}

function useTable(title: string, head: readonly string[], body: HTMLTableSectionElement): HTMLElement {
  const table = element('table', 'figures', element('caption', 'visually-hidden', title), headOf(head), body);
  const place = element('div', 'scroll', table);
  place.tabIndex = 0;
  place.setAttribute('role', 'region');
  place.setAttribute('aria-label', title);
  return element('section', 'use', element('h2', '', title), place);
}

function headOf(names: readonly string[]): HTMLTableSectionElement {
  return element('thead', '', element('tr', '', ...names.map((name) => headCell('col', '', name))));
}

function useRow([name = '', ...cells]: readonly string[]): HTMLTableRowElement {
  return element('tr', '', headCell('row', '', name), ...cells.map((text) => cell('', text)));
}
