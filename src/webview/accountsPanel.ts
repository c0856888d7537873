// The tab of accounts and their keys, with all that can be done with them.
import type { FromDashboard } from '../service/messages';
import { AccountLine } from './accountLine';
import type { AccountsView, Line } from './accountsView';
import { button } from './controls';
import type { Countdowns } from './countdowns';
import { cell, element, headCell, setChildren, setHidden } from './dom';
import { KeyEditor } from './keyEditor';
import { menuItems } from './lineMenu';
import { openMenu } from './menu';
import { Sight } from './sight';
import type { Translate } from './translate';
import { UndoBar } from './undoBar';

export interface AccountsPanelPorts {
  readonly t: Translate;
  readonly countdowns: Countdowns;
  readonly send: (message: FromDashboard) => void;
}

const columnCount = 9;

/** Shows groups in the order given; lines stay where they are as long as the keys do. */
export class AccountsPanel {
  readonly element: HTMLElement;
  private readonly table: HTMLTableElement;
  private readonly empty = element('section', 'empty');
  private readonly undo: UndoBar;
  private readonly sight = new Sight();
  private bodies = new Map<string, HTMLTableSectionElement>();
  private lines = new Map<string, AccountLine>();
  private editing: { readonly keyId: string; readonly row: HTMLTableRowElement } | null = null;

  constructor(private readonly ports: AccountsPanelPorts) {
    const { t, send } = ports;
    this.undo = new UndoBar(t, (keyId) => send({ type: 'key', keyId, act: { kind: 'undo' } }));
    this.table = element('table', 'accounts', element('caption', 'visually-hidden', t('Accounts and keys')));
    this.table.append(head(t));
    this.element = element('div', 'tab-content', this.empty, this.table, this.undo.element);
  }

  update(view: AccountsView): void {
    this.updateEmpty(view.empty);
    setHidden(this.table, view.empty !== null);
    this.updateLines(view.groups);
    if (this.editing && !this.lines.has(this.editing.keyId)) this.editing = null;
    this.undo.update(view.removed);
  }

  private updateLines(groups: AccountsView['groups']): void {
    const bodies = new Map<string, HTMLTableSectionElement>();
    const lines = new Map<string, AccountLine>();
    const known = this.knownBodies(groups);
    for (const group of groups) {
      const body = known.get(group.accountId) ?? element('tbody');
      const shown = group.lines.map((line) => this.lineOf(line));
      for (const made of shown) lines.set(idOf(made.line), made);
      setChildren(
        body,
        shown.flatMap(({ element: row, line }) => [row, ...this.editorOf(line)]),
      );
      bodies.set(group.accountId, body);
    }
    const tableHead = this.table.tHead;
    const caption = this.table.caption;
    setChildren(
      this.table,
      [caption, tableHead, ...bodies.values()].filter((each) => each !== null),
    );
    for (const [id, old] of this.lines) if (lines.get(id) !== old) this.sight.remove(old);
    this.bodies = bodies;
    this.lines = lines;
  }

  /** Where a key turns out to be of another account, the part of the table in which it has the focus is that one's from now on. */
  private knownBodies(groups: AccountsView['groups']): ReadonlyMap<string, HTMLTableSectionElement> {
    const row = document.activeElement?.closest('tr') ?? null;
    const former = [...this.bodies].find(([, body]) => body.contains(row));
    if (row === null || former === undefined) return this.bodies;
    const now = groups.find(({ lines }) => lines.some((line) => this.isOf(row, line)));
    const [accountId, body] = former;
    if (now === undefined || now.accountId === accountId) return this.bodies;
    const known = new Map(this.bodies);
    known.delete(accountId);
    return known.set(now.accountId, body);
  }

  private isOf(row: HTMLTableRowElement, line: Line): boolean {
    return this.lines.get(idOf(line))?.element === row || this.editorOf(line).includes(row);
  }

  private lineOf(line: Line): AccountLine {
    const known = this.lines.get(idOf(line));
    if (known === undefined) return this.makeLine(line);
    known.line = line;
    this.sight.changed(known);
    return known;
  }

  private makeLine(line: Line): AccountLine {
    const { t, countdowns, send } = this.ports;
    const made = new AccountLine(line, {
      t,
      countdowns,
      onToggle: ({ keyId, isEnabled }) =>
        send({ type: 'key', keyId, act: { kind: 'update', change: { enabled: !isEnabled } } }),
      onEdit: (own) => this.edit(own),
      onMenu: (own, anchor) => openMenu(anchor, menuItems(own, { t, send, edit: () => this.edit(own) })),
    });
    this.sight.add(made);
    return made;
  }

  private editorOf({ keyId }: Line): Node[] {
    return this.editing !== null && this.editing.keyId === keyId ? [this.editing.row] : [];
  }

  private edit({ keyId, edit }: Line): void {
    const isOpen = this.editing?.keyId === keyId;
    this.closeEditor();
    const line = this.lines.get(keyId);
    if (isOpen || edit === null || line === undefined) {
      line?.focusEdit();
      return;
    }
    const { t, send } = this.ports;
    const editor = new KeyEditor({
      t,
      edit,
      save: (change) => send({ type: 'key', keyId, act: { kind: 'update', change } }),
      close: () => {
        this.closeEditor();
        this.lines.get(keyId)?.focusEdit();
      },
    });
    const place = cell('editor-cell', editor.element);
    place.colSpan = columnCount;
    const row = element('tr', 'editor-row', place);
    line.element.after(row);
    this.editing = { keyId, row };
    // The fields draw themselves in their next step, and can take the focus only then.
    requestAnimationFrame(() => editor.focus());
  }

  private closeEditor(): void {
    this.editing?.row.remove();
    this.editing = null;
  }

  private updateEmpty(kind: AccountsView['empty']): void {
    setHidden(this.empty, kind === null);
    if (kind === null || this.empty.dataset.kind === kind) return;
    this.empty.dataset.kind = kind;
    const { t, send } = this.ports;
    if (kind === 'loading') {
      this.empty.replaceChildren(element('p', '', t('Loading keys…')));
      return;
    }
    if (kind === 'notRunning') {
      this.empty.replaceChildren(element('p', '', t('Your keys are shown here once the proxy runs.')));
      return;
    }
    const hint = t('Add an OpenRouter key, then set the base URL and the proxy key in your AI extension.');
    const add = button(t('Add Key'), () => send({ type: 'run', action: 'addKey' }), { primary: true });
    this.empty.replaceChildren(element('h2', '', t('No key yet')), element('p', '', hint), add);
  }
}

function idOf({ kind, keyId, accountId }: Line): string {
  return kind === 'account' ? `account ${accountId}` : keyId;
}

function head(t: Translate): HTMLTableSectionElement {
  const names: readonly [text: string, className: string][] = [
    [t('Key'), 'name'],
    [t('Left today'), 'gauge day'],
    [t('This minute'), 'gauge minute'],
    [t('Credits'), 'number credits'],
    [t('Requests'), 'number requests'],
    [t('Errors'), 'number errors'],
    [t('Last used'), 'number last-used'],
    [t('State'), 'state-cell'],
  ];
  const cells = names.map(([text, className]) => headCell('col', className, text));
  const actions = headCell('col', 'actions', element('span', 'visually-hidden', t('Actions')));
  return element('thead', '', element('tr', '', ...cells, actions));
}
