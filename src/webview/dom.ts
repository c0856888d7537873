// The few steps of DOM work that the page repeats.

/** A new element of this class, with children. */
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

/** A table cell of this class. */
export function cell(className: string, ...children: readonly (Node | string)[]): HTMLTableCellElement {
  return element('td', className, ...children);
}

/** A head cell that names its column or its row. */
export function headCell(
  scope: 'col' | 'row' | 'rowgroup',
  className: string,
  ...children: readonly (Node | string)[]
): HTMLTableCellElement {
  const made = element('th', className, ...children);
  made.scope = scope;
  return made;
}

/** One of the codicons, for the eye alone. */
export function icon(name: string): HTMLSpanElement {
  const made = element('span', `codicon codicon-${name}`);
  made.setAttribute('aria-hidden', 'true');
  return made;
}

/** A button that is an icon; its name is told and shown as a tip. */
export function iconButton(iconName: string, name: string, onClick: () => void): HTMLButtonElement {
  const made = element('button', 'icon-button', icon(iconName));
  made.type = 'button';
  setName(made, name);
  made.addEventListener('click', onClick);
  return made;
}

/** Names what has no text of its own. */
export function setName(target: HTMLElement, name: string): void {
  if (target.title === name) return;
  target.title = name;
  target.setAttribute('aria-label', name);
}

/** Writes only what differs: an unchanged text costs no layout and no selection, and a changed one no new node. */
export function setText(target: HTMLElement, text: string): void {
  const { firstChild } = target;
  if (firstChild instanceof Text && firstChild.nextSibling === null) {
    if (firstChild.data !== text) firstChild.data = text;
  } else if (target.textContent !== text) target.textContent = text;
}

/** Shows the text, or takes the element out of the page when it is empty. */
export function setOptionalText(target: HTMLElement, text: string): void {
  setText(target, text);
  setHidden(target, text === '');
}

/** Writes only what differs. */
export function setHidden(target: HTMLElement, hidden: boolean): void {
  if (target.hidden !== hidden) target.hidden = hidden;
}

/** Marks an element for the style sheet. */
export function setTone(target: HTMLElement, tone: string): void {
  if (target.dataset.tone !== tone) target.dataset.tone = tone;
}

/** A bar or gauge that is `share` full, 0 to 1. */
export function setShare(target: HTMLElement, share: number): void {
  const text = Math.min(Math.max(share, 0), 1).toFixed(3);
  if (target.style.getPropertyValue('--share') !== text) target.style.setProperty('--share', text);
}

/** Puts these children in this order; those that are there already are not touched, least of all the one with the focus. */
export function setChildren(parent: HTMLElement, children: readonly Node[]): void {
  const shown = parent.childNodes;
  const isSame = shown.length === children.length && children.every((child, index) => shown[index] === child);
  if (isSame) return;
  const wanted = new Set(children);
  for (const old of [...shown]) if (!wanted.has(old)) old.remove();
  // What is taken out of the page for a moment loses the focus: the others are moved around it.
  const { activeElement } = document;
  let place = parent.firstChild;
  for (const child of children) {
    if (child.parentNode === parent && child.contains(activeElement)) place = takeOut(place, child);
    if (place === child) place = child.nextSibling;
    else parent.insertBefore(child, place);
  }
}

/** Takes out what stands from here on before the end, as it is to come after that; returns the place to go on from. */
function takeOut(from: ChildNode | null, end: Node): ChildNode | null {
  let place = from;
  while (place !== null && place !== end) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
  return place;
}
