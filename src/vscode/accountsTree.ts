// The native view "Accounts", hidden until the user asks for it.
import { env, l10n, ThemeColor, ThemeIcon, TreeItem, TreeItemCollapsibleState, window } from 'vscode';
import type { TreeDataProvider } from 'vscode';
import type { Clock } from '../base/clock';
import { DisposableStore, type Disposable } from '../base/disposable';
import { Emitter } from '../base/event';
import type { Log } from '../base/log';
import { Pace } from '../service/pace';
import { Formats } from '../webview/formats';
import { accountItems, type AccountItem } from './accountsItems';
import type { CurrentState } from './currentState';

/** Often enough for a list that one looks at beside one's work. */
const redrawEveryMs = 1_000;

export interface AccountsTreePorts {
  readonly state: Pick<CurrentState, 'read' | 'onDidChange'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Follows the state while the view is seen, and draws only what differs. */
export class AccountsTree implements TreeDataProvider<AccountItem>, Disposable {
  private readonly owned = new DisposableStore();
  private readonly changed: Emitter<undefined>;
  private items: readonly AccountItem[] = [];

  constructor(private readonly ports: AccountsTreePorts) {
    const { state, clock, log } = ports;
    this.changed = this.owned.add(
      new Emitter<undefined>((error) => log.error('The view of accounts failed.', error)),
    );
    const view = this.owned.add(window.createTreeView('keywheel.accounts', { treeDataProvider: this }));
    const drawing = this.owned.add(new Pace(clock, redrawEveryMs, () => this.redraw()));
    this.owned.add(
      state.onDidChange(() => {
        if (view.visible) drawing.touch();
      }),
    );
    this.owned.add(
      view.onDidChangeVisibility(({ visible }) => {
        if (visible) this.redraw();
      }),
    );
  }

  get onDidChangeTreeData(): Emitter<undefined>['event'] {
    return this.changed.event;
  }

  getChildren(item?: AccountItem): AccountItem[] {
    if (item !== undefined) return [...item.children];
    this.items = this.read();
    return [...this.items];
  }

  getTreeItem(item: AccountItem): TreeItem {
    const { None, Expanded } = TreeItemCollapsibleState;
    const made = new TreeItem(item.label, item.children.length > 0 ? Expanded : None);
    made.id = item.id;
    made.description = item.description;
    made.tooltip = item.tooltip;
    made.contextValue = item.context;
    made.iconPath = iconOf(item.tone);
    made.accessibilityInformation = { label: `${item.label}, ${item.description}` };
    return made;
  }

  dispose(): void {
    this.owned.dispose();
  }

  private read(): readonly AccountItem[] {
    const state = this.ports.state.read();
    const { timezone, atMs } = state.snapshot;
    return accountItems(state, { t: l10n.t, formats: new Formats(env.language, timezone), nowMs: atMs });
  }

  private redraw(): void {
    if (JSON.stringify(this.read()) !== JSON.stringify(this.items)) this.changed.fire(undefined);
  }
}

function iconOf(tone: AccountItem['tone']): ThemeIcon {
  switch (tone) {
    case 'good':
      return new ThemeIcon('pass', new ThemeColor('testing.iconPassed'));
    case 'warn':
      return new ThemeIcon('warning', new ThemeColor('editorWarning.foreground'));
    case 'bad':
      return new ThemeIcon('error', new ThemeColor('editorError.foreground'));
    case 'off':
      return new ThemeIcon('circle-slash');
  }
}
