// The dashboard of this window: at most one panel, which survives reloads.
import { ViewColumn, window, type WebviewPanel } from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import { DashboardPanel, dashboardRoots, type DashboardPanelPorts } from './dashboardPanel';

const viewType = 'keywheel.dashboard';

/** Opens, restores and owns the panel. */
export class Dashboard implements Disposable {
  private readonly owned = new DisposableStore();
  private shown: DashboardPanel | undefined;

  constructor(private readonly ports: DashboardPanelPorts) {
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
    this.adopt(
      window.createWebviewPanel(viewType, 'Keywheel', ViewColumn.Active, {
        enableScripts: true,
        localResourceRoots: dashboardRoots(this.ports.extensionUri),
      }),
    );
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
