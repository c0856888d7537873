// The form that edits a key or account below its row.
import { html, type TemplateResult } from 'lit-html';
import { createRef, ref } from 'lit-html/directives/ref.js';
import type { KeyEdit } from '../service/messages';
import { targetOf, type Row } from './accountsView';
import { button, choice, field } from './controls';
import { readKeyForm, type KeyFormProblem, type TypedKey } from './keyForm';
import type { PanelPorts } from './parts';

/** Has fields for label, limit, account and paid use, and keeps their input; `focus` focuses the first one. */
export class KeyEditor {
  private readonly root = createRef<HTMLElement>();
  private typed: TypedKey;
  private paidUse: string;
  private problems: readonly KeyFormProblem[] = [];

  constructor(
    /** For an account only the name can be edited. */
    private readonly row: Row,
    private readonly ports: PanelPorts,
    private readonly close: () => void,
  ) {
    const { label, dailyLimit, accountName, paidUse } = row.edit;
    this.typed = {
      label,
      limit: dailyLimit === null ? '' : String(dailyLimit),
      account: accountName ?? '',
    };
    this.paidUse = paidUse;
  }

  template(): TemplateResult {
    const { t } = this.ports;
    const { kind, edit } = this.row;
    const fields = [this.field('label'), this.field('limit'), this.field('account'), this.paidChoice()];
    return html`<div
      class="editor"
      role="group"
      aria-label=${t('Edit “{0}”', edit.label)}
      @keydown=${(event: KeyboardEvent) => this.onKey(event)}
      ${ref(this.root)}
    >
      ${kind === 'account' ? this.field('account') : fields}
      <div class="buttons">
        ${button(t('Save'), () => this.save(), { primary: true })} ${button(t('Cancel'), this.close)}
      </div>
    </div>`;
  }

  focus(): void {
    this.root.value?.querySelector('vscode-textfield')?.focus();
  }

  private field(name: keyof TypedKey): TemplateResult {
    const { t } = this.ports;
    const labels = { label: t('Name'), limit: t('Daily limit'), account: t('Account name') };
    const placeholders = { label: '', limit: t('OpenRouter’s limit'), account: t('detected automatically') };
    return field(labels[name], {
      value: this.typed[name],
      onInput: (value) => (this.typed = { ...this.typed, [name]: value }),
      placeholder: placeholders[name],
      isNumber: name === 'limit',
      problem: this.problems.find(({ field: wrong }) => wrong === name)?.text ?? '',
    });
  }

  private paidChoice(): TemplateResult {
    const { t } = this.ports;
    return choice(t('Use for'), {
      options: [
        ['auto', t('All requests')],
        ['only', t('Paid only')],
        ['never', t('Free only')],
      ],
      value: this.paidUse,
      onChange: (value) => (this.paidUse = value),
    });
  }

  private onKey(event: KeyboardEvent): void {
    const isField = event.composedPath().some((each) => each instanceof HTMLInputElement);
    const isListOpen = this.root.value?.querySelector('vscode-single-select')?.open === true;
    if (event.key === 'Enter' && isField) this.save();
    else if (event.key === 'Escape' && !isListOpen) this.close();
    else return;
    event.preventDefault();
  }

  private save(): void {
    const read = readKeyForm(this.typed, this.ports.t);
    if (read.kind === 'good') {
      this.send(read.change);
      this.close();
      return;
    }
    this.problems = read.problems;
    this.ports.redraw();
    const fields = [...(this.root.value?.querySelectorAll('vscode-textfield') ?? [])];
    fields.find(({ invalid }) => invalid)?.focus();
  }

  private send(change: KeyEdit): void {
    const { kind, edit } = this.row;
    const { accountName } = change;
    const paidUse = (['auto', 'only', 'never'] as const).find((value) => value === this.paidUse);
    const own = kind === 'account' ? { accountName } : { ...change, paidUse: paidUse ?? edit.paidUse };
    this.ports.send({ type: 'act', target: targetOf(this.row), act: { kind: 'update', change: own } });
  }
}
