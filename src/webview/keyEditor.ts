// The form in which a key is changed, in place below its line.
import type { KeyEdit } from '../service/messages';
import type { Line } from './accountsView';
import { button, choice, field } from './controls';
import { element, setOptionalText } from './dom';
import { readKeyForm } from './keyForm';
import type { Translate } from './translate';

export interface KeyEditorPorts {
  readonly t: Translate;
  readonly edit: NonNullable<Line['edit']>;
  readonly save: (change: KeyEdit) => void;
  readonly close: () => void;
}

/** A form with the key's label, limit, account and paid use; `focus` puts the cursor into the label. */
export class KeyEditor {
  readonly element: HTMLElement;
  private readonly label;
  private readonly limit;
  private readonly account;
  private readonly paid;
  private readonly problem = element('p', 'problem');

  constructor(private readonly ports: KeyEditorPorts) {
    const { t, edit } = ports;
    this.label = field(t('Label'), edit.label);
    this.limit = field(t('Own limit a day'), edit.dailyLimit === null ? '' : String(edit.dailyLimit));
    this.limit.input.placeholder = t('as OpenRouter has it');
    this.limit.input.setAttribute('inputmode', 'numeric');
    this.account = field(t('Account'), edit.accountName ?? '');
    this.account.input.placeholder = t('found by itself');
    this.paid = choice(t('Paid use'), {
      options: [
        ['auto', t('Free and paid requests')],
        ['only', t('Paid requests only')],
        ['never', t('Free requests only')],
      ],
      value: edit.paidUse,
    });
    this.problem.setAttribute('role', 'alert');
    this.problem.hidden = true;
    const buttons = element(
      'div',
      'buttons',
      button(t('Save'), () => this.save(), { primary: true }),
      button(t('Cancel'), ports.close),
    );
    const fields = [this.label, this.limit, this.account, this.paid].map(({ place }) => place);
    this.element = element('div', 'editor', ...fields, buttons, this.problem);
    this.element.setAttribute('role', 'group');
    this.element.setAttribute('aria-label', t('Edit “{0}”', edit.label));
    this.element.addEventListener('keydown', (event) => this.onKey(event));
  }

  focus(): void {
    this.label.input.focus();
  }

  private onKey(event: KeyboardEvent): void {
    const isField = event.composedPath().some((each) => each instanceof HTMLInputElement);
    if (event.key === 'Enter' && isField) this.save();
    else if (event.key === 'Escape' && !this.paid.select.open) this.ports.close();
    else return;
    event.preventDefault();
  }

  private save(): void {
    const { t, edit } = this.ports;
    const fields = { label: this.label.input, limit: this.limit.input, account: this.account.input };
    const { label, limit, account } = fields;
    const read = readKeyForm({ label: label.value, limit: limit.value, account: account.value }, t);
    const problems = read.kind === 'bad' ? read.problems : [];
    for (const input of Object.values(fields)) input.invalid = false;
    for (const { field: name } of problems) fields[name].invalid = true;
    const [first] = problems;
    setOptionalText(this.problem, first?.text ?? '');
    if (first !== undefined) fields[first.field].focus();
    if (read.kind === 'bad') return;
    const paidUse = (['auto', 'only', 'never'] as const).find((value) => value === this.paid.select.value);
    this.ports.save({ ...read.change, paidUse: paidUse ?? edit.paidUse });
    this.ports.close();
  }
}
