/** One window of VS Code in the browser, used as a person would. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { CDPSession, Frame, Locator, Page } from 'playwright-core';
import * as v from 'valibot';
import { clean, matches, pollUntil, QuickInput, type TextMatch } from './quickInput';
import { THEMES, type Theme } from './themes';

/** The shapes that the page's code returns. */
const statusBarItemSchema = v.optional(v.object({ text: v.string(), label: v.string() }));
const messagesSchema = v.array(v.string());

export interface StatusBarItem {
  /** The visible text, without icons. */
  readonly text: string;
  /** The text for screen readers. */
  readonly label: string;
}

const READY_TIMEOUT_MS = 240_000;

const showNotifications = 'Notifications: Show Notifications';

export class VsCodeWindow {
  readonly quickInput: QuickInput;
  private pictures: Promise<CDPSession> | undefined;

  constructor(
    readonly page: Page,
    private readonly screenshotFolder: string,
  ) {
    this.quickInput = new QuickInput(page);
  }

  /** Resolves when the workbench is there. */
  async load(address: string): Promise<void> {
    await this.page.goto(address);
    await this.waitForWorkbench();
  }

  /** Loads the window anew: its extension host ends (extensions are deactivated) and another one starts. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.waitForWorkbench();
  }

  /**
   * Resolves when VS Code has stored its open editors, one of which is of this kind. In a browser it stores them every five
   * seconds: a window that is loaded anew before that has none of them.
   */
  async waitUntilStored(viewType: string): Promise<void> {
    await pollUntil(
      async () => String(await this.page.evaluate(READ_STORED_EDITORS)).includes(viewType),
      `VS Code never stored that ${viewType} is open`,
    );
  }

  /** Closes the window as a user does; its extension host deactivates the extensions. */
  async close(): Promise<void> {
    if (this.page.isClosed()) return;
    const closed = this.page.waitForEvent('close');
    await this.page.close({ runBeforeUnload: true });
    await closed;
  }

  /** Runs a command by its label in the palette, such as "Keywheel: Add Key". */
  async runCommand(label: string): Promise<void> {
    await this.quickInput.runCommand(label);
  }

  /** The item whose id ends with `id`; undefined when it is not shown. */
  async statusBarItem(id: string): Promise<StatusBarItem | undefined> {
    // One evaluation for both texts, because tests that wait ask many times a second.
    const seen = await this.page.evaluate(`(() => {
      const label = document.querySelector(${JSON.stringify(`${statusBarSelector(id)} .statusbar-item-label`)});
      return label === null ? undefined : { text: label.textContent, label: label.ariaLabel ?? '' };
    })()`);
    const item = v.parse(statusBarItemSchema, seen);
    return item && { text: clean(item.text), label: clean(item.label) };
  }

  /** Resolves to the item once its text matches. */
  async waitForStatusBarItem(id: string, text: TextMatch, timeoutMs?: number): Promise<StatusBarItem> {
    let seen: StatusBarItem | undefined;
    const matched = async (): Promise<boolean> => {
      seen = await this.statusBarItem(id);
      return seen !== undefined && matches(seen.text, text);
    };
    await pollUntil(matched, `No status bar item ${id} with ${String(text)}`, timeoutMs).catch(
      (error: unknown) => {
        throw new Error(`Status bar item ${id} shows ${JSON.stringify(seen?.text)}.`, { cause: error });
      },
    );
    if (!seen) throw new Error(`No status bar item ${id}.`);
    return seen;
  }

  async clickStatusBarItem(id: string): Promise<void> {
    await this.statusBarLocator(id).locator('a').first().click();
  }

  /** The text that appears while the pointer rests on the item. */
  async statusBarTooltip(id: string): Promise<string> {
    await this.statusBarLocator(id).hover();
    const hover = this.page.locator('.monaco-hover.workbench-hover').filter({ visible: true }).first();
    // The hover may not come, or may go again: the caller tries again.
    return (await hover.innerText({ timeout: 10_000 })).trim();
  }

  /** The messages of all visible notifications. */
  async notifications(): Promise<string[]> {
    const seen = await this.page.evaluate(
      `[...document.querySelectorAll('.notification-list-item-message')].map(({ innerText }) => innerText)`,
    );
    return v.parse(messagesSchema, seen).map(clean);
  }

  /** The message of the first notification that matches; looks into the list of all if VS Code does not show it. */
  async waitForNotification(text: TextMatch, timeoutMs?: number): Promise<string> {
    const listAtMs = Date.now() + 20_000;
    let isListed = false;
    let found: string | undefined;
    const matched = async (): Promise<boolean> => {
      found = (await this.notifications()).find((message) => matches(message, text));
      if (found !== undefined || isListed || Date.now() < listAtMs) return found !== undefined;
      isListed = true;
      await this.runCommand(showNotifications);
      return false;
    };
    await pollUntil(matched, `No notification with ${String(text)}`, timeoutMs);
    return found ?? '';
  }

