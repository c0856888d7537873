// One row of the accounts table: created once, then updated in place.
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
import type { Translate } from '../words/translate';

export interface LinePorts {
  readonly t: Translate;
  readonly countdowns: Countdowns;
  readonly onToggle: (line: Line, isEnabled: boolean) => void;
  readonly onEdit: (line: Line) => void;
  readonly onMenu: (line: Line, button: HTMLElement) => void;
}

/** Longer than the state takes to show a change. */
const wishShownMs = 1500;
const answerShownMs = 10_000;

export class AccountLine {
  readonly element: HTMLTableRowElement;
  private readonly title = element('span', 'title');
  private readonly subtitle = element('span', 'subtitle');
  private readonly notes = element('span', 'notes');
  private readonly day = new GaugeCell('day');
  private readonly counts = element('span', 'notes');
  private readonly minute = new GaugeCell('minute');
  private readonly figures = { credits: figure(), requests: figure(), errors: figure(), lastUsed: figure() };
  private readonly state = element('span', 'state');
  private readonly answer = element('span', 'answer');
  private answerTimer: number | undefined;
  private readonly countdown: HTMLElement;
  private readonly toggle: HTMLButtonElement;
  private readonly editButton: HTMLButtonElement;
  private readonly menuButton: HTMLButtonElement;
  private wish: boolean | null = null;
  private wishTimer: number | undefined;

  constructor(
    /** The next `draw` shows it. */
    public line: Line,
    private readonly ports: LinePorts,
  ) {
    const { t, countdowns } = ports;
    this.countdown = countdowns.place();
    this.toggle = element('button', 'switch');
    this.toggle.type = 'button';
    this.toggle.setAttribute('role', 'switch');
    this.toggle.addEventListener('click', () => this.flip());
    this.editButton = iconButton('edit', '', () => ports.onEdit(this.line));
    this.menuButton = iconButton('ellipsis', '', () => ports.onMenu(this.shown(), this.menuButton));
    this.menuButton.setAttribute('aria-haspopup', 'menu');
    this.menuButton.setAttribute('aria-expanded', 'false');
    setHidden(this.answer, true);
    const isAccount = line.kind === 'account';
    const names = [this.title, this.subtitle, this.notes];
    const name = headCell(isAccount ? 'rowgroup' : 'row', 'name', ...names);
    this.day.element.append(this.counts);
    const figures = figureNames(t).map(([kind, text]) =>
      labelled(cell(`number ${kind}`, this.figures[kind]), text),
    );
    const buttons = isAccount ? [this.menuButton] : [this.toggle, this.editButton, this.menuButton];
    this.element = element(
      'tr',
      line.kind,
      name,
      labelled(this.day.element, t('Left today')),
      labelled(this.minute.element, t('This minute')),
      ...figures,
      cell('state-cell', this.state, this.countdown, this.answer),
      cell('actions', element('div', 'actions-row', ...buttons)),
    );
  }

  /** Updates the row; writes only changes to the page. */
  draw(): void {
    const { line } = this;
    const { t, countdowns } = this.ports;
    // A key whose account gets a second key keeps its row, and so the focus.
    if (this.element.className !== line.kind) this.element.className = line.kind;
    setText(this.title, line.title);
    setOptionalText(this.subtitle, line.subtitle);
    setOptionalText(this.notes, line.notes.join(' · '));
    this.day.update(line.day);
    setOptionalText(this.counts, line.areCountsApart ? line.counts : '');
    if (this.day.element.title !== line.counts) this.day.element.title = line.counts;
    this.minute.update(line.minute);
    for (const [kind] of figureNames(t)) setText(this.figures[kind], line[kind]);
    setOptionalText(this.state, line.state.text);
    setTone(this.state, line.state.tone);
    countdowns.set(this.countdown, line.state.untilMs);
    this.drawToggle();
    setName(this.toggle, t('Use “{0}”', line.title));
    setName(this.editButton, t('Edit “{0}”', line.title));
    setName(this.menuButton, t('More actions for “{0}”', line.title));
  }

  /** Shows the text below the state for a while. */
  note(text: string): void {
    window.clearTimeout(this.answerTimer);
    setOptionalText(this.answer, text);
    this.answerTimer = window.setTimeout(() => setOptionalText(this.answer, ''), answerShownMs);
  }

  focusEdit(): void {
    (this.line.kind === 'account' ? this.menuButton : this.editButton).focus();
  }

  /** Moves the switch at once; after `wishShownMs` it shows the real state again. */
  private flip(): void {
    const isEnabled = !this.shown().isEnabled;
    this.wish = isEnabled;
    window.clearTimeout(this.wishTimer);
    this.wishTimer = window.setTimeout(() => {
      this.wish = null;
      this.drawToggle();
    }, wishShownMs);
    this.drawToggle();
    this.ports.onToggle(this.line, isEnabled);
  }

  /** The line with the state of the switch, so that the menu offers the opposite. */
  private shown(): Line {
    return { ...this.line, isEnabled: this.wish ?? this.line.isEnabled };
  }

  private drawToggle(): void {
    const checked = String(this.shown().isEnabled);
    if (this.toggle.getAttribute('aria-checked') !== checked)
      this.toggle.setAttribute('aria-checked', checked);
  }
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

function figure(): HTMLElement {
  return element('span', 'figure');
}

/** The columns of plain figures: class name and title. */
function figureNames(t: Translate) {
  return [
    ['credits', t('Credits')],
    ['requests', t('Requests')],
    ['errors', t('Errors')],
    ['lastUsed', t('Last used')],
  ] as const;
}

/** On a narrow page the style sheet shows the column's name beside the figure. */
function labelled<T extends HTMLElement>(target: T, name: string): T {
  target.dataset.column = name;
  return target;
}

/** The table's head. */
export function accountsHead(t: Translate): HTMLTableSectionElement {
  const names: readonly (readonly [text: string, className: string])[] = [
    [t('Key'), 'name'],
    [t('Left today'), 'gauge day'],
    [t('This minute'), 'gauge minute'],
    ...figureNames(t).map(([kind, text]) => [text, `number ${kind}`] as const),
    [t('State'), 'state-cell'],
  ];
  const cells = names.map(([text, className]) => headCell('col', className, text));
  for (const [index, [, className]] of names.entries())
    if (/requests|errors/.test(className) && cells[index]) cells[index].title = t('Since the key was added');
  const actions = headCell('col', 'actions', element('span', 'visually-hidden', t('Actions')));
  return element('thead', '', element('tr', '', ...cells, actions));
}
