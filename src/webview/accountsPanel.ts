// The Accounts tab: accounts and keys with their actions.
import { html, nothing, type TemplateResult } from 'lit-html';
import { ref } from 'lit-html/directives/ref.js';
import { repeat } from 'lit-html/directives/repeat.js';
import type { ToDashboard } from '../service/messages';
import { actionButton, actionLink } from './actions';
import { accountsTable, idOf, type RowParts } from './accountsTable';
import { targetOf, type AccountsView, type Row } from './accountsView';
import { button } from './controls';
import { KeyEditor } from './keyEditor';
import { menuItems } from './rowMenu';
import { openMenu } from './menu';
import { iconButton, visibleColumns, type PanelPorts } from './parts';
import { TemporaryValues } from './timers';

/** Longer than a change takes to reach the state that the page shows. */
const switchShownMs = 1500;
const noteShownMs = 10_000;

/** Shows the groups in the given order; rows are kept while their keys exist. */
export class AccountsPanel {
  private readonly editors = new Map<string, KeyEditor>();
  /** Positions of switches that the user moved, until the state shows them. */
  private readonly movedSwitches: TemporaryValues<boolean>;
  private readonly shownNotes: TemporaryValues<string>;
  private groups: AccountsView['groups'] = [];
  private bodyKeys: ReadonlyMap<string, symbol> = new Map();

  constructor(private readonly ports: PanelPorts) {
    this.movedSwitches = new TemporaryValues(switchShownMs, ports.redraw);
    this.shownNotes = new TemporaryValues(noteShownMs, ports.redraw);
  }

  template(view: AccountsView): TemplateResult {
    const { t, countdowns } = this.ports;
    const bodyKeys = this.takeGroups(view.groups);
    const table = accountsTable(view, {
      t,
      countdowns,
      bodyKey: ({ accountId }) => bodyKeys.get(accountId),
      partsOf: (row) => this.partsOf(row),
    });
    return html`<div class="tab-content">
      ${view.empty === null ? table : this.emptySection(view.empty)} ${this.undoBar(view.removed)}
    </div>`;
  }

  /** Shows the text for a while below the state of the key or account. */
  note({ target, text }: ToDashboard & { type: 'note' }): void {
    const rows = this.groups.flatMap((group) => group.rows);
    const of = rows.find((row) =>
      'keyId' in target ? idOf(row) === target.keyId : row.accountId === target.accountId,
    );
    if (of) this.shownNotes.set(idOf(of), text);
  }

  /** When the focused row moves to another account, that account takes over its `tbody`, so that the focus stays. */
  private takeGroups(groups: AccountsView['groups']): ReadonlyMap<string, symbol> {
    const ids = new Set(groups.flatMap(({ rows }) => rows.map(idOf)));
    for (const id of this.editors.keys()) if (!ids.has(id)) this.editors.delete(id);
    const focused = document.activeElement?.closest('tr')?.dataset.id;
    const has = ({ rows }: AccountsView['groups'][number]): boolean =>
      rows.some((row) => idOf(row) === focused);
    const [former, now] = [this.groups.find(has), groups.find(has)];
    const keys = new Map(this.bodyKeys);
    if (former && now && former.accountId !== now.accountId) {
      keys.set(now.accountId, keys.get(former.accountId) ?? Symbol());
      keys.delete(former.accountId);
    }
    this.groups = groups;
    this.bodyKeys = new Map(groups.map(({ accountId }) => [accountId, keys.get(accountId) ?? Symbol()]));
    return this.bodyKeys;
  }

  private partsOf(row: Row): RowParts {
    const id = idOf(row);
    const editor = this.editors.get(id);
    // Has the position of the moved switch, so that the menu offers the opposite.
    const shown = { ...row, isEnabled: this.movedSwitches.get(id) ?? row.isEnabled };
    return {
      note: this.shownNotes.get(id) ?? '',
      buttons: this.buttons(shown),
      below: editor ? this.editorRow(id, editor) : nothing,
    };
  }

  private editorRow(id: string, editor: KeyEditor): TemplateResult {
    return html`<tr class="editor-row" data-id=${id}>
      <td class="editor-cell" colspan=${visibleColumns('table.accounts')}>${editor.template()}</td>
    </tr>`;
  }

