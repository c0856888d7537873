// DOM helpers of the page.

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = '',
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className !== '') made.className = className;
  made.append(...children);
  return made;
}

export function cell(className: string, ...children: readonly (Node | string)[]): HTMLTableCellElement {
  return element('td', className, ...children);
}

/** A header cell of a column, a row or a group of rows. */
export function headCell(
  scope: 'col' | 'row' | 'rowgroup',
  className: string,
  ...children: readonly (Node | string)[]
): HTMLTableCellElement {
  const made = element('th', className, ...children);
  made.scope = scope;
  return made;
}

/** Cells in these columns; a narrow page shows a column's name in its cells instead of above them. */
export function namedCells(names: readonly string[], texts: readonly string[] = []): HTMLTableCellElement[] {
  return names.map((name, index) => {
    const made = cell('', texts[index] ?? '');
    made.dataset.column = name;
    return made;
  });
}

/** The number of columns that the style sheet shows at this width; a larger colspan would add columns. */
export function visibleColumns({ tHead }: HTMLTableElement): number {
  const heads = [...(tHead?.rows[0]?.cells ?? [])];
  return Math.max(heads.filter((head) => getComputedStyle(head).display !== 'none').length, 1);
}

/** A codicon, hidden from screen readers. */
export function icon(name: string): HTMLSpanElement {
  const made = element('span', `codicon codicon-${name}`);
  made.setAttribute('aria-hidden', 'true');
  return made;
}

/** A button with an icon; its name is the label and the tooltip. */
export function iconButton(iconName: string, name: string, onClick: () => void): HTMLButtonElement {
  const made = element('button', 'icon-button', icon(iconName));
  made.type = 'button';
  setName(made, name);
  made.addEventListener('click', onClick);
  return made;
}

/** Sets label and tooltip of an element without text. */
export function setName(target: HTMLElement, name: string): void {
  if (target.title === name) return;
  target.title = name;
  target.setAttribute('aria-label', name);
}

/** Writes only a changed text, into the same node, so that layout and selection stay. */
export function setText(target: HTMLElement, text: string): void {
  const { firstChild } = target;
  if (firstChild instanceof Text && firstChild.nextSibling === null) {
    if (firstChild.data !== text) firstChild.data = text;
  } else if (target.textContent !== text) target.textContent = text;
}

/** Shows the text; hides the element if the text is empty. */
export function setOptionalText(target: HTMLElement, text: string): void {
  setText(target, text);
  setHidden(target, text === '');
}

/** Writes only what differs. */
export function setHidden(target: HTMLElement, hidden: boolean): void {
  if (target.hidden !== hidden) target.hidden = hidden;
}

/** Sets the tone for the style sheet. */
export function setTone(target: HTMLElement, tone: string): void {
  if (target.dataset.tone !== tone) target.dataset.tone = tone;
}

/** Fills a bar to `share`, 0 to 1. */
export function setShare(target: HTMLElement, share: number): void {
  const text = Math.min(Math.max(share, 0), 1).toFixed(3);
  if (target.style.getPropertyValue('--share') !== text) target.style.setProperty('--share', text);
}

/** Sets the children in this order without moving the one that has the focus. */
export function setChildren(parent: HTMLElement, children: readonly Node[]): void {
  const shown = parent.childNodes;
  const isSame = shown.length === children.length && children.every((child, index) => shown[index] === child);
  if (isSame) return;
  const wanted = new Set(children);
  for (const old of [...shown]) if (!wanted.has(old)) old.remove();
  // Moving the focused element would lose the focus, so the others are moved around it.
  const { activeElement } = document;
  let place = parent.firstChild;
  for (const child of children) {
    if (child.parentNode === parent && child.contains(activeElement)) place = takeOut(place, child);
    if (place === child) place = child.nextSibling;
    else parent.insertBefore(child, place);
  }
}

/** Removes the nodes from `from` up to `end`, which are inserted later; returns the place to go on from. */
function takeOut(from: ChildNode | null, end: Node): ChildNode | null {
  let place = from;
  while (place !== null && place !== end) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
  return place;
}
