// One line of the table of accounts: made once, then drawn anew in place.
import type { Gauge, Line } from './accountsView';
import type { Countdowns } from './countdowns';
import {
  cell,
  element,
  headCell,
  iconButton,
  setHidden,
  setName,
  setOptionalText,
  setShare,
  setText,
  setTone,
} from './dom';
import type { Drawable } from './sight';
import type { Translate } from './translate';

export interface LinePorts {
  readonly t: Translate;
  readonly countdowns: Countdowns;
  readonly onToggle: (line: Line) => void;
  readonly onEdit: (line: Line) => void;
  readonly onMenu: (line: Line, button: HTMLElement) => void;
}

export class AccountLine implements Drawable {
  readonly element: HTMLTableRowElement;
  private readonly title = element('span', 'title');
  private readonly subtitle = element('span', 'subtitle');
  private readonly notes = element('span', 'notes');
  private readonly day = new GaugeCell('day');
  private readonly counts = element('span', 'notes');
  private readonly minute = new GaugeCell('minute');
  private readonly credits = new FigureCell('credits');
  private readonly requests = new FigureCell('requests');
  private readonly errors = new FigureCell('errors');
  private readonly lastUsed = new FigureCell('last-used');
  private readonly state = element('span', 'state');
  private readonly countdown: HTMLElement;
  private readonly toggle: HTMLButtonElement;
  private readonly editButton: HTMLButtonElement;
  private readonly menuButton: HTMLButtonElement;

  constructor(
    /** Shown from the next `draw` on. */
    public line: Line,
    private readonly ports: LinePorts,
  ) {
    const { t, countdowns } = ports;
    this.countdown = countdowns.place();
    this.toggle = element('button', 'switch');
    this.toggle.type = 'button';
    this.toggle.setAttribute('role', 'switch');
    this.toggle.addEventListener('click', () => ports.onToggle(this.line));
    this.editButton = iconButton('edit', '', () => ports.onEdit(this.line));
    this.menuButton = iconButton('ellipsis', '', () => ports.onMenu(this.line, this.menuButton));
    this.menuButton.setAttribute('aria-haspopup', 'menu');
    this.menuButton.setAttribute('aria-expanded', 'false');
    const isAccount = line.kind === 'account';
    const names = [this.title, this.subtitle, this.notes];
    const name = headCell(isAccount ? 'rowgroup' : 'row', 'name', ...names);
    this.day.element.append(this.counts);
    const figures = [this.credits, this.requests, this.errors, this.lastUsed].map(
      ({ element: place, kind }) => labelled(place, figureName(kind, t)),
    );
    const buttons = isAccount ? [this.menuButton] : [this.toggle, this.editButton, this.menuButton];
    this.element = element(
      'tr',
      line.kind,
      name,
      labelled(this.day.element, t('Left today')),
      labelled(this.minute.element, t('This minute')),
      ...figures,
      cell('state-cell', this.state, this.countdown),
      cell('actions', element('div', 'actions-row', ...buttons)),
    );
  }

  draw(): void {
    const { line } = this;
    const { t, countdowns } = this.ports;
    setKind(this.element, line.kind);
    setText(this.title, line.title);
    setOptionalText(this.subtitle, line.subtitle);
    setOptionalText(this.notes, line.notes.join(' · '));
    this.day.update(line.day);
    setOptionalText(this.counts, line.counts);
    this.minute.update(line.minute);
    this.credits.update(line.credits);
    this.requests.update(line.requests);
    this.errors.update(line.errors);
    this.lastUsed.update(line.lastUsed);
    setOptionalText(this.state, line.state.text);
    setTone(this.state, line.state.tone);
    countdowns.set(this.countdown, line.state.untilMs);
    const checked = String(line.isEnabled);
    if (this.toggle.getAttribute('aria-checked') !== checked)
      this.toggle.setAttribute('aria-checked', checked);
    setName(this.toggle, t('Use “{0}”', line.title));
    setName(this.editButton, t('Edit “{0}”', line.title));
    setName(this.menuButton, t('More actions for “{0}”', line.title));
  }

  focusEdit(): void {
    this.editButton.focus();
  }
}

/** A key that shares its account from now on keeps its line, and with it the focus. */
function setKind(row: HTMLElement, kind: Line['kind']): void {
  if (row.className !== kind) row.className = kind;
}

/** A figure with a bar under it. */
class GaugeCell {
  readonly element: HTMLTableCellElement;
  private readonly text = element('span', 'figure');
  private readonly fill = element('span', 'bar-fill');
  private readonly bar = element('span', 'bar', this.fill);

  constructor(kind: string) {
    this.element = cell(`gauge ${kind}`, this.text, this.bar);
    this.bar.setAttribute('aria-hidden', 'true');
  }

  update(gauge: Gauge | null): void {
    setHidden(this.bar, gauge === null);
    setText(this.text, gauge?.text ?? '');
    setShare(this.fill, gauge?.share ?? 0);
    setTone(this.bar, gauge?.isEmpty === true ? 'warn' : '');
  }
}

class FigureCell {
  readonly element: HTMLTableCellElement;
  private readonly text = element('span', 'figure');

  constructor(readonly kind: FigureKind) {
    this.element = cell(`number ${kind}`, this.text);
  }

  update(text: string): void {
    setText(this.text, text);
  }
}

type FigureKind = 'credits' | 'requests' | 'errors' | 'last-used';

function figureName(kind: FigureKind, t: Translate): string {
  switch (kind) {
    case 'credits':
      return t('Credits');
    case 'requests':
      return t('Requests');
    case 'errors':
      return t('Errors');
    case 'last-used':
      return t('Last used');
  }
}

/** Where the page is narrow, the style sheet puts the column's name beside the figure. */
function labelled<T extends HTMLElement>(target: T, name: string): T {
  target.dataset.column = name;
  return target;
}
