// The Activity tab: the last exchanges, newest first, with filters.
import type { ExchangeView, RunningView } from '../service/snapshot';
import { filterOptions, isShown, noFilter, type ActivityFilter } from './activityView';
import { choice, field, link, setChoices } from './controls';
import type { Countdowns } from './countdowns';
import { element, headCell, setHidden, setText, visibleColumns } from './dom';
import { ExchangeRows } from './exchangeRows';
import { LiveRows } from './liveRows';
import type { Speech } from '../words/stateWords';

const mostShown = 500;
/** Rows that are drawn at once and in each later step, so that the first screen appears sooner. */
const firstRows = 50;
const stepRows = 50;

export interface ActivityPanelPorts {
  readonly speech: () => Speech;
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
  private current: ExchangeRows | null = null;
  private filter: ActivityFilter = noFilter;
  private offered = '';
  private drawing: number | undefined;

  constructor(private readonly ports: ActivityPanelPorts) {
    const { t } = ports.speech();
    const options = filterOptions([], t);
    const labels = { keyId: t('Key'), model: t('Model'), client: t('Client'), end: t('Outcome') };
    this.selects = filterNames.map((name) => {
      const made = choice(labels[name], { options: options[name], value: '' });
      made.select.addEventListener('change', () => this.choose(name, made.select.value));
      return { name, ...made };
    });
    const caption = element('caption', 'visually-hidden', t('Last requests, newest first'));
    this.table = element('table', 'activity', caption, head(ports.speech()), this.body);
    const search = field(t('Search'), '');
    search.input.addEventListener('input', () => this.choose('text', search.input.value));
    const save = (format: 'csv' | 'json'): void =>
      ports.export(
        format,
        this.visible().map(({ exchange }) => exchange.id),
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
    this.show();
  }

  /** Shows the running exchanges. */
  run(running: readonly RunningView[]): void {
    this.live.update(running);
  }

  /** Newest first. */
  replace(exchanges: readonly ExchangeView[]): void {
    this.rows = exchanges.slice(0, mostShown).map((exchange) => this.rowsOf(exchange));
    this.redraw();
  }

  /** Oldest first; open trails stay open. */
  add(exchanges: readonly ExchangeView[]): void {
    const made = exchanges.map((exchange) => this.rowsOf(exchange)).reverse();
    const all = [...made, ...this.rows];
    for (const old of all.slice(mostShown)) old.remove();
    this.rows = all.slice(0, mostShown);
    this.body.prepend(...this.visible(made).map(({ row }) => row));
    this.show();
  }

  private rowsOf(exchange: ExchangeView): ExchangeRows {
    const { speech, copyReport } = this.ports;
    const columns = (): number => visibleColumns(this.table);
    return new ExchangeRows(exchange, { speech: speech(), copyReport, columns });
  }

  private choose(name: keyof ActivityFilter, value: string): void {
    this.filter = { ...this.filter, [name]: value };
    this.redraw();
  }

  private redraw(): void {
    for (const rows of this.rows) if (rows.isOpen) rows.toggle();
    const visible = this.visible();
    this.body.replaceChildren(...visible.slice(0, firstRows).map(({ row }) => row));
    this.drawRest(visible.slice(firstRows));
    this.show();
  }

  private drawRest(rest: readonly ExchangeRows[]): void {
    window.clearTimeout(this.drawing);
    if (rest.length === 0) return;
    this.drawing = window.setTimeout(() => {
      this.body.append(...rest.slice(0, stepRows).map(({ row }) => row));
      this.drawRest(rest.slice(stepRows));
    });
  }

  private visible(rows = this.rows): ExchangeRows[] {
    const speech = this.ports.speech();
    return rows.filter(({ exchange }) => isShown(exchange, this.filter, speech));
  }

  /** Updates the filters, the text for an empty list, and the row that the Tab key reaches. */
  private show(): void {
    const { t } = this.ports.speech();
    const visible = this.visible();
    const exchanges = this.rows.map(({ exchange }) => exchange);
    const options = filterOptions(exchanges, t);
    const offered = JSON.stringify(options);
    if (offered !== this.offered) {
      this.offered = offered;
      for (const { name, select } of this.selects)
        setChoices(select, { options: options[name], value: this.filter[name] });
    }
    setHidden(this.filters, this.rows.length === 0);
    setHidden(this.table, visible.length === 0);
    setHidden(this.none, visible.length > 0);
    setText(this.none, this.rows.length === 0 ? t('No request yet.') : t('No requests match these filters.'));
    const [first] = visible;
    if (first && !(this.current && visible.includes(this.current))) this.makeCurrent(first);
  }

  /** Makes this the one row that the Tab key reaches. */
  private makeCurrent(rows: ExchangeRows): void {
    if (this.current) this.current.button.tabIndex = -1;
    rows.button.tabIndex = 0;
    this.current = rows;
  }

  /** Arrow keys move between rows, so that the Tab key need not stop at each of five hundred. */
  private onKey(event: KeyboardEvent): void {
    const visible = this.visible();
    const at = visible.findIndex((rows) => rows.isButton(event.target));
    const target = at < 0 ? undefined : visible[targetOf(event.key, at, visible.length)];
    if (!target) return;
    event.preventDefault();
    this.makeCurrent(target);
    target.button.focus();
  }
}

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

function head({ t }: Speech): HTMLTableSectionElement {
  const names: readonly [text: string, className: string][] = [
    [t('Time'), 'at'],
    [t('Client'), 'client'],
    [t('Model'), 'what'],
    [t('Outcome'), 'end'],
    [t('Key'), 'key'],
    [t('Attempts'), 'number tries'],
    [t('Duration'), 'number took'],
    [t('Tokens in / out'), 'number tokens'],
  ];
  return element('thead', '', element('tr', '', ...names.map(([text, name]) => headCell('col', name, text))));
}
