// Templates of small parts that several panels have, and how a template is drawn.
import { html, nothing, render, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import type { DashboardTab, FromDashboard } from '../service/messages';
import type { Countdowns } from './timers';
import type { TableView } from './historyView';
import type { OverviewView } from './overviewView';
import type { PageState } from './pageState';
import type { StateWords, TextContext } from '../words/stateWords';
import type { Translate } from '../words/translate';

/** The functions that the page gives to each of its panels. */
export interface PanelPorts {
  readonly t: Translate;
  /** As of the latest state. */
  readonly textContext: () => TextContext;
  readonly countdowns: Countdowns;
  readonly send: (message: FromDashboard) => void;
  readonly keep: (change: Partial<PageState>) => void;
  readonly show: (tab: DashboardTab) => void;
  readonly redraw: () => void;
}

/** Draws the template. The focused element keeps the focus when it moves; when it disappears, its table gets the focus. */
export function draw(template: TemplateResult, place: HTMLElement): void {
  const { activeElement: focused } = document;
  const restore = focused instanceof HTMLElement ? focusKeeper(focused) : undefined;
  render(template, place);
  if (document.activeElement !== focused) restore?.();
}

function focusKeeper(focused: HTMLElement): () => void {
  const table = focused.closest<HTMLElement>('[role="region"]');
  const field = focused.shadowRoot?.querySelector('input');
  const selection = field && ([field.selectionStart, field.selectionEnd] as const);
  return () => {
    (focused.isConnected ? focused : table)?.focus({ preventScroll: true });
    if (field && selection) field.setSelectionRange(...selection);
  };
}

/** The index that an arrow key, Home or End leads to, from -1 to `count`; null for other keys. */
export function keyTarget(key: string, at: number, count: number): number | null {
  const targets = new Map([
    ['ArrowDown', at + 1],
    ['ArrowUp', at - 1],
    ['Home', 0],
    ['End', count - 1],
  ]);
  return targets.get(key) ?? null;
}

/** The number of columns that the style sheet shows at this width; a larger colspan would add columns. */
export function visibleColumns(table: string): number {
  const heads = [...document.querySelectorAll(`${table} > thead th`)];
  return Math.max(heads.filter((head) => getComputedStyle(head).display !== 'none').length, 1);
}

/** A codicon, hidden from screen readers. */
export function icon(name: string): TemplateResult {
  return html`<span class="codicon codicon-${name}" aria-hidden="true"></span>`;
}

/** A button with an icon; its name is the label and the tooltip. */
export function iconButton(
  iconName: string,
  name: string,
  onClick: (event: Event) => void,
  { opensMenu = false } = {},
): TemplateResult {
  return html`<button
    class="icon-button"
    type="button"
    title=${name}
    aria-label=${name}
    aria-haspopup=${opensMenu ? 'menu' : nothing}
    aria-expanded=${opensMenu ? 'false' : nothing}
    @click=${onClick}
  >
    ${icon(iconName)}
  </button>`;
}

/** A button that looks like a link, for secondary actions; `isPressed` if it is one of several to choose from. */
export function link(text: string, onClick: () => void, isPressed?: boolean): TemplateResult {
  return html`<button class="link" type="button" aria-pressed=${isPressed ?? nothing} @click=${onClick}>
    ${text}
  </button>`;
}

/** Hidden if there is no text. */
export function optional(className: string, text: string): TemplateResult {
  return html`<span class=${className} ?hidden=${text === ''}>${text}</span>`;
}

/** A state's text; the style sheet shows its tone. */
export function state({ text, tone }: StateWords): TemplateResult {
  return html`<span class="state" data-tone=${tone} ?hidden=${text === ''}>${text}</span>`;
}

/** A bar that is filled to `share`, 0 to 1. */
export function bar(share: number, { className = 'bar', tone = '' } = {}): TemplateResult {
  const filled = Math.min(Math.max(share, 0), 1).toFixed(3);
  return html`<span class=${className} data-tone=${tone} aria-hidden="true">
    <span class="bar-fill" .style=${`--share: ${filled}`}></span>
  </span>`;
}

/** The figures of the allowance. The line for waiting requests keeps its height while empty, so that nothing moves. */
export function allowance(
  { left, leftNote, leftShare, outlook, spent }: OverviewView,
  waiting: string | TemplateResult,
): TemplateResult {
  return html`<p class="total" ?hidden=${left === ''}>
      <span class="figure left-figure">${left}</span> <span class="left-note">${leftNote}</span>
    </p>
    ${leftShare === null ? '' : bar(leftShare, { className: 'bar total-bar' })}
    <p class="outlook">${outlook}</p>
    <p class="outlook" ?hidden=${spent === ''}>${spent}</p>
    <p class="waiting">${waiting}</p>`;
}

/** The names of a table's columns. */
export function headRow(names: readonly string[]): TemplateResult {
  return html`<thead>
    <tr>
      ${names.map((name) => html`<th scope="col">${name}</th>`)}
    </tr>
  </thead>`;
}

/**
 * A table whose rows begin with their names; on a narrow page each row is a small sheet, with the columns' names in its cells.
 * With `cellsOf`, which may add buttons to the texts, rows are kept by their names, and so is the focus in them.
 */
export function figuresTable(
  title: string,
  { head, rows }: TableView,
  cellsOf?: (row: readonly string[]) => readonly unknown[],
): TemplateResult {
  const drawn = (row: readonly string[]): TemplateResult => {
    const [name, ...cells] = cellsOf?.(row) ?? row;
    return html`<tr>
      <th scope="row">${name}</th>
      ${cells.map((cell, index) => html`<td data-column=${head[index + 1]}>${cell}</td>`)}
    </tr>`;
  };
  return html`<table class="figures">
    <caption class="visually-hidden">
      ${title}
    </caption>
    ${headRow(head)}
    <tbody>
      ${cellsOf ? repeat(rows, ([name]) => name, drawn) : rows.map(drawn)}
    </tbody>
  </table>`;
}

/** A table of figures below its title; scrolls where it is too wide. */
export function tableSection(...table: Parameters<typeof figuresTable>): TemplateResult {
  const [title] = table;
  return html`<section class="use">
    <h2>${title}</h2>
    <div class="scroll" tabindex="0" role="region" aria-label=${title}>${figuresTable(...table)}</div>
  </section>`;
}

/** A name and its value. */
export function fact(name: string, value: string, className = ''): TemplateResult {
  return html`<div class=${className}>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;
}
