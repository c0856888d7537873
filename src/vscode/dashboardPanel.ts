// One webview panel with the dashboard.
import { randomBytes } from 'node:crypto';
import { env, l10n, Uri, type Webview, type WebviewPanel } from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import { parseFromDashboard, type FromDashboard, type ToDashboard } from '../service/messages';
import { DashboardFeed, type DashboardFeedPorts } from './dashboardFeed';
import { dashboardHtml } from './dashboardHtml';

/** The page's messages, except those that ask for its content. */
export type DashboardRequest = Exclude<FromDashboard, { type: 'ready' | 'show' }>;

export interface DashboardPanelPorts extends Omit<DashboardFeedPorts, 'post'> {
  readonly extensionUri: Uri;
  /** Resolves to whether the request succeeded; `tell` shows a note beside the key or account. Never rejects. */
  readonly run: (request: DashboardRequest, tell: (note: string) => void) => Promise<boolean>;
}

/** The folders that the webview may read. */
export function dashboardRoots(extensionUri: Uri): Uri[] {
  return [Uri.joinPath(extensionUri, 'media'), Uri.joinPath(extensionUri, 'dist', 'webview')];
}

/** Fills and updates the panel; posts nothing while it is hidden, and the whole state when it is visible again. */
export class DashboardPanel implements Disposable {
  private readonly owned = new DisposableStore();
  private readonly feed: DashboardFeed;

  constructor(
    readonly panel: WebviewPanel,
    private readonly ports: DashboardPanelPorts,
  ) {
    const { extensionUri } = ports;
    this.owned.add(panel);
    this.feed = this.owned.add(new DashboardFeed({ ...ports, post: (message) => this.post(message) }));
    this.owned.add(panel.webview.onDidReceiveMessage((message: unknown) => void this.onMessage(message)));
    this.owned.add(
      panel.onDidChangeViewState(() => {
        // VS Code destroys the hidden page, which posts `ready` again when it is back.
        if (!panel.visible) this.feed.hide();
      }),
    );
    panel.iconPath = {
      light: Uri.joinPath(extensionUri, 'media', 'key-light.svg'),
      dark: Uri.joinPath(extensionUri, 'media', 'key-dark.svg'),
    };
    panel.webview.options = { enableScripts: true, localResourceRoots: dashboardRoots(extensionUri) };
    panel.webview.html = html(panel.webview, extensionUri);
  }

  dispose(): void {
    this.owned.dispose();
  }

  private async onMessage(raw: unknown): Promise<void> {
    const message = parseFromDashboard(raw);
    switch (message?.type) {
      case undefined:
        return;
      case 'ready':
        this.greet();
        this.feed.show(message.tab);
        return;
      case 'show':
        this.feed.show(message.tab);
        return;
      case 'run':
      case 'copyReport':
      case 'copyModel': {
        const action = message.type === 'run' ? message.action : 'copyReport';
        if (await this.run(message)) this.post({ type: 'done', action });
        return;
      }
      case 'key':
      case 'account':
      case 'export':
      case 'clearActivity':
      case 'openPage':
      case 'replaceKey':
      case 'unlockModel':
      case 'disconnect':
      case 'cancel':
        await this.run(message);
        this.feed.now();
    }
  }

  private async run(request: DashboardRequest): Promise<boolean> {
    const { keyId, accountId } = { keyId: '', accountId: '', ...request };
    return await this.ports.run(request, (text) => {
      this.feed.now();
      this.post({ type: 'note', keyId, accountId, text });
    });
  }

  private greet(): void {
    const state = this.ports.state.read();
    this.post({ type: 'hello', locale: env.language, words: l10n.bundle ?? {}, state });
  }

  private post(message: ToDashboard): void {
    if (this.panel.visible) void this.panel.webview.postMessage(message);
  }
}

function html(webview: Webview, extensionUri: Uri): string {
  const local = (...path: string[]): string =>
    webview.asWebviewUri(Uri.joinPath(extensionUri, ...path)).toString();
  return dashboardHtml({
    locale: env.language,
    cspSource: webview.cspSource,
    scriptUri: local('dist', 'webview', 'dashboard.js'),
    styleUri: local('media', 'dashboard.css'),
    iconsUri: local('dist', 'webview', 'codicon.css'),
    chartsUri: local('dist', 'webview', 'uplot.css'),
    nonce: randomBytes(16).toString('base64'),
  });
}
