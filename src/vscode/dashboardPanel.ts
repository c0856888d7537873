// One webview with the dashboard in it.
import { randomBytes } from 'node:crypto';
import { env, l10n, Uri, type Webview, type WebviewPanel } from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import { parseFromDashboard, type FromDashboard, type ToDashboard } from '../service/messages';
import { DashboardFeed, type DashboardFeedPorts } from './dashboardFeed';
import { dashboardHtml } from './dashboardHtml';

/** What the page may ask for, but for what it needs to be shown. */
export type DashboardRequest = Exclude<FromDashboard, { type: 'ready' | 'show' }>;

export interface DashboardPanelPorts extends Omit<DashboardFeedPorts, 'post'> {
  readonly extensionUri: Uri;
  /** Resolves to whether what was asked for has been done; does not reject. */
  readonly run: (request: DashboardRequest) => Promise<boolean>;
}

/** The folders that the webview may read. */
export function dashboardRoots(extensionUri: Uri): Uri[] {
  return [Uri.joinPath(extensionUri, 'media'), Uri.joinPath(extensionUri, 'dist', 'webview')];
}

/** Fills the panel and keeps it true; posts nothing while it is hidden, and one whole state when it shows again. */
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
        // The page is thrown away when hidden, and says `ready` again when it is back.
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
        if (await this.ports.run(message)) this.post({ type: 'done', action: message.action });
        return;
      case 'copyReport':
        if (await this.ports.run(message)) this.post({ type: 'done', action: 'copyReport' });
        return;
      case 'key':
      case 'account':
      case 'unlockModel':
        await this.ports.run(message);
        this.feed.now();
    }
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
