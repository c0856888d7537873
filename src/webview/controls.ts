// Controls from @vscode-elements/elements, imported one by one.
import '@vscode-elements/elements/dist/vscode-button/index.js';
import '@vscode-elements/elements/dist/vscode-single-select/index.js';
import '@vscode-elements/elements/dist/vscode-option/index.js';
import '@vscode-elements/elements/dist/vscode-tab-header/index.js';
import '@vscode-elements/elements/dist/vscode-tab-panel/index.js';
import '@vscode-elements/elements/dist/vscode-tabs/index.js';
import '@vscode-elements/elements/dist/vscode-textfield/index.js';
import type { VscodeButton } from '@vscode-elements/elements/dist/vscode-button/index.js';
import type { VscodeSingleSelect } from '@vscode-elements/elements/dist/vscode-single-select/index.js';
import type { VscodeTextfield } from '@vscode-elements/elements/dist/vscode-textfield/index.js';
import { element } from './dom';

/** A button with a text, and an accessible `name` if the text is not enough. */
export function button(
  text: string,
  onClick: () => void,
  { primary = false, icon = '', name = '' } = {},
): VscodeButton {
  const made = element('vscode-button', '', text);
  made.secondary = !primary;
  if (icon !== '') made.icon = icon;
  if (name !== '') made.setAttribute('aria-label', name);
  made.addEventListener('click', onClick);
  // The element handles Space, which must not scroll the page too.
  made.addEventListener('keydown', (event) => {
    if (event.key === ' ') event.preventDefault();
  });
  return made;
}

/** A button that looks like a link, for secondary actions. */
export function link(text: string, onClick: () => void): HTMLButtonElement {
  const made = element('button', 'link', text);
  made.type = 'button';
  made.addEventListener('click', onClick);
  return made;
}

/** A text field with its label above it. */
export function field(label: string, value: string): { place: HTMLElement; input: VscodeTextfield } {
  const input = element('vscode-textfield');
  input.label = label;
  input.value = value;
  return { place: labelled(label, input), input };
}

/** The options and the selected value. */
export interface Choices {
  readonly options: readonly (readonly [value: string, text: string])[];
  readonly value: string;
}

/** A drop-down list with its label above it. */
export function choice(
  label: string,
  { options, value }: Choices,
): { place: HTMLElement; select: VscodeSingleSelect } {
  const select = element('vscode-single-select');
  select.label = label;
  setChoices(select, { options, value });
  return { place: labelled(label, select), select };
}

/** Replaces the options and selects `value` if it is among them. */
export function setChoices(select: VscodeSingleSelect, { options, value }: Choices): void {
  const made = options.map(([own, text]) => {
    const option = element('vscode-option', '', text);
    option.value = own;
    option.selected = own === value;
    return option;
  });
  select.replaceChildren(...made);
}

/** The label is hidden from screen readers, because the control has its own. */
function labelled(label: string, control: HTMLElement): HTMLElement {
  const text = element('span', 'field-label', label);
  text.setAttribute('aria-hidden', 'true');
  return element('div', 'field', text, control);
}
