// From no key to keys in turn, by clicks and keys alone: walkthrough, paste, sign-in, used up, unlock, remove, undo; clients.
import assert from 'node:assert/strict';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Page } from 'playwright-core';
import type { Simulator } from '../simulator/simulator';
import { checkoutFolder } from '../tools/paths';
import type { PackagedVsCode } from '../tools/packaged';
import { pollUntil } from '../tools/quickInput';
import type { Theme } from '../tools/themes';
import type { VsCodeWindow } from '../tools/vscodeWindow';
import { freePort } from '../support/freePort';
import { testConnecting } from './scenes/connecting';
import { Stage } from './support/stage';

const annaKey = 'sk-or-v1-e2e-anna-000000000000000000000000000000000000000000000001';
const benKey = 'sk-or-v1-e2e-ben-0000000000000000000000000000000000000000000000002';
const deadKey = 'sk-or-v1-e2e-dead-00000000000000000000000000000000000000000000003';
const clientsKey = `sk-or-v1-e2e-clients-${'0'.repeat(48)}`;
const themes: readonly Theme[] = ['light', 'highContrast', 'dark'];

describe('keys, by clicks and keys alone', () => {
  const stage = new Stage();
  let simulator: Simulator;
  let vscode: PackagedVsCode;
  let window: VsCodeWindow;
  let port: number;
  let home: string;

  before(async () => {
    home = await stage.makeFolder('keywheel-e2e-home-');
    simulator = await stage.startSimulator({
      accounts: [
        { name: 'anna', userId: 'user_anna', keys: [annaKey], dailyLimit: 50 },
        { name: 'ben', userId: 'user_ben', keys: [benKey], dailyLimit: 50 },
        { name: 'cleo', userId: 'user_cleo', keys: [], dailyLimit: 1000 },
        { name: 'dora', userId: 'user_dora', keys: [clientsKey], dailyLimit: 50 },
      ],
      signedIn: 'cleo',
      authPage: 'page',
    });
    port = await freePort();
    vscode = await stage.startVsCode({
      vsixPath: path.join(checkoutFolder(), 'dist', 'keywheel.vsix'),
      machineSettings: {
        'keywheel.port': port,
        'keywheel.upstreamUrl': simulator.baseUrl,
        'workbench.startupEditor': 'none',
      },
      // As for a user, beside all of VS Code's own extensions.
      ownExtensions: 'all',
      env: { HOME: home },
      // Wide enough for the walkthrough's pictures.
      width: 1600,
      height: 900,
    });
    window = await vscode.openWindow();
    await window.waitForStatusBarItem('keywheel.status', /key/i);
  });

  it('opens the walkthrough by its command', async () => {
    await window.runCommand('Keywheel: Open Walkthrough');
    await window.page.getByText('Add your OpenRouter keys').first().waitFor();
    await pictures('k01-walkthrough-first-step');
    assert.equal(await doneSteps(), 0);
  });

  it('takes several keys from one paste, begun by a click in the walkthrough', async () => {
    await window.page
      .locator('.step-description-container, .step-container')
      .getByText('Add Key')
      .first()
      .click();
    await window.quickInput.waitFor(/OpenRouter keys/);
    await window.quickInput.type(
      `OPENROUTER_KEYS=${annaKey}:40,${benKey} OPENROUTER_API_KEY=${deadKey}`,
      /Add Key/,
    );
    await window.quickInput.waitFor(/Keys found: 3/);
    await pictures('k02-paste-of-three-keys');
    await window.page.keyboard.press('Enter');
    const said = await window.waitForNotification(/Keys added/);
    assert.match(said, /Not added: sk-or-v1-\.\.\.0003 \(invalid\)\. Keys added: 2, accounts: 2\./);
    await pictures('k03-summary-of-the-paste');
    await window.clearNotifications();
    await window.waitForStatusBarItem('keywheel.status', /90/);
    await pollUntil(async () => (await doneSteps()) === 1, 'The first step was never done');
    await pictures('k04-first-step-done');
  });

  it('adds a key by signing in on OpenRouter’s page', async () => {
    const opened = window.page.context().waitForEvent('page');
    await window.runCommand('Keywheel: Sign In with OpenRouter');
    await window.waitForNotification(/Complete the sign-in/);
    await pictures('k05-waiting-for-the-sign-in');
    const page = await opened;
    await page.locator('#authorize').click();
    await page.getByText('Signed in').waitFor();
    await picture(page, 'k06-page-after-the-sign-in');
    await page.close();
    const said = await window.waitForNotification(/added/);
    assert.match(said, /Key “sk-or-v1-\.\.\..{4}” added\. 1,000 of 1,000 free requests left today/);
    await window.waitForStatusBarItem('keywheel.status', /1,090/);
    await pictures('k07-signed-in');
    await window.clearNotifications();
  });

  it('takes a pasted code where the browser does not come back', async () => {
    const first = window.page.context().waitForEvent('page');
    await window.runCommand('Keywheel: Sign In with OpenRouter');
    await window.waitForNotification(/Complete the sign-in/);
    await (await first).close();
    await window.pressInNotification('Complete the sign-in', 'Cancel');
    await window.waitForNotification(/not completed/);
    const second = window.page.context().waitForEvent('page');
    await window.pressInNotification('not completed', 'Paste a Code');
    const page = await second;
    const code = await page.locator('#code').innerText();
    await page.close();
    await window.quickInput.type('nothing like it', /Paste the code/);
    await window.quickInput.waitFor(/does not contain a sign-in code/);
    await pictures('k08-paste-a-code');
    await window.quickInput.fill(code, /code/);
    const said = await window.waitForNotification(/added/);
    assert.match(said, /2 keys of one account: 1,000 free requests a day/);
    await window.clearNotifications();
  });

  it('rotates, and completes the walkthrough by that', async () => {
    await window.runCommand('Keywheel: Copy Proxy Key');
    await pollUntil(
      async () => (await window.clipboard()).startsWith('kw-'),
      'The clipboard never held the proxy key',
    );
    for (let turn = 0; turn < 3; turn++) assert.equal(await askOutside(await window.clipboard()), 200);
    await pollUntil(async () => (await doneSteps()) === 3, 'The walkthrough was never completed');
    await pictures('k09-walkthrough-completed');
  });

  it('tells once that all is used, until when', async () => {
    const proxyKey = await window.clipboard();
    for (const name of ['anna', 'ben', 'cleo']) simulator.spendElsewhere(name, 1_000);
    assert.equal(await askOutside(proxyKey), 429);
    const said = await window.waitForNotification(/No free requests left/);
    assert.match(said, /^Keywheel: No free requests left today\. They reset at/);
    await pictures('k10-all-used');
    await window.pressInNotification('No free requests left', 'Open Dashboard');
    const dashboard = await window.webviewFrame('main');
    await dashboard.getByText('Used up until').first().waitFor();
    await window.clearNotifications();
    await dashboard.evaluate(
      `new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))`,
    );
    await pictures('k11-dashboard-all-used');
  });

  it('unlocks an account from the dashboard, once it has allowance again', async () => {
    for (const name of ['anna', 'ben', 'cleo']) simulator.account(name).dailyLimit = 5_000;
    const dashboard = await window.webviewFrame('main');
    // The second key, because the first one has a limit of its own.
    await dashboard.getByRole('button', { name: /^More/ }).nth(1).click();
    await pictures('k12-account-menu', ['dark']);
    await dashboard.getByText('Unlock', { exact: true }).click();
    // Check Now comes last, because its reading lifts the lock too, and the menu then offers no Unlock.
    await dashboard.getByRole('button', { name: /^More/ }).nth(1).click();
    await dashboard.getByText('Check Now', { exact: true }).click();
    await pollUntil(async () => (await askOutside(await window.clipboard())) === 200, 'Never served again');
    await dashboard.locator('tr.single').nth(1).getByText('Ready').waitFor();
    await pictures('k12-unlocked', ['dark']);
  });

  it('keeps a list open that loses the focus to the dashboard, until Escape', async () => {
    await window.runCommand('Keywheel: Remove Key');
    await window.quickInput.waitFor(/Select a key to remove/);
    const dashboard = await window.webviewFrame('main');
    await pollUntil(async () => {
      await dashboard.locator('vscode-tab-header').first().focus();
      return (await window.quickInput.state())?.hasFocus === false;
    }, 'The dashboard never took the focus, or the list closed');
    await window.quickInput.waitFor(/Select a key to remove/);
    await window.quickInput.dismiss();
  });

  it('undoes a removal', async () => {
    const before = await removableKeys();
    await window.runCommand('Keywheel: Remove Key');
    await window.quickInput.pick(before[0] ?? '', /Select a key to remove/);
    // Without a picture, because Undo is offered for ten seconds only.
    await window.pressInNotification('removed', 'Undo');
    // The removal ends some time later, and an open list does not change.
    await pollUntil(
      async () => isDeepStrictEqual(await removableKeys(), before),
      'The key never came back to its place',
    );
  });

  it('writes the next request and its answer to the log, once', async () => {
    await window.runCommand('Keywheel: Record Next Request');
    await window.waitForNotification(/Record the next request/);
    await pictures('k13-record-asks');
    await window.pressInNotification('Record the next request', 'Record');
    // The window asks the host; nothing shows when it has heard.
    await pollUntil(async () => {
      assert.equal(await askOutside(await window.clipboard()), 200);
      // Three accounts are asked 20 times a minute at most.
      await delay(1_500);
      return (await window.notifications()).some((message) => /are in the log/.test(message));
    }, 'No request was ever written to the log');
    await window.pressInNotification('are in the log', 'Show Log');
    await window.page
      .locator('.view-line')
      .filter({ hasText: /---.end.---/ })
      .first()
      .waitFor();
    await pictures('k14-recorded', ['dark']);
    await window.clearNotifications();
    await window.runCommand('View: Toggle Panel Visibility');
  });

  it('removes everything after a yes', async () => {
    await window.runCommand('Keywheel: Remove All Data');
    const dialog = window.page.locator('.monaco-dialog-box');
    await dialog.getByText('Remove all Keywheel data?').waitFor();
    await pictures('k16-remove-everything');
    await dialog.getByRole('button', { name: 'Remove All Data' }).click();
    await window.waitForNotification(/data was removed/);
    await window.waitForStatusBarItem('keywheel.status', /Keywheel: Add Key/);
    await pictures('k17-everything-removed', ['dark']);
    await window.clearNotifications();
    await window.runCommand('Keywheel: Open Dashboard');
    const dashboard = await window.webviewFrame('vscode-tab-header');
    for (const name of ['Activity', 'History']) {
      await dashboard.getByRole('tab', { name }).click();
      await dashboard.getByText('No request yet.').filter({ visible: true }).waitFor();
    }
  });

  describe('then clients', () => {
    testConnecting(() => ({ vscode, window, port, home, key: clientsKey }));
  });

  /** Pictures the window in each theme, first in the present one, because a change costs a third of a second. */
  async function pictures(name: string, wanted: readonly Theme[] = themes): Promise<void> {
    const { theme: shown } = vscode;
    for (const theme of [...wanted].sort((one, other) => Number(other === shown) - Number(one === shown))) {
      if (theme !== vscode.theme) await vscode.setTheme(theme);
      await window.screenshot(`${name}-${theme}`);
    }
  }

  async function picture(page: Page, name: string): Promise<void> {
    const file = path.join(checkoutFolder(), 'test', 'e2e', 'screenshots', `${name}.png`);
    await page.screenshot({ path: file });
  }

  /** The present items of Remove Key. */
  async function removableKeys(): Promise<readonly string[]> {
    await window.runCommand('Keywheel: Remove Key');
    await window.quickInput.waitFor(/Select a key to remove/);
    await pollUntil(async () => (await window.quickInput.rows()).length > 0, 'The list stayed empty');
    const rows = await window.quickInput.rows();
    await window.quickInput.dismiss();
    return rows;
  }

  /** How many steps of the walkthrough are ticked. */
  async function doneSteps(): Promise<number> {
    return await window.page.locator('.getting-started-step .codicon-getting-started-step-checked').count();
  }

  async function askOutside(proxyKey: string): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${proxyKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'a/b:free', messages: [{ role: 'user', content: 'Say hello' }] }),
    });
    await response.text();
    return response.status;
  }
});
