// Controls of @vscode-elements/elements, imported one by one, as templates.
import '@vscode-elements/elements/dist/vscode-button/index.js';
import '@vscode-elements/elements/dist/vscode-option/index.js';
import { VscodeSingleSelect } from '@vscode-elements/elements/dist/vscode-single-select/index.js';
import { VscodeTextfield } from '@vscode-elements/elements/dist/vscode-textfield/index.js';
import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';

/** A button with a text, and an accessible `name` if the text is not enough. */
export function button(
  text: string,
  onClick: () => void,
  { primary = false, icon = '', name = '', slot = '' } = {},
): TemplateResult {
  return html`<vscode-button
    slot=${slot || nothing}
    aria-label=${name || nothing}
    .secondary=${!primary}
    .icon=${icon}
    @click=${onClick}
    @keydown=${onButtonKey}
    >${text}</vscode-button
  >`;
}

/** The element handles Space, which must not scroll the page too. */
function onButtonKey(event: KeyboardEvent): void {
  if (event.key === ' ') event.preventDefault();
}

interface Field {
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly placeholder?: string;
  readonly isNumber?: boolean;
  /** Shown below the field, so that no other field moves. */
  readonly problem?: string;
}

/** A text field with its label above it. */
export function field(
  label: string,
  { value, onInput, placeholder = '', isNumber = false, problem = '' }: Field,
): TemplateResult {
  return html`<div class="field">
    ${fieldLabel(label)}
    <vscode-textfield
      inputmode=${isNumber ? 'numeric' : nothing}
      .label=${label}
      .value=${value}
      .placeholder=${placeholder}
      .invalid=${problem !== ''}
      @input=${(event: Event) => onInput(valueOf(event))}
    ></vscode-textfield>
    ${problem === '' ? nothing : html`<p class="problem" role="alert">${problem}</p>`}
  </div>`;
}

interface Choice {
  readonly options: readonly (readonly [value: string, text: string])[];
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** A drop-down list with its label above it. */
export function choice(label: string, { options, value, onChange }: Choice): TemplateResult {
  // Keyed by the text too, because the list reads an option when it is added, not when its text changes.
  const shown = repeat(
    options,
    (option) => option.join('\n'),
    ([own, text]) => html`<vscode-option .value=${own} .selected=${own === value}>${text}</vscode-option>`,
  );
  return html`<div class="field">
    ${fieldLabel(label)}
    <vscode-single-select .label=${label} @change=${(event: Event) => onChange(valueOf(event))}
      >${shown}</vscode-single-select
    >
  </div>`;
}

/** Hidden from screen readers, because the control has a label of its own. */
function fieldLabel(label: string): TemplateResult {
  return html`<span class="field-label" aria-hidden="true">${label}</span>`;
}

function valueOf({ currentTarget: control }: Event): string {
  return control instanceof VscodeTextfield || control instanceof VscodeSingleSelect ? control.value : '';
}
