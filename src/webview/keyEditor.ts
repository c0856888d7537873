// The form that edits a key or account below its row.
import type { KeyEdit } from '../service/messages';
import type { Line } from './accountsView';
import { button, choice, field } from './controls';
import { element, setOptionalText } from './dom';
import { readKeyForm } from './keyForm';
import type { Translate } from '../words/translate';

export interface KeyEditorPorts {
  readonly t: Translate;
  /** For `account` only the name can be edited. */
  readonly kind: Line['kind'];
  readonly edit: Line['edit'];
  readonly save: (change: KeyEdit) => void;
  readonly close: () => void;
}

/** Has fields for label, limit, account and paid use; `focus` focuses the first one. */
export class KeyEditor {
  readonly element: HTMLElement;
  private readonly label;
  private readonly limit;
  private readonly account;
  private readonly paid;
  private readonly problems;

  constructor(private readonly ports: KeyEditorPorts) {
    const { t, edit } = ports;
    this.label = field(t('Label'), edit.label);
    this.limit = field(t('Daily limit'), edit.dailyLimit === null ? '' : String(edit.dailyLimit));
    this.limit.input.placeholder = t('OpenRouter’s limit');
    this.limit.input.setAttribute('inputmode', 'numeric');
    this.account = field(t('Account name'), edit.accountName ?? '');
    this.account.input.placeholder = t('detected automatically');
    this.paid = choice(t('Use for'), {
      options: [
        ['auto', t('All requests')],
        ['only', t('Paid only')],
        ['never', t('Free only')],
      ],
      value: edit.paidUse,
    });
    this.problems = {
      label: problemOf(this.label.place),
      limit: problemOf(this.limit.place),
      account: problemOf(this.account.place),
    };
    const buttons = element(
      'div',
      'buttons',
      button(t('Save'), () => this.save(), { primary: true }),
      button(t('Cancel'), ports.close),
    );
    const fields =
      ports.kind === 'account' ? [this.account] : [this.label, this.limit, this.account, this.paid];
    this.element = element('div', 'editor', ...fields.map(({ place }) => place), buttons);
    this.element.setAttribute('role', 'group');
    this.element.setAttribute('aria-label', t('Edit “{0}”', edit.label));
    this.element.addEventListener('keydown', (event) => this.onKey(event));
  }

  focus(): void {
    (this.ports.kind === 'account' ? this.account : this.label).input.focus();
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
    for (const name of ['label', 'limit', 'account'] as const) {
      const text = problems.find(({ field: wrong }) => wrong === name)?.text ?? '';
      fields[name].invalid = text !== '';
      setOptionalText(this.problems[name], text);
    }
    const [first] = problems;
    if (first !== undefined) fields[first.field].focus();
    if (read.kind === 'bad') return;
    const paidUse = (['auto', 'only', 'never'] as const).find((value) => value === this.paid.select.value);
    this.ports.save({ ...read.change, paidUse: paidUse ?? edit.paidUse });
    this.ports.close();
  }
}

/** Shown below its field, so that no other field moves. */
function problemOf(place: HTMLElement): HTMLElement {
  const made = element('p', 'problem');
  made.setAttribute('role', 'alert');
  made.hidden = true;
  place.append(made);
  return made;
}
