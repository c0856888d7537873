// Says which keys were removed and brings them back, while that is possible.
import type { DashboardState } from '../service/messages';
import { button } from './controls';
import { element, setChildren, setHidden } from './dom';
import type { Translate } from './translate';

type Removed = DashboardState['removed'];

/** Lies over the page's lower edge, so that nothing moves. */
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
    // Where another part of VS Code has the focus, it stays there: the key was removed from there.
    const isFocusLost = document.hasFocus() && isNowhere;
    const fresh = removed.find(({ keyId }) => !this.rows.has(keyId));
    this.rows = new Map(removed.map((each) => [each.keyId, this.rows.get(each.keyId) ?? this.row(each)]));
    setHidden(this.element, removed.length === 0);
    setChildren(this.element, [...this.rows.values()]);
    // Who removed a key by keyboard has lost their place with its line: what they may want next is here.
    // The button draws itself in its next step, and can take the focus only then.
    const undo = fresh && isFocusLost ? this.rows.get(fresh.keyId)?.querySelector('vscode-button') : null;
    if (undo) void undo.updateComplete.then(() => undo.focus());
  }

  private row({ keyId, label }: Removed[number]): HTMLElement {
    const { t } = this;
    const undo = button(t('Undo'), () => this.undo(keyId), { name: t('Undo the removal of “{0}”', label) });
    return element('div', 'undo-row', element('span', '', t('Key “{0}” removed.', label)), undo);
  }
}
