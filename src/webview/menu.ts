// A drop-down menu with the usual keys; a click outside or on the button closes it.
import { element, icon } from './dom';
import type { MenuItem } from './lineMenu';

/** Opens at the button and takes the focus; returns it when the menu closes. Only one menu is open at a time. */
export function openMenu(button: HTMLElement, items: readonly MenuItem[]): void {
  const menu = element('div', 'menu');
  menu.setAttribute('role', 'menu');
  menu.setAttribute('aria-label', button.getAttribute('aria-label') ?? '');
  const leave = new AbortController();
  const close = (): void => {
    leave.abort();
    menu.remove();
    button.setAttribute('aria-expanded', 'false');
  };
  const buttons = items.map((item) => {
    const made = element('button', 'menu-item', icon(item.icon), item.text);
    made.type = 'button';
    made.setAttribute('role', 'menuitem');
    made.tabIndex = -1;
    made.classList.toggle('apart', item.isApart === true);
    made.addEventListener('click', () => {
      close();
      button.focus();
      item.run();
    });
    return made;
  });
  menu.append(...buttons);
  menu.addEventListener('keydown', (event) => {
    const at = buttons.findIndex((each) => each === document.activeElement);
    const target = keyTarget(event.key, at, buttons.length);
    if (target !== null) buttons[target]?.focus();
    if (event.key === 'Escape') {
      close();
      button.focus();
    }
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
    close();
    button.focus();
  };
  button.addEventListener('click', closeByButton, { signal: leave.signal, capture: true });
  listenOutside([menu, button], close, leave.signal);
}

function keyTarget(key: string, at: number, count: number): number | null {
  switch (key) {
    case 'ArrowDown':
      return (at + 1) % count;
    case 'ArrowUp':
      return (at - 1 + count) % count;
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return null;
  }
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
