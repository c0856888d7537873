// The Accounts tab: accounts and keys with their actions.
import type { DashboardAction, FromDashboard } from '../service/messages';
import { AccountLine, accountsHead } from './accountLine';
import type { AccountsView, Line } from './accountsView';
import { button, link } from './controls';
import type { Countdowns } from './countdowns';
import { cell, element, setChildren, setHidden, visibleColumns } from './dom';
import { KeyEditor } from './keyEditor';
import { menuItems } from './lineMenu';
import { openMenu } from './menu';
import type { Translate } from '../words/translate';
import { UndoBar } from './undoBar';

export interface AccountsPanelPorts {
  readonly t: Translate;
  readonly countdowns: Countdowns;
  readonly send: (message: FromDashboard) => void;
}

/** Shows the groups in the given order; rows are kept while their keys exist. */
export class AccountsPanel {
  readonly element: HTMLElement;
  private readonly table: HTMLTableElement;
  private readonly empty = element('section', 'empty');
  private readonly undo: UndoBar;
  private bodies = new Map<string, HTMLTableSectionElement>();
  private lines = new Map<string, AccountLine>();
  private readonly editors = new Map<string, { readonly editor: KeyEditor; readonly row: ChildNode }>();

  constructor(private readonly ports: AccountsPanelPorts) {
    const { t, send } = ports;
    this.undo = new UndoBar(t, (keyId) => send({ type: 'key', keyId, act: { kind: 'undo' } }));
    this.table = element('table', 'accounts', element('caption', 'visually-hidden', t('Accounts and keys')));
    this.table.append(accountsHead(t));
    this.element = element('div', 'tab-content', this.empty, this.table, this.undo.element);
  }

  update(view: AccountsView): void {
    this.updateEmpty(view.empty);
    setHidden(this.table, view.empty !== null);
    this.table.classList.toggle('without-credits', !view.hasCredits);
    this.updateLines(view.groups);
    for (const id of this.editors.keys()) if (!this.lines.has(id)) this.editors.delete(id);
    this.undo.update(view.removed);
  }

  /** Shows the text for a while below the state of the key or account. */
  note(keyId: string, accountId: string, text: string): void {
    const lines = [...this.lines.values()];
    const made =
      keyId === '' ? lines.find(({ line }) => line.accountId === accountId) : this.lines.get(keyId);
    made?.note(text);
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
    const { caption, tHead } = this.table;
    const parts = [caption, tHead, ...bodies.values()].filter((each) => each !== null);
    setChildren(this.table, parts);
    this.bodies = bodies;
    this.lines = lines;
  }

  /** If the focused row moves to another account, its `tbody` becomes that account's, so that the focus stays. */
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
    known.draw();
    return known;
  }

  private makeLine(line: Line): AccountLine {
    const { t, countdowns, send } = this.ports;
    const made = new AccountLine(line, {
      t,
      countdowns,
      onToggle: ({ keyId }, enabled) =>
        send({ type: 'key', keyId, act: { kind: 'update', change: { enabled } } }),
      onEdit: (own) => this.edit(own),
      onMenu: (own, anchor) =>
        openMenu(
          anchor,
          menuItems(own, { t, send, edit: () => this.edit(own), checking: () => made.note(t('Checking…')) }),
        ),
    });
    made.draw();
    return made;
  }

  private editorOf(line: Line): Node[] {
    const row = this.editors.get(idOf(line))?.row;
    return row === undefined ? [] : [row];
  }

  /** Other forms stay open with their input. */
  private edit(line: Line): void {
    const id = idOf(line);
    const editor = this.editors.get(id)?.editor ?? this.openEditor(id, line);
    // The fields render in the next frame and accept the focus only then.
    requestAnimationFrame(() => editor.focus());
  }

  private openEditor(id: string, { kind, keyId, accountId, edit }: Line): KeyEditor {
    const { t, send } = this.ports;
    const editor = new KeyEditor({
      t,
      kind,
      edit,
      save: (change) =>
        send(
          kind === 'account'
            ? { type: 'account', accountId, act: { kind: 'rename', name: change.accountName ?? '' } }
            : { type: 'key', keyId, act: { kind: 'update', change } },
        ),
      close: () => {
        this.editors.get(id)?.row.remove();
        this.editors.delete(id);
        this.lines.get(id)?.focusEdit();
      },
    });
    const place = cell('editor-cell', editor.element);
    place.colSpan = visibleColumns(this.table);
    const row = element('tr', 'editor-row', place);
    this.lines.get(id)?.element.after(row);
    this.editors.set(id, { editor, row });
    return editor;
  }

  private updateEmpty(kind: AccountsView['empty']): void {
    setHidden(this.empty, kind === null);
    if (kind === null || this.empty.dataset.kind === kind) return;
    this.empty.dataset.kind = kind;
    const { t, send } = this.ports;
    if (kind !== 'noKeys') {
      const texts = {
        loading: t('Loading keys…'),
        noKeychain: t('Unlock the keychain to see your keys.'),
        notRunning: t('Start the proxy to see your keys.'),
      };
      this.empty.replaceChildren(element('p', '', texts[kind]));
      return;
    }
    const hint = t('Add an OpenRouter key, then connect a client: Keywheel sets up your AI tools for you.');
    const run = (action: DashboardAction) => (): void => send({ type: 'run', action });
    const ways = element(
      'div',
      'buttons',
      button(t('Add Key'), run('addKey'), { primary: true }),
      button(t('Sign In with OpenRouter'), run('signIn')),
      link(t('Open Walkthrough'), run('openWalkthrough')),
    );
    this.empty.replaceChildren(element('h2', '', t('No key yet')), element('p', '', hint), ways);
  }
}

function idOf({ kind, keyId }: Line): string {
  return kind === 'account' ? `account of ${keyId}` : keyId;
}
