// The tab of the last exchanges, newest first, with filters.
import type { ExchangeView } from '../service/snapshot';
import { filterOptions, isShown, noFilter, type ActivityFilter } from './activityView';
import { choice, setChoices } from './controls';
import { element, headCell, setHidden, setText } from './dom';
import { ExchangeRows } from './exchangeRows';
import type { Speech } from './stateWords';

const mostShown = 500;
/** So many rows are drawn at once, and the others a step later: the first screen is there sooner. */
const firstRows = 50;
const stepRows = 50;

export interface ActivityPanelPorts {
  readonly speech: () => Speech;
  readonly copyReport: (id: number) => void;
}

const filterNames = ['keyId', 'model', 'client', 'end'] as const;

export class ActivityPanel {
  readonly element: HTMLElement;
  private readonly selects;
  private readonly body = element('tbody');
  private readonly table: HTMLTableElement;
  private readonly none = element('p', 'none');
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
    const filters = element('div', 'filters', ...this.selects.map(({ place }) => place));
    filters.setAttribute('role', 'group');
    filters.setAttribute('aria-label', t('Filter'));
    this.element = element('div', 'tab-content', filters, this.none, this.table);
    this.body.addEventListener('keydown', (event) => this.onKey(event));
    this.show();
  }

  /** Newest first. */
  replace(exchanges: readonly ExchangeView[]): void {
    this.rows = exchanges.slice(0, mostShown).map((exchange) => this.rowsOf(exchange));
    this.redraw();
  }

  /** Oldest first; what is open stays open. */
  add(exchanges: readonly ExchangeView[]): void {
    const made = exchanges.map((exchange) => this.rowsOf(exchange)).reverse();
    const all = [...made, ...this.rows];
    for (const old of all.slice(mostShown)) old.remove();
    this.rows = all.slice(0, mostShown);
    this.body.prepend(...made.filter(({ exchange }) => isShown(exchange, this.filter)).map(({ row }) => row));
    this.show();
  }

  private rowsOf(exchange: ExchangeView): ExchangeRows {
    const { speech, copyReport } = this.ports;
    return new ExchangeRows(exchange, { speech: speech(), copyReport });
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

  private visible(): ExchangeRows[] {
    return this.rows.filter(({ exchange }) => isShown(exchange, this.filter));
  }

  /** Filters, the words for an empty list, and the one row that the Tab key reaches. */
  private show(): void {
    const { t } = this.ports.speech();
    const visible = this.visible();
    const options = filterOptions(
      this.rows.map(({ exchange }) => exchange),
      t,
    );
    const offered = JSON.stringify(options);
    if (offered !== this.offered) {
      this.offered = offered;
      for (const { name, select } of this.selects)
        setChoices(select, { options: options[name], value: this.filter[name] });
    }
    setHidden(this.table, visible.length === 0);
    setHidden(this.none, visible.length > 0);
    setText(this.none, this.rows.length === 0 ? t('No request yet.') : t('No request fits this filter.'));
    const [first] = visible;
    if (first && !(this.current && visible.includes(this.current))) this.makeCurrent(first);
  }

  /** The one row that the Tab key reaches. */
  private makeCurrent(rows: ExchangeRows): void {
    if (this.current) this.current.button.tabIndex = -1;
    rows.button.tabIndex = 0;
    this.current = rows;
  }

  /** Arrows move from row to row: five hundred stops of the Tab key would be a trap. */
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
    [t('Took'), 'number took'],
    [t('Tokens in / out'), 'number tokens'],
  ];
  return element('thead', '', element('tr', '', ...names.map(([text, name]) => headCell('col', name, text))));
}
