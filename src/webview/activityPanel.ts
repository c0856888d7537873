// The Activity tab: the last exchanges, with filters and columns to sort by.
import type { ExchangeView, RunningView } from '../service/snapshot';
import {
  activityColumns,
  filterOptions,
  isShown,
  nextSort,
  noFilter,
  sorted,
  type ActivityFilter,
  type ActivitySort,
} from './activityView';
import { choice, field, link, setChoices } from './controls';
import type { Countdowns } from './countdowns';
import { element, headCell, icon, setChildren, setHidden, setText, visibleColumns } from './dom';
import { ExchangeRows } from './exchangeRows';
import { LiveRows } from './liveRows';
import type { Speech } from '../words/stateWords';

const mostShown = 500;
/** Rows that are drawn at once and in each later step, so that the first screen appears sooner. */
const firstRows = 50;
const stepRows = 50;

export interface ActivityPanelPorts {
  readonly speech: () => Speech;
  readonly sort: ActivitySort;
  readonly onSort: (sort: ActivitySort) => void;
  readonly countdowns: Countdowns;
  readonly copyReport: (id: number) => void;
  readonly export: (format: 'csv' | 'json', ids: readonly number[]) => void;
  readonly clear: () => void;
  readonly cancel: (requestId: string) => void;
}

const filterNames = ['keyId', 'model', 'client', 'end'] as const;

export class ActivityPanel {
  readonly element: HTMLElement;
  private readonly selects;
  private readonly body = element('tbody');
  private readonly table: HTMLTableElement;
  private readonly filters: HTMLElement;
  private readonly none = element('p', 'none');
  private readonly live: LiveRows;
  /** Newest first. */
  private rows: ExchangeRows[] = [];
  /** Those that match the filters, in their order; the first `drawn` are in the table. */
  private shown: readonly ExchangeRows[] = [];
  private drawn = firstRows;
  private current: ExchangeRows | null = null;
  private filter: ActivityFilter = noFilter;
  private sort: ActivitySort;
  private readonly heads: readonly HTMLTableCellElement[];
  private offered = '';
  private drawing: number | undefined;

  constructor(private readonly ports: ActivityPanelPorts) {
    const { t } = ports.speech();
    this.sort = ports.sort;
    const options = filterOptions([], t);
    const labels = { keyId: t('Key'), model: t('Model'), client: t('Client'), end: t('Outcome') };
    this.selects = filterNames.map((name) => {
      const made = choice(labels[name], { options: options[name], value: '' });
      made.select.addEventListener('change', () => this.choose(name, made.select.value));
      return { name, ...made };
    });
    this.heads = this.headCells();
    const head = element('thead', '', element('tr', '', ...this.heads));
    this.table = element(
      'table',
      'activity',
      element('caption', 'visually-hidden', t('Last requests')),
      head,
      this.body,
    );
    const search = field(t('Search'), '');
    search.input.addEventListener('input', () => this.choose('text', search.input.value));
    const save = (format: 'csv' | 'json'): void =>
      ports.export(
        format,
        this.shown.map(({ exchange }) => exchange.id),
      );
    const links = element(
      'div',
      'links',
      link(t('Export CSV'), () => save('csv')),
      link(t('Export JSON'), () => save('json')),
      link(t('Clear'), () => ports.clear()),
    );
    this.filters = element('div', 'filters', search.place, ...this.selects.map(({ place }) => place), links);
    this.filters.setAttribute('role', 'group');
    this.filters.setAttribute('aria-label', t('Filter'));
    this.live = new LiveRows(ports);
    this.element = element('div', 'tab-content', this.live.element, this.filters, this.none, this.table);
    this.body.addEventListener('keydown', (event) => this.onKey(event));
    // The style sheet hides columns on a narrow page.
    new ResizeObserver(() => {
      for (const rows of this.rows) rows.respan();
    }).observe(this.table);
    this.refresh();
  }

  /** Shows the running exchanges. */
  run(running: readonly RunningView[]): void {
    this.live.update(running);
  }

