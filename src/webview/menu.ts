// A drop-down menu with the usual keys; a click outside or on the button closes it.
import { html, render, type TemplateResult } from 'lit-html';
import type { MenuItem } from './rowMenu';
import { icon, keyTarget } from './parts';

/** Opens at the button and takes the focus; returns it when the menu closes. Only one menu is open at a time. */
export function openMenu(button: HTMLElement, items: readonly MenuItem[]): void {
  const menu = document.createElement('div');
  menu.className = 'menu';
  menu.setAttribute('role', 'menu');
  menu.setAttribute('aria-label', button.getAttribute('aria-label') ?? '');
  const leave = new AbortController();
  const close = (): void => {
    leave.abort();
    menu.remove();
    button.setAttribute('aria-expanded', 'false');
  };
  const closeToButton = (): void => {
    close();
    button.focus();
  };
  const choose = (item: MenuItem): void => {
    closeToButton();
    item.run();
  };
  render(
    items.map((item) => menuItem(item, () => choose(item))),
    menu,
  );
  const buttons = [...menu.querySelectorAll('button')];
  menu.addEventListener('keydown', (event) => {
    const at = buttons.findIndex((each) => each === document.activeElement);
    const target = keyTarget(event.key, at, buttons.length);
    if (target !== null) buttons[(target + buttons.length) % buttons.length]?.focus();
    if (event.key === 'Escape') closeToButton();
    if (event.key === 'Tab') close();
    else if (target !== null || event.key === 'Escape') event.preventDefault();
  });
  document.body.append(menu);
  place(menu, button);
  button.setAttribute('aria-expanded', 'true');
  buttons[0]?.focus({ preventScroll: true });
  // Captured before the button's own listener, which would open the menu again.
  const closeByButton = (event: Event): void => {
    event.stopImmediatePropagation();
    closeToButton();
  };
  button.addEventListener('click', closeByButton, { signal: leave.signal, capture: true });
  listenOutside([menu, button], close, leave.signal);
}

function menuItem({ icon: iconName, text, isApart }: MenuItem, onClick: () => void): TemplateResult {
  const className = `menu-item ${isApart === true ? 'apart' : ''}`;
  return html`<button class=${className} type="button" role="menuitem" tabindex="-1" @click=${onClick}>
    ${icon(iconName)}${text}
  </button>`;
}

function listenOutside(inside: readonly HTMLElement[], close: () => void, signal: AbortSignal): void {
  document.addEventListener(
    'pointerdown',
    (event) => {
      const { target } = event;
      if (!(target instanceof Node && inside.some((each) => each.contains(target)))) close();
    },
    { signal, capture: true },
  );
  for (const type of ['blur', 'scroll', 'resize']) window.addEventListener(type, close, { signal });
}

/** Places the menu below the button, aligned right, or above it if there is no room. */
function place(menu: HTMLElement, button: HTMLElement): void {
  const at = button.getBoundingClientRect();
  const { offsetWidth, offsetHeight } = menu;
  const { clientWidth, clientHeight } = document.documentElement;
  const isBelow = at.bottom + offsetHeight <= clientHeight || at.top < offsetHeight;
  const top = isBelow ? Math.min(at.bottom, clientHeight - offsetHeight) : at.top - offsetHeight;
  const left = Math.min(Math.max(at.right - offsetWidth, 4), clientWidth - offsetWidth - 4);
  menu.style.top = `${Math.max(top, 0)}px`;
  menu.style.left = `${Math.max(left, 0)}px`;
}
