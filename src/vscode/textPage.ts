// One panel that shows a text page; its buttons run the page's actions.
import * as v from 'valibot';
import { ViewColumn, window, type Uri, type WebviewPanel } from 'vscode';
import type { Disposable } from '../base/disposable';
import type { Log } from '../base/log';
import { pageHtml, type PageContent } from '../words/pageHtml';
import { frameOf } from './panels';

const pressedSchema = v.object({ action: v.string() });

/** Functions by action; a button with an unknown action does nothing. */
export type PageActions = Readonly<Record<string, () => Promise<unknown>>>;

/** At most one panel; a new page replaces the earlier one. */
export class TextPage implements Disposable {
  private panel: WebviewPanel | undefined;
  private actions: PageActions = {};

  constructor(
    private readonly extensionUri: Uri,
    private readonly log: Log,
  ) {}

  show(content: PageContent, actions: PageActions): void {
    const panel = this.panel ?? this.open();
    this.actions = actions;
    panel.title = content.title;
    panel.webview.html = pageHtml(content, frameOf(panel, this.extensionUri));
    panel.reveal();
  }

  dispose(): void {
    this.panel?.dispose();
  }

  private open(): WebviewPanel {
    const panel = window.createWebviewPanel('keywheel.page', 'Keywheel', ViewColumn.Active);
    panel.webview.onDidReceiveMessage((message: unknown) => void this.onMessage(message));
    panel.onDidDispose(() => (this.panel = undefined));
    this.panel = panel;
    return panel;
  }

  private async onMessage(message: unknown): Promise<void> {
    const pressed = v.safeParse(pressedSchema, message);
    if (!pressed.success || !Object.hasOwn(this.actions, pressed.output.action)) return;
    try {
      await this.actions[pressed.output.action]?.();
    } catch (error: unknown) {
      this.log.error(`The button ${pressed.output.action} failed.`, error);
    }
  }
}
