// One exchange in the list of activity: its row, and its trail when it is opened.
import { exchangeRow, trailOf } from './activityView';
import type { ExchangeView } from '../service/snapshot';
import { button } from './controls';
import { cell, element, headCell, icon } from './dom';
import type { Speech } from './stateWords';

export interface ExchangeRowPorts {
  readonly speech: Speech;
  readonly copyReport: (id: number) => void;
}

const columnCount = 8;

/** A row that never changes, as an exchange is over when it comes; row and trail are made when they are to be seen. */
export class ExchangeRows {
  private made: { readonly row: HTMLTableRowElement; readonly button: HTMLButtonElement } | null = null;
  private trail: HTMLTableRowElement | null = null;

  constructor(
    readonly exchange: ExchangeView,
    private readonly ports: ExchangeRowPorts,
  ) {}

  get row(): HTMLTableRowElement {
    return this.drawn().row;
  }

  /** Opens and closes the trail; out of the Tab key's way until it is its turn. */
  get button(): HTMLButtonElement {
    return this.drawn().button;
  }

  get isOpen(): boolean {
    return this.trail !== null;
  }

  isButton(target: EventTarget | null): boolean {
    return this.made !== null && this.made.button === target;
  }

  toggle(): void {
    const { row, button: expander } = this.drawn();
    if (this.trail) {
      this.trail.remove();
      this.trail = null;
    } else {
      this.trail = this.makeTrail();
      row.after(this.trail);
    }
    expander.setAttribute('aria-expanded', String(this.isOpen));
  }

  remove(): void {
    this.made?.row.remove();
    this.trail?.remove();
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

  private makeTrail(): HTMLTableRowElement {
    const { speech, copyReport } = this.ports;
    const { t } = speech;
    const { facts, attempts } = trailOf(this.exchange, speech);
    const list = element('dl', 'facts');
    for (const [name, value] of facts)
      list.append(element('div', '', element('dt', '', name), element('dd', '', value)));
    const copy = button(t('Copy Report'), () => copyReport(this.exchange.id), { icon: 'copy' });
    const parts = attempts.length === 0 ? [list] : [list, this.attemptTable(attempts)];
    const place = cell('trail', ...parts, copy);
    place.colSpan = columnCount;
    return element('tr', 'trail-row', place);
  }

  private attemptTable(attempts: readonly (readonly string[])[]): HTMLTableElement {
    const { t } = this.ports.speech;
    const names = [t('After'), t('Waited'), t('Key'), t('Outcome'), t('Status')];
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