  private buttons(row: Row): unknown {
    const { t } = this.ports;
    const open = (event: Event): void => this.openMenu(row, event);
    const menu = iconButton('ellipsis', t('More actions for “{0}”', row.title), open, { opensMenu: true });
    if (row.kind === 'account') return menu;
    const use = t('Use “{0}”', row.title);
    const toggle = html`<button
      class="switch"
      type="button"
      role="switch"
      aria-checked=${row.isEnabled}
      title=${use}
      aria-label=${use}
      @click=${() => this.flip(row)}
    ></button>`;
    return [toggle, iconButton('edit', t('Edit “{0}”', row.title), () => this.edit(row)), menu];
  }

  /** Moves the switch at once, before the state shows the change. */
  private flip(row: Row): void {
    const enabled = !row.isEnabled;
    this.movedSwitches.set(idOf(row), enabled);
    this.ports.send({ type: 'act', target: targetOf(row), act: { kind: 'update', change: { enabled } } });
  }

  private openMenu(row: Row, { currentTarget: anchor }: Event): void {
    const { t } = this.ports;
    const checking = (): void => this.shownNotes.set(idOf(row), t('Checking…'));
    if (anchor instanceof HTMLElement)
      openMenu(
        anchor,
        menuItems(row, this.ports, () => this.edit(row), checking),
      );
  }

  /** Opens the form of the row; forms of other rows stay open with their input. */
  private edit(row: Row): void {
    const editor = this.editors.get(idOf(row)) ?? this.openEditor(row);
    // The fields render in the next frame and accept the focus only then.
    requestAnimationFrame(() => editor.focus());
  }

  private openEditor(row: Row): KeyEditor {
    const id = idOf(row);
    const editor = new KeyEditor(row, this.ports, () => {
      this.editors.delete(id);
      this.ports.redraw();
      document.querySelector<HTMLElement>(`tr[data-id="${CSS.escape(id)}"] .icon-button`)?.focus();
    });
    this.editors.set(id, editor);
    this.ports.redraw();
    return editor;
  }

  private emptySection(kind: NonNullable<AccountsView['empty']>): TemplateResult {
    const { t } = this.ports;
    const texts = {
      loading: t('Loading keys…'),
      noKeychain: t('Unlock the keychain to see your keys.'),
      notRunning: t('Start the proxy to see your keys.'),
      noKeys: t('Add an OpenRouter key, then connect a client: Keywheel sets up your AI tools for you.'),
    };
    if (kind !== 'noKeys') return html`<section class="empty"><p>${texts[kind]}</p></section>`;
    return html`<section class="empty">
      <h2>${t('No key yet')}</h2>
      <p>${texts.noKeys}</p>
      <div class="buttons">
        ${actionButton('addKey', this.ports, { primary: true })} ${actionButton('signIn', this.ports)}
        ${actionLink('openWalkthrough', this.ports)}
      </div>
    </section>`;
  }

  /** A bar over the page's lower edge, so that nothing moves; lists removed keys while their removal can be undone. */
  private undoBar(removed: AccountsView['removed']): TemplateResult {
    const { t, send } = this.ports;
    const row = ({ keyId, label }: AccountsView['removed'][number]): TemplateResult => {
      const undo = (): void => send({ type: 'act', target: { keyId }, act: { kind: 'undo' } });
      const name = t('Undo the removal of “{0}”', label);
      return html`<div class="undo-row" ${ref(takeLostFocus)}>
        <span>${t('Key “{0}” removed.', label)}</span>${button(t('Undo'), undo, { name })}
      </div>`;
    };
    return html`<div class="undo-bar" role="status" ?hidden=${removed.length === 0}>
      ${repeat(removed, ({ keyId }) => keyId, row)}
    </div>`;
  }
}

/** A removal by keyboard loses the focus with the row, so it moves to the Undo button. */
function takeLostFocus(row: Element | undefined): void {
  // The button renders in the next frame and accepts the focus only then.
  requestAnimationFrame(() => {
    const isNowhere = document.activeElement === null || document.activeElement === document.body;
    // If another part of VS Code has the focus, the key was removed there, and the focus stays.
    if (document.hasFocus() && isNowhere) row?.querySelector('vscode-button')?.focus();
  });
}
