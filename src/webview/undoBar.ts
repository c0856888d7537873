// Shows removed keys with an Undo button while removal can be undone.
import type { DashboardState } from '../service/messages';
import { button } from './controls';
import { element, setChildren, setHidden } from './dom';
import type { Translate } from '../words/translate';

type Removed = DashboardState['removed'];

/** Overlays the page's lower edge, so that nothing moves. */
export class UndoBar {
  readonly element = element('div', 'undo-bar');
  private rows = new Map<string, HTMLElement>();

  constructor(
    private readonly t: Translate,
    private readonly undo: (keyId: string) => void,
  ) {
    this.element.setAttribute('role', 'status');
    this.element.hidden = true;
  }

  update(removed: Removed): void {
    const isNowhere = document.activeElement === null || document.activeElement === document.body;
    // If another part of VS Code has the focus, the key was removed there, and the focus stays.
    const isFocusLost = document.hasFocus() && isNowhere;
    const fresh = removed.find(({ keyId }) => !this.rows.has(keyId));
    this.rows = new Map(removed.map((each) => [each.keyId, this.rows.get(each.keyId) ?? this.row(each)]));
    setHidden(this.element, removed.length === 0);
    setChildren(this.element, [...this.rows.values()]);
    // A removal by keyboard loses the focus with the row, so it moves to the Undo button.
    // The button renders asynchronously and accepts the focus only then.
    const undo = fresh && isFocusLost ? this.rows.get(fresh.keyId)?.querySelector('vscode-button') : null;
    if (undo) void undo.updateComplete.then(() => undo.focus());
  }

  private row({ keyId, label }: Removed[number]): HTMLElement {
    const { t } = this;
    const undo = button(t('Undo'), () => this.undo(keyId), { name: t('Undo the removal of “{0}”', label) });
    return element('div', 'undo-row', element('span', '', t('Key “{0}” removed.', label)), undo);
  }
}
