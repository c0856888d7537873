/** Waits for the message or box that a command makes VS Code show, returns it in words, and closes it. */
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Locator } from 'playwright-core';
import * as v from 'valibot';
import { clean, matches, pollUntil } from '../../tools/quickInput';
import type { StatusBarItem, VsCodeWindow } from '../../tools/vscodeWindow';

const timeoutMs = 120_000;
/** VS Code shows three new notifications in 800 ms and no more: a test is faster than a person. */
const crowd = { notifications: 3, withinMs: 1_000 };

export class Reactions {
  private readonly saidAtMs: number[] = [];

  constructor(readonly window: VsCodeWindow) {}

  /** Runs a command of the palette by its title, without "Keywheel: ". */
  async run(title: string): Promise<void> {
    await this.listen();
    await this.window.runCommand(`Keywheel: ${title}`);
  }

  /** The commands that the palette offers now, without "Keywheel: ". */
  async offered(): Promise<string[]> {
    const { quickInput, page } = this.window;
    const size = page.viewportSize() ?? assert.fail('The window has no size of its own');
    // A window high enough for all rows, because only visible rows are drawn.
    await page.setViewportSize({ ...size, height: 1400 });
    try {
      let rows: readonly string[] = [];
      const look = async (): Promise<boolean> => {
        await quickInput.openPalette('Keywheel: ');
        // Commands used before are listed before the filter works: its finds are marked.
        await page
          .locator('.quick-input-widget .monaco-list-row .highlight')
          .first()
          .waitFor({ timeout: 10_000 });
        rows = await quickInput.rows();
        return rows.length > 0;
      };
      await pollUntil(async () => await look().catch(() => false), 'The palette never stayed open');
      await quickInput.dismiss();
      return rows.filter((row) => row.startsWith('Keywheel: ')).map((row) => row.replace('Keywheel: ', ''));
    } finally {
      await page.setViewportSize(size);
    }
  }

  /** Waits for a notification, and closes it or presses one of its buttons. */
  async says(text: RegExp, button?: string): Promise<string> {
    const said = await this.window.waitForNotification(text, timeoutMs);
    this.saidAtMs.push(Date.now());
    const item = this.window.page.locator('.notification-list-item').filter({ hasText: said.slice(0, 20) });
    const buttons = await item
      .locator('.notification-list-item-buttons-container .monaco-button')
      .allInnerTexts();
    const offers =
      buttons.length === 0 ? '' : `, with ${buttons.map((each) => `[${clean(each)}]`).join(' ')}`;
    await this.roomFor(1);
    if (button === undefined) await this.window.clearNotifications();
    else await this.window.pressInNotification(text, button);
    return `says “${said}”${offers}`;
  }

  /** Resolves when VS Code will show so many more notifications at once. */
  async roomFor(notifications: number): Promise<void> {
    const last = this.saidAtMs.at(notifications - crowd.notifications - 1);
    if (last !== undefined) await delay(Math.max(0, last + crowd.withinMs - Date.now()));
  }

  /** Waits for a dialog, and answers it. */
  async asks(text: RegExp, button = 'Cancel'): Promise<string> {
    const dialog = this.window.page.locator('.monaco-dialog-box');
    await dialog.waitFor({ timeout: timeoutMs });
    const message = clean(await dialog.locator('.dialog-message-text').innerText());
    const detail = clean((await dialog.locator('.dialog-message-detail').allInnerTexts()).join(' '));
    assert.match(`${message} ${detail}`, text);
    await dialog.locator('.monaco-button').getByText(button, { exact: true }).click();
    await dialog.waitFor({ state: 'detached', timeout: timeoutMs });
    return `asks “${[message, detail].filter((part) => part !== '').join(' ')}”`;
  }

  /** Waits for an input box or a pick list, and leaves it. */
  async wants(text: RegExp): Promise<string> {
    const { quickInput } = this.window;
    const { title, message, placeholder } = await quickInput.waitFor(text, timeoutMs);
    await quickInput.dismiss();
    return `wants “${[title, message === '' ? placeholder : message].join(': ')}”`;
  }

  /** To be called before a message in the status bar, which a slow machine would miss within its three seconds. */
  async listen(): Promise<void> {
    await this.window.page.evaluate(LISTEN);
  }

  /** Waits for a message in the status bar, which goes by itself. */
  async flashes(text: RegExp): Promise<string> {
    let seen: string | undefined;
    const isSeen = async (): Promise<boolean> => {
      const heard = v.parse(v.array(v.string()), await this.window.page.evaluate('[...window.heard]'));
      seen = heard.map(clean).find((each) => matches(each, text));
      return seen !== undefined;
    };
    await pollUntil(isSeen, `The status bar never said ${String(text)}`, timeoutMs);
    return `says in the status bar “${seen ?? ''}”`;
  }

  /** Keywheel's own item in the status bar. */
  async shows(text: RegExp): Promise<StatusBarItem> {
    return await this.window.waitForStatusBarItem('keywheel.status', text, timeoutMs);
  }

  /** Waits for a page of ours with the text at `selector`, and closes its tab of that name. */
  async opensPage(name: string, selector: string, text: RegExp): Promise<string> {
    let seen = '';
    const isSeen = async (): Promise<boolean> => {
      try {
        const frame = await this.window.webviewFrame(selector, timeoutMs);
        seen = (await frame.locator(selector).allInnerTexts()).map(clean).join(' ');
      } catch (error: unknown) {
        // The frame is a new one once its HTML is loaded.
        if (!/detached|destroyed|navigat/i.test(String(error))) throw error;
      }
      return text.test(seen);
    };
    await pollUntil(isSeen, `No page with ${String(text)}`, timeoutMs).catch((error: unknown) => {
      throw new Error(`The page shows ${JSON.stringify(seen)}.`, { cause: error });
    });
    await this.closeEditor(name);
    return `opens a page: “${seen}”`;
  }

  /** A part of the workbench. */
  async sees(part: Locator): Promise<void> {
    await part.first().waitFor({ timeout: timeoutMs });
  }

  /** Asserts that no notification is left, so that none came but the awaited ones. */
  async nothingElse(): Promise<void> {
    await pollUntil(async () => (await this.window.notifications()).length === 0, 'More was said');
  }

  /** The page in front; its tab has that name, and may be drawn after the page. */
  async closeEditor(name: string): Promise<void> {
    const tab = this.window.page.locator('.tabs-container .tab.active').filter({ hasText: name });
    await tab.locator('.tab-actions a').first().dispatchEvent('click', {}, { timeout: timeoutMs });
    await tab.waitFor({ state: 'detached', timeout: timeoutMs });
  }
}

/** Code as text, because the test runner's compiler would put its own names into a function. */
const LISTEN = `{
  const bar = document.querySelector('.part.statusbar');
  window.heard = new Set();
  window.hearing ??= new MutationObserver(() => {
    for (const item of bar.querySelectorAll('.statusbar-item')) window.heard.add(item.textContent);
  });
  window.hearing.observe(bar, { subtree: true, childList: true, characterData: true });
}`;