  /** Presses a button of the notification with the text; in the list of all if VS Code has hidden it after ten seconds. */
  async pressInNotification(text: TextMatch, button: string): Promise<void> {
    const item = this.page.locator('.notification-list-item').filter({ hasText: text }).first();
    const pressed = item.locator('.monaco-button').filter({ hasText: button }).first();
    await pressed.click({ timeout: 15_000 }).catch(async () => {
      await this.runCommand(showNotifications);
      await pressed.click();
    });
  }

  /** Gives a name to the key that a notification says was added. */
  async nameAddedKey(name: string): Promise<void> {
    await this.pressInNotification('added', 'Name Key');
    await this.quickInput.fill(name, /Name for sk-or-/);
    // The message is shown for three seconds, in which a slow machine may draw nothing.
    const said = this.page.locator('.statusbar-item').getByText(`Key “${name}” named`);
    await said.waitFor({ timeout: 10_000 }).catch(() => undefined);
  }

  /** Closes all visible notifications by their own buttons, because the palette's command takes longer. */
  async clearNotifications(): Promise<void> {
    const closers = this.page.locator('.notification-list-item .codicon-notifications-clear');
    const allClosed = async (): Promise<boolean> => {
      for (const closer of await closers.all())
        await closer.dispatchEvent('click', {}, { timeout: 500 }).catch(() => undefined); // It may go by itself.
      return (await this.notifications()).length === 0;
    };
    await pollUntil(allClosed, 'Notifications stayed');
  }

  /**
   * The innermost frame of the webview in which `selector` is found (any webview when it is not given). The
   * frame is another one after a reload or when its HTML is set anew: ask again then.
   */
  async webviewFrame(selector = 'body', timeoutMs?: number): Promise<Frame> {
    let found: Frame | undefined;
    const isThere = async (): Promise<boolean> => {
      for (const frame of this.page.frames()) {
        // The workbench, the webview's outer page, and in it the extension's own.
        const isInner = frame.parentFrame()?.parentFrame() === this.page.mainFrame();
        if (
          isInner &&
          (await frame
            .locator(selector)
            .count()
            .catch(() => 0)) > 0
        ) {
          found = frame;
          return true;
        }
      }
      return false;
    };
    await pollUntil(isThere, `No webview with ${selector}`, timeoutMs);
    if (!found) throw new Error(`No webview with ${selector}.`);
    return found;
  }

  /** The clipboard's text, as a command of the extension left it. */
  async clipboard(): Promise<string> {
    return String(await this.page.evaluate('navigator.clipboard.readText()'));
  }

  /** Resolves when the workbench has a theme of this kind. */
  async waitForTheme(theme: Theme): Promise<void> {
    await this.page.locator(`.monaco-workbench.${THEMES[theme].workbenchClass}`).waitFor();
  }

  /** Writes `<name>.png` into the folder for screenshots and gives its path. */
  async screenshot(name: string): Promise<string> {
    await mkdir(this.screenshotFolder, { recursive: true });
    const file = path.join(this.screenshotFolder, `${name}.png`);
    // Without Playwright's own steps against moving pictures, which double the time: nothing moves or blinks here.
    this.pictures ??= this.page.context().newCDPSession(this.page);
    const { data } = await (
      await this.pictures
    ).send('Page.captureScreenshot', { format: 'png', optimizeForSpeed: true });
    await writeFile(file, data, 'base64');
    return file;
  }

  private statusBarLocator(id: string): Locator {
    return this.page.locator(statusBarSelector(id)).first();
  }

  private async waitForWorkbench(): Promise<void> {
    await this.page.locator('.monaco-workbench .part.statusbar').waitFor({ timeout: READY_TIMEOUT_MS });
  }
}

function statusBarSelector(id: string): string {
  return `.statusbar-item[id$="${id}"]`;
}

/** Code as text, because the test runner's compiler would put its own names into a function. */
const READ_STORED_EDITORS = `(async () => {
  const result = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const stored = [];
  for (const { name } of await indexedDB.databases()) {
    const database = await result(indexedDB.open(name));
    if (database.objectStoreNames.contains('ItemTable'))
      stored.push(await result(database.transaction('ItemTable').objectStore('ItemTable').get('memento/workbench.parts.editor')));
    database.close();
  }
  return stored.join();
})()`;
