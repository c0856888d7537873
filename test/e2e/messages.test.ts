// What people are told: every setting with a wrong value, and commands without key, proxy or upstream. Printed as tables.
import assert from 'node:assert/strict';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { Simulator } from '../simulator/simulator';
import { checkoutFolder } from '../vscode/paths';
import { PackagedVsCode } from '../vscode/packaged';
import { pollUntil } from '../vscode/quickInput';
import type { VsCodeWindow } from '../vscode/vscodeWindow';
import { freePort } from './support/freePort';

const key = 'sk-or-v1-e2e-anna-000000000000000000000000000000000000000000000001';
const otherKey = 'sk-or-v1-e2e-anna-000000000000000000000000000000000000000000000002';
const offline = 'http://127.0.0.1:9/api/v1';
const unknownHost = 'https://openrouter.invalid/api/v1';

/** Each setting with a value that it must not have, and what its message has to name. */
const wrong: readonly (readonly [setting: string, value: unknown, rule: RegExp])[] = [
  ['autoStart', 'yes', /true or false/],
  ['port', 70_000, /a whole number from 1 to 65535/],
  ['upstreamUrl', 'http://example.com/api/v1', /https:\/\//],
  ['timezone', 'Berlin', /time zone/],
  ['maxWaitSeconds', -1, /a number from 0 to 3600/],
  ['maxWaiting', 1.5, /a whole number from 0 to 10000/],
  ['deadlineSeconds', 0, /a number from 1 to 3600/],
  ['firstTokenTimeoutSeconds', '120', /a number from 1 to 3600/],
  ['idleTimeoutSeconds', 3601, /a number from 1 to 3600/],
  ['keepAliveAfterSeconds', 0, /a number from 1 to 3600/],
  ['exhaustedStatus', 500, /one of 429, 402/],
  ['fallbackModels', { 'a/b': 'c/d' }, /list of models/],
  ['terminal.clients', ['emacs'], /a list of any of/],
  ['statusBar.format', 'words', /one of number, percent, usedOfLimit/],
];

describe('messages', () => {
  let simulator: Simulator;
  let vscode: PackagedVsCode;
  let window: VsCodeWindow;
  let base: Record<string, unknown>;
  const table: string[] = [];

  before(async () => {
    simulator = await Simulator.start({
      accounts: [{ name: 'anna', userId: 'user_anna', keys: [key, otherKey] }],
    });
    base = {
      'keywheel.port': await freePort(),
      'keywheel.upstreamUrl': simulator.baseUrl,
      'workbench.startupEditor': 'none',
    };
    const vsixPath = path.join(checkoutFolder(), 'dist', 'keywheel.vsix');
    vscode = await PackagedVsCode.start({ vsixPath, machineSettings: base });
    window = await vscode.openWindow();
    await window.waitForStatusBarItem('keywheel.status', /Add a key/, 60_000);
  });

  after(async () => {
    console.log(table.join('\n'));
    await vscode.close();
    await simulator.stop();
  });

  for (const [setting, value, rule] of wrong) {
    it(`refuse a wrong ${setting} with one message, and what was good stays in use`, async () => {
      await vscode.setMachineSettings({ ...base, [`keywheel.${setting}`]: value });
      const said = await window.waitForNotification(
        new RegExp(`keywheel\\.${setting.replace('.', '\\.')} must be`),
      );
      assert.match(said, rule);
      assert.equal((await window.notifications()).length, 1);
      table.push(`| ${setting} | ${JSON.stringify(value)} | ${said} |`);
      if (setting === 'port') await window.screenshot('m01-wrong-setting');
      await vscode.setMachineSettings(base);
      await window.clearNotifications();
      const health = await fetch(`http://127.0.0.1:${String(base['keywheel.port'])}/health`);
      assert.equal(health.status, 200);
    });
  }

  it('tell what is missing without a key', async () => {
    for (const command of ['Remove Key', 'Export Key List']) await notOffered(command, 'no key');
    await notOffered('Disconnect All Clients', 'no client');
    assert.equal(await answerWithoutKey(), 402);
    await tell('no key', 'Add Key', async () => {
      await window.quickInput.type('hello', /OpenRouter API key/);
      await window.page.keyboard.press('Enter');
      return (await window.quickInput.waitFor(/not an OpenRouter key/)).message;
    });
    await window.quickInput.dismiss();
  });

  it('tell what is missing without a proxy', async () => {
    await window.runCommand('Keywheel: Stop Proxy');
    await window.waitForStatusBarItem('keywheel.status', /stopped/);
    for (const command of ['Copy Base URL', 'Record Next Request', 'Send Test Request', 'Stop Proxy'])
      await notOffered(command, 'no proxy');
    await tell('no proxy', 'Add Key', async () => await addKey(key, 'private'));
    await window.runCommand('Keywheel: Start Proxy');
    await window.waitForStatusBarItem('keywheel.status', /50/);
  });

  it('tell who has the port', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    await vscode.setMachineSettings({ ...base, 'keywheel.port': port });
    const item = await window.waitForStatusBarItem('keywheel.status', /taken/);
    table.push(`| port taken | (status bar) | ${item.text}: ${item.label} |`);
    await tell('port taken', 'Start Proxy', async () => await window.waitForNotification(/Keywheel/));
    await window.screenshot('m02-port-taken');
    await vscode.setMachineSettings(base);
    taken.close();
    await window.waitForStatusBarItem('keywheel.status', /50/);
    await window.clearNotifications();
  });

  for (const [state, upstreamUrl] of [
    ['offline upstream', offline],
    ['no network', unknownHost],
  ] as const) {
    it(`tell that OpenRouter cannot be reached: ${state}`, async () => {
      await vscode.setMachineSettings({ ...base, 'keywheel.upstreamUrl': upstreamUrl });
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      await tell(state, 'Add Key', async () => await addKey(otherKey, 'spare'));
      await window.runCommand('Keywheel: Remove Key');
      await window.quickInput.pick('spare', /Choose the key/);
      table.push(`| ${state} | Remove Key | ${await window.waitForNotification(/removed/)} |`);
      await window.clearNotifications();
      await tell(state, 'Sign In with OpenRouter', async () => {
        // VS Code asks before it opens a page that is not on this machine.
        if (upstreamUrl === unknownHost)
          await window.page.locator('.monaco-dialog-box').getByRole('button', { name: 'Cancel' }).click();
        await window.waitForNotification(/Waiting for you/);
        await window.pressInNotification('Waiting for you', 'Cancel');
        await window.waitForNotification(/not finished/);
        await window.pressInNotification('not finished', 'Paste a Code');
        if (upstreamUrl === unknownHost)
          await window.page.locator('.monaco-dialog-box').getByRole('button', { name: 'Cancel' }).click();
        await window.quickInput.fill('0123456789abcdef', /Paste the code/);
        return await window.waitForNotification(/could not be reached/);
      });
    });
  }

  /** Runs the command, and notes what it made VS Code say. */
  async function tell(state: string, command: string, said: () => Promise<string>): Promise<void> {
    await window.runCommand(`Keywheel: ${command}`);
    table.push(`| ${state} | ${command} | ${await said()} |`);
    await window.clearNotifications();
  }

  /** The palette does not offer the command in this state. */
  async function notOffered(command: string, state: string): Promise<void> {
    await assert.rejects(window.quickInput.runCommand(`Keywheel: ${command}`, 2_000));
    await window.page.keyboard.press('Escape');
    table.push(`| ${state} | ${command} | (not offered) |`);
  }

  async function addKey(raw: string, label: string): Promise<string> {
    await window.quickInput.fill(raw, /OpenRouter API key/);
    await window.quickInput.fill(label, /Label/);
    return await window.waitForNotification(/added/, 30_000);
  }

  async function answerWithoutKey(): Promise<number> {
    await window.runCommand('Keywheel: Copy Proxy Key');
    await pollUntil(async () => (await window.clipboard()).startsWith('kw-'), 'No proxy key');
    const response = await fetch(
      `http://127.0.0.1:${String(base['keywheel.port'])}/api/v1/chat/completions`,
      {
        method: 'POST',
        headers: { authorization: `Bearer ${await window.clipboard()}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'a/b:free', messages: [] }),
      },
    );
    table.push(`| no key | (a request) | ${response.status} ${await response.text()} |`);
    return response.status;
  }
});
