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
  private shown: { readonly panel: WebviewPanel; readonly page: Disposable } | undefined;

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
    this.shown?.page.dispose();
  }

  private adopt(panel: WebviewPanel): void {
    const previous = this.shown;
    const adopted = { panel, page: openPage(panel, this.ports) };
    this.shown = adopted;
    panel.onDidDispose(() => {
      adopted.page.dispose();
      if (this.shown === adopted) this.shown = undefined;
    });
    // The user opened a panel before VS Code restored the earlier one.
    previous?.page.dispose();
  }
}

/** Fills and updates the panel until it is disposed; posts nothing while it is hidden, and all when it is visible again. */
function openPage(panel: WebviewPanel, ports: WindowPorts): Disposable {
  const owned = new DisposableStore();
  const { state, service, extension } = ports;
  const post = (message: ToDashboard): void => {
    if (panel.visible) void panel.webview.postMessage(message);
  };
  const feed = owned.add(new DashboardFeed({ ...ports, series: service.history.series, post }));
  const take = async (raw: unknown): Promise<void> => {
    const message = parseFromDashboard(raw);
    if (message === null) return;
    if ('tab' in message) {
      if (message.type === 'ready')
        post({ type: 'hello', locale: env.language, words: l10n.bundle ?? {}, state: state.read() });
      feed.show(message.tab);
      return;
    }
    const answer = await runDashboardRequest(message, ports);
    feed.now();
    if (answer !== null) post(answer);
  };
  owned.add(panel);
  owned.add(panel.webview.onDidReceiveMessage((message: unknown) => void take(message)));
  owned.add(
    panel.onDidChangeViewState(() => {
      // VS Code destroys the hidden page, which posts `ready` again when it is back.
      if (!panel.visible) feed.hide();
    }),
  );
  panel.webview.html = dashboardHtml(frameOf(panel, extension.extensionUri));
  return owned;
}