  /** Newest first. */
  replace(exchanges: readonly ExchangeView[]): void {
    this.rows = exchanges.slice(0, mostShown).map((exchange) => this.rowsOf(exchange));
    this.refresh();
  }

  /** Oldest first; open trails stay open. */
  add(exchanges: readonly ExchangeView[]): void {
    const made = exchanges.map((exchange) => this.rowsOf(exchange)).reverse();
    this.rows = [...made, ...this.rows].slice(0, mostShown);
    this.refresh(this.drawn + made.length);
  }

  private rowsOf(exchange: ExchangeView): ExchangeRows {
    const { speech, copyReport } = this.ports;
    const columns = (): number => visibleColumns(this.table);
    return new ExchangeRows(exchange, { speech: speech(), copyReport, columns });
  }

  private choose(name: keyof ActivityFilter, value: string): void {
    this.filter = { ...this.filter, [name]: value };
    this.refresh();
  }

  private refresh(most = firstRows): void {
    const speech = this.ports.speech();
    const matching = this.rows.filter(({ exchange }) => isShown(exchange, this.filter, speech));
    this.shown = sorted(matching, this.sort, speech);
    this.draw(most);
    this.show();
  }

  private draw(most: number): void {
    window.clearTimeout(this.drawing);
    this.drawn = most;
    setChildren(
      this.body,
      this.shown.slice(0, most).flatMap(({ elements }) => elements),
    );
    if (most < this.shown.length) this.drawing = window.setTimeout(() => this.draw(most + stepRows));
  }

  /** Updates the heads, the filters, the text for an empty list, and the row that the Tab key reaches. */
  private show(): void {
    const { t } = this.ports.speech();
    for (const [index, head] of this.heads.entries()) {
      if (activityColumns[index] !== this.sort.column) head.removeAttribute('aria-sort');
      else head.setAttribute('aria-sort', this.sort.isDescending ? 'descending' : 'ascending');
    }
    const exchanges = this.rows.map(({ exchange }) => exchange);
    const options = filterOptions(exchanges, t);
    const offered = JSON.stringify(options);
    if (offered !== this.offered) {
      this.offered = offered;
      for (const { name, select } of this.selects)
        setChoices(select, { options: options[name], value: this.filter[name] });
    }
    setHidden(this.filters, this.rows.length === 0);
    setHidden(this.table, this.shown.length === 0);
    setHidden(this.none, this.shown.length > 0);
    setText(this.none, this.rows.length === 0 ? t('No request yet.') : t('No requests match these filters.'));
    const [first] = this.shown;
    if (first && !(this.current && this.shown.includes(this.current))) this.makeCurrent(first);
  }

  /** Makes this the one row that the Tab key reaches. */
  private makeCurrent(rows: ExchangeRows): void {
    if (this.current) this.current.button.tabIndex = -1;
    rows.button.tabIndex = 0;
    this.current = rows;
  }

  /** Arrow keys move between rows, so that the Tab key need not stop at each of five hundred. */
  private onKey(event: KeyboardEvent): void {
    const at = this.shown.findIndex((rows) => rows.isButton(event.target));
    const target = at < 0 ? undefined : this.shown[targetOf(event.key, at, this.shown.length)];
    if (!target) return;
    event.preventDefault();
    this.makeCurrent(target);
    target.button.focus();
  }

  private headCells(): readonly HTMLTableCellElement[] {
    const { t } = this.ports.speech();
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
    return activityColumns.map((column) => {
      const sort = element('button', 'sorter', texts[column], icon('arrow-down'));
      sort.type = 'button';
      sort.addEventListener('click', () => {
        this.sort = nextSort(this.sort, column);
        this.ports.onSort(this.sort);
        this.refresh();
      });
      return headCell('col', classNames[column] ?? column, sort);
    });
  }
}

const classNames: Readonly<Partial<Record<ActivitySort['column'], string>>> = {
  tries: 'number tries',
  took: 'number took',
  tokens: 'number tokens',
};

function targetOf(key: string, at: number, count: number): number {
  switch (key) {
    case 'ArrowDown':
      return Math.min(at + 1, count - 1);
    case 'ArrowUp':
      return Math.max(at - 1, 0);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return -1;
  }
}
