/** Tests of the dashboard as people use it: in four themes, by keyboard alone, and in little room. */
import assert from 'node:assert/strict';
import type { Frame } from 'playwright-core';
import type { Settings } from '../../tools/settings';
import type { PackagedVsCode } from '../../tools/packaged';
import { pollUntil } from '../../tools/quickInput';
import { THEMES, type Theme } from '../../tools/themes';
import type { VsCodeWindow } from '../../tools/vscodeWindow';
import { axeFaults } from '../support/axe';
import { testLittleRoom } from './littleRoom';

const themes = Object.keys(THEMES) as Theme[];
const tabs = ['Accounts', 'History', 'Activity', 'Models'] as const;

export interface DashboardInUse {
  readonly vscode: PackagedVsCode;
  /** Settings of the machine. */
  readonly settings: Settings;
  /** A window with the dashboard open, two accounts (the second with one key), and past requests. */
  readonly window: VsCodeWindow;
}

/** To be called in a `describe`, the last of its file, as little room is. */
export function testDashboard(opened: () => DashboardInUse): void {
  let vscode: PackagedVsCode;
  let window: VsCodeWindow;
  let frame: Frame;
  let settings: Settings;

  before(async () => {
    ({ vscode, window, settings } = opened());
    frame = await window.webviewFrame('vscode-tab-header');
    await window.clearNotifications();
  });

  it('has no fault of axe in four themes', async () => {
    const faults: string[] = [];
    for (const theme of themes) {
      await vscode.setTheme(theme);
      for (const tab of tabs) {
        await frame.getByRole('tab', { name: tab }).click();
        if (tab === 'Activity') await frame.locator('.expander').first().click();
        await pause(300);
        await window.screenshot(`dashboard-${theme}-${tab.split(' ')[0]?.toLowerCase() ?? ''}`);
        faults.push(...(await axeFaults(frame)).map((fault) => `${theme}, ${tab}: ${fault}`));
        if (tab === 'Activity') await frame.locator('.expander').first().click();
      }
    }
    await vscode.setTheme('dark');
    assert.deepEqual(faults, []);
  });

  it('lets every action be reached and done by keyboard alone', async () => {
    await select('Accounts');
    const reached = await stops(40);
    for (const name of [
      /Copy Base URL/,
      /Copy Proxy Key/,
      /Accounts/,
      /Add Key/,
      /Use “/,
      /Edit “/,
      /More actions for “/,
    ])
      assert.ok(
        reached.some((stop) => name.test(stop)),
        `${String(name)} in ${reached.join(' | ')}`,
      );

    await frame.locator('tr.single .icon-button').first().focus();
    await press('Enter');
    await frame.locator('.editor').waitFor();
    await pollUntil(
      async () => (await frame.evaluate("document.activeElement?.closest('.editor') != null")) === true,
      'The editor has not the focus',
    );
    await press('Control+A');
    await window.page.keyboard.type('Ben at work');
    await press('Enter');
    await frame.locator('.title').filter({ hasText: 'Ben at work' }).waitFor();

    await frame.locator('tr.single .switch').focus();
    await press('Space');
    await frame.locator('tr.single .switch[aria-checked="false"]').waitFor();
    await press('Space');
    await frame.locator('tr.single .switch[aria-checked="true"]').waitFor();

    await frame.locator('tr.single [aria-haspopup="menu"]').focus();
    await press('Enter');
    await frame.locator('[role="menuitem"]').first().waitFor();
    const items = await frame.locator('[role="menuitem"]').allInnerTexts();
    for (const name of ['Check Now', 'Move Up', 'Remove', 'Turn Off', 'Edit…'])
      assert.ok(items.includes(name), items.join());
    await window.screenshot('dashboard-menu');
    await press('End');
    await press('Enter');
    await frame.locator('.undo-row').waitFor();
    await pollUntil(async () => (await focused()).startsWith('Undo'), 'Undo has not the focus');
    await press('Enter');
    await frame.locator('tr.single').waitFor();
    await frame.locator('.title').filter({ hasText: 'Ben at work' }).waitFor();

    await select('History');
    await frame.locator('.u-wrap').first().waitFor();
    await tabTo(/Show as table: Requests by account/);
    await press('Enter');
    await frame.locator('.chart-table table').first().waitFor();
    await press('Enter');
    await frame.locator('.chart-table table').first().waitFor({ state: 'hidden' });
    await tabTo(/^30 days/);
    await press('Enter');
    await frame.getByRole('button', { name: '30 days', pressed: true }).waitFor();

    await select('Activity');
    await frame.locator('.exchange').first().waitFor();
    await tabTo(/^Duration/);
    await press('Enter');
    await frame.locator('.took[aria-sort="descending"]').waitFor();
    await tabTo(/^\d\d:\d\d:\d\d/);
    await press('ArrowDown');
    await press('Enter');
    await frame.locator('.trail').waitFor();
    await tabTo(/Copy Report/);
    await press('Enter');
    await pollUntil(async () => (await window.clipboard()).startsWith('Keywheel: '), 'No report was copied');
    assert.doesNotMatch(await window.clipboard(), /sk-or|private|spare|Ben/);
  });

  describe('in little room', () => {
    testLittleRoom(() => ({ vscode, settings, window, frame }));
  });

  async function press(keys: string): Promise<void> {
    await window.page.keyboard.press(keys);
    await pause(80);
  }

  /** Goes to the tab with the arrow keys, from the one in front. */
  async function select(tab: string): Promise<void> {
    await frame.locator('vscode-tab-header[active]').focus();
    for (let at = await focused(); at !== tab; at = await focused()) {
      await press('ArrowRight');
      await pollUntil(async () => (await focused()) !== at, `The focus stayed at ${at}`);
    }
    await press('Enter');
    await frame.locator('vscode-tab-header[active]').filter({ hasText: tab }).waitFor();
  }

  /** The names of the elements that the Tab key reaches, in order. */
  async function stops(count: number): Promise<string[]> {
    await frame.evaluate('document.body.tabIndex = -1; document.body.focus(); window.scrollTo(0, 0)');
    const names: string[] = [];
    for (let stop = 0; stop < count; stop++) {
      await window.page.keyboard.press('Tab');
      names.push(await focused());
    }
    return names;
  }

  async function tabTo(name: RegExp): Promise<void> {
    for (let stop = 0; stop < 60; stop++) {
      if (name.test(await focused())) return;
      await window.page.keyboard.press('Tab');
    }
    assert.fail(`The Tab key does not reach ${String(name)}`);
  }

  async function focused(): Promise<string> {
    return String(
      await frame.evaluate(`(() => {
        const at = document.activeElement;
        if (at === document.body) return '';
        return at?.getAttribute('aria-label') ?? at?.label ?? at?.innerText ?? at?.tagName ?? '';
      })()`),
    ).trim();
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
