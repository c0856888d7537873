// The dashboard of this window: at most one panel, which survives reloads.
import { env, l10n, ViewColumn, window, type WebviewPanel } from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import { parseFromDashboard, type ToDashboard } from '../service/messages';
import { DashboardFeed } from './dashboardFeed';
import { runDashboardRequest } from './dashboardRequests';
import { dashboardHtml } from '../words/pageHtml';
import { frameOf } from './panels';
import type { WindowPorts } from './ports';

const viewType = 'keywheel.dashboard';

/** Opens, restores and owns the panel. */
export class Dashboard implements Disposable {
  private readonly owned = new DisposableStore();
  private shown: DashboardPanel | undefined;

  constructor(private readonly ports: WindowPorts) {
    this.owned.add(
      window.registerWebviewPanelSerializer(viewType, {
        deserializeWebviewPanel: (panel) => {
          this.adopt(panel);
          return Promise.resolve();
        },
      }),
    );
  }

  /** The panel is open and in front. */
  show(): void {
    if (this.shown) {
      this.shown.panel.reveal();
      return;
    }
    this.adopt(window.createWebviewPanel(viewType, 'Keywheel', ViewColumn.Active));
  }

  dispose(): void {
    this.owned.dispose();
    this.shown?.dispose();
  }

  private adopt(panel: WebviewPanel): void {
    const previous = this.shown;
    const adopted = new DashboardPanel(panel, this.ports);
    this.shown = adopted;
    panel.onDidDispose(() => {
      adopted.dispose();
      if (this.shown === adopted) this.shown = undefined;
    });
    // The user opened a panel before VS Code restored the earlier one.
    previous?.dispose();
  }
}

/** Fills and updates the panel; posts nothing while it is hidden, and the whole state when it is visible again. */
class DashboardPanel implements Disposable {
  private readonly owned = new DisposableStore();
  private readonly feed: DashboardFeed;

  constructor(
    readonly panel: WebviewPanel,
    private readonly ports: WindowPorts,
  ) {
    const { series } = ports.service.history;
    this.owned.add(panel);
    const post = this.post.bind(this);
    this.feed = this.owned.add(new DashboardFeed({ ...ports, series, post }));
    this.owned.add(panel.webview.onDidReceiveMessage((message: unknown) => void this.onMessage(message)));
    this.owned.add(
      panel.onDidChangeViewState(() => {
        // VS Code destroys the hidden page, which posts `ready` again when it is back.
        if (!panel.visible) this.feed.hide();
      }),
    );
    panel.webview.html = dashboardHtml(frameOf(panel, ports.extension.extensionUri));
  }

  dispose(): void {
    this.owned.dispose();
  }

  private async onMessage(raw: unknown): Promise<void> {
    const message = parseFromDashboard(raw);
    if (message === null) return;
    if ('tab' in message) {
      if (message.type === 'ready') this.greet();
      this.feed.show(message.tab);
      return;
    }
    const answer = await runDashboardRequest(message, this.ports);
    this.feed.now();
    if (answer !== null) this.post(answer);
  }

  private greet(): void {
    const state = this.ports.state.read();
    this.post({ type: 'hello', locale: env.language, words: l10n.bundle ?? {}, state });
  }

  private post(message: ToDashboard): void {
    if (this.panel.visible) void this.panel.webview.postMessage(message);
  }
}
