// One exchange in the activity list: its row, and its trail while open.
import { exchangeRow, trailOf } from './activityView';
import type { ExchangeView } from '../service/snapshot';
import { button } from './controls';
import { cell, element, headCell, icon } from './dom';
import type { Speech } from '../words/stateWords';

export interface ExchangeRowPorts {
  readonly speech: Speech;
  readonly copyReport: (id: number) => void;
  /** The number of visible columns, which the trail spans. */
  readonly columns: () => number;
}

/** The row never changes, because the exchange has ended. Row and trail are created when they are first shown. */
export class ExchangeRows {
  private made: { readonly row: HTMLTableRowElement; readonly button: HTMLButtonElement } | null = null;
  private trail: { readonly row: HTMLTableRowElement; readonly place: HTMLTableCellElement } | null = null;

  constructor(
    readonly exchange: ExchangeView,
    private readonly ports: ExchangeRowPorts,
  ) {}

  /** The row, and the trail's if it is open. */
  get elements(): readonly HTMLTableRowElement[] {
    const { row } = this.drawn();
    return this.trail ? [row, this.trail.row] : [row];
  }

  /** Opens and closes the trail; not reached by the Tab key unless it is the current row. */
  get button(): HTMLButtonElement {
    return this.drawn().button;
  }

  isButton(target: EventTarget | null): boolean {
    return this.made !== null && this.made.button === target;
  }

  private toggle(): void {
    const { row, button: expander } = this.drawn();
    if (this.trail) {
      this.trail.row.remove();
      this.trail = null;
    } else {
      this.trail = this.makeTrail();
      row.after(this.trail.row);
    }
    expander.setAttribute('aria-expanded', String(this.trail !== null));
  }

  /** Call this when the number of visible columns changes. */
  respan(): void {
    if (this.trail) this.trail.place.colSpan = this.ports.columns();
  }

  private drawn(): NonNullable<ExchangeRows['made']> {
    if (this.made) return this.made;
    const texts = exchangeRow(this.exchange, this.ports.speech);
    const state = element('span', 'state', texts.end.text);
    state.dataset.tone = texts.end.tone;
    const expander = element('button', 'expander', icon('chevron-right'), texts.at);
    expander.type = 'button';
    expander.tabIndex = -1;
    expander.setAttribute('aria-expanded', 'false');
    const row = element(
      'tr',
      'exchange',
      headCell('row', 'at', expander),
      cell('client', texts.client),
      cell('what', texts.what),
      cell('end', state),
      cell('key', texts.key),
      cell('number tries', texts.attempts),
      cell('number took', texts.took),
      cell('number tokens', texts.tokens),
    );
    row.addEventListener('click', () => this.toggle());
    this.made = { row, button: expander };
    return this.made;
  }

  private makeTrail(): NonNullable<ExchangeRows['trail']> {
    const { speech, copyReport } = this.ports;
    const { t } = speech;
    const { message, facts, attempts } = trailOf(this.exchange, speech);
    const list = element('dl', 'facts');
    for (const [name, value, inRow] of facts)
      list.append(element('div', inRow ? 'in-row' : '', element('dt', '', name), element('dd', '', value)));
    const copy = button(t('Copy Report'), () => copyReport(this.exchange.id), { icon: 'copy' });
    const said = message === '' ? [] : [element('p', 'said', message)];
    const tried = attempts.length === 0 ? [] : [this.attemptTable(attempts)];
    const place = cell('trail', ...said, list, ...tried, copy);
    place.colSpan = this.ports.columns();
    return { row: element('tr', 'trail-row', place), place };
  }

  private attemptTable(attempts: readonly (readonly string[])[]): HTMLTableElement {
    const { t } = this.ports.speech;
    const names = [t('At'), t('Waited'), t('Key'), t('Outcome'), t('Status')];
    const head = element('tr', '', ...names.map((name) => headCell('col', '', name)));
    const rows = attempts.map((cells) => element('tr', '', ...cells.map((text) => cell('', text))));
    return element(
      'table',
      'attempts',
      element('caption', '', t('Attempts')),
      element('thead', '', head),
      element('tbody', '', ...rows),
    );
  }
}
