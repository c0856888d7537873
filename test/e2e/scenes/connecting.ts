/** Tests of connecting clients by clicks and keys: texts, written files, the test request, the doctor, the undo. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runCommand } from '../../tools/command';
import type { PackagedVsCode } from '../../tools/packaged';
import { pollUntil } from '../../tools/quickInput';
import type { VsCodeWindow } from '../../tools/vscodeWindow';
import { freePort } from '../../support/freePort';
import { Reactions } from '../support/reactions';

const continueText = '# my models\nname: Mine\nversion: 0.0.1\nschema: v1\nmodels: [] # none yet\n';
const claudeText = '{\n  "includeCoAuthoredBy": false\n}\n';

export interface EmptyVsCode {
  readonly vscode: PackagedVsCode;
  readonly window: VsCodeWindow;
  readonly port: number;
  /** Where clients keep their settings. */
  readonly home: string;
  /** A key of an account with 50 requests a day; VS Code has no key yet. */
  readonly key: string;
}

/** To be called in a `describe`, after tests that leave VS Code without keys. */
export function testConnecting(opened: () => EmptyVsCode): void {
  let vscode: PackagedVsCode;
  let window: VsCodeWindow;
  let port: number;
  let home: string;
  let key: string;

  before(async () => {
    ({ vscode, window, port, home, key } = opened());
    await vscode.setTheme('dark');
    await put('.continue/config.yaml', continueText);
    await put('.claude/settings.json', claudeText);
    await window.waitForStatusBarItem('keywheel.status', /Keywheel: Add Key/);
    await window.runCommand('Keywheel: Add Key');
    await window.quickInput.fill(key, /OpenRouter/);
    await window.nameAddedKey('private');
    await window.waitForStatusBarItem('keywheel.status', /50/);
    // The dashboard behind all this follows within a second.
    await (await window.webviewFrame('header .allowance')).getByText('of 50 free requests').waitFor();
    await window.clearNotifications();
  });

  // VS Code shows three messages in 800 ms and no more: a test is faster than a person.
  beforeEach(async () => await new Promise((resolve) => setTimeout(resolve, 1_000)));

  it('shows what it will write into Continue, and writes nothing without a yes', async () => {
    await choose('Continue');
    await window.quickInput.pick('openrouter/free', /model/);
    const text = await dialogText();
    assert.match(text, /config\.yaml/);
    assert.match(text, /apiBase/);
    assert.doesNotMatch(text, /kw-[A-Za-z0-9]/);
    await window.screenshot('20-connect-continue');
    await press('Cancel');
    assert.equal(await get('.continue/config.yaml'), continueText);
    await disconnectingIsNotOffered();
  });

  it('connects Continue and Claude Code after a yes', async () => {
    for (const [client, file] of [
      ['Continue', '.continue/config.yaml'],
      ['Claude Code', '.claude/settings.json'],
    ] as const) {
      await connect(client);
      assert.ok((await get(file)).includes(`127.0.0.1:${port}/api`));
      await window.clearNotifications();
    }
    assert.match(await get('.continue/config.yaml'), /# my models[\s\S]*# none yet/);
    await window.runCommand('Keywheel: Connect Client');
    await window.quickInput.waitFor(/Select a client/);
    await window.screenshot('21-clients-connected');
    await window.quickInput.dismiss();
  });

  it('says what came of a test request', async () => {
    await window.runCommand('Keywheel: Send Test Request');
    const said = await window.waitForNotification(/It works/);
    assert.match(said, /private/);
    await window.screenshot('22-test-request');
    await window.clearNotifications();
  });

  it('gives any other client its values', async () => {
    await choose('Any Other Client');
    const page = await window.webviewFrame('button[data-action="Proxy key"]');
    // The buttons are there a moment before the page's script listens to them.
    await pollUntil(async () => {
      await page.locator('button[data-action="Anthropic-compatible base URL"]').click();
      return (await window.clipboard()) === `http://127.0.0.1:${port}/api`;
    }, 'The base URL was never copied');
    await window.screenshot('23-any-other-client');
  });

  it('examines everything, and finds no fault', async () => {
    await window.runCommand('Keywheel: Run Doctor');
    const page = await window.webviewFrame('.ticks');
    await window.clearNotifications();
    await window.screenshot('24-doctor');
    const text = await page.locator('main').innerText();
    assert.match(text, /Everything looks good/);
    for (const part of [
      /This window serves port/,
      /OpenRouter answered in/,
      /private/,
      /Claude Code: connected/,
    ])
      assert.match(text, part);
    await pollUntil(async () => {
      await page.locator('button[data-action="copy"]').click();
      return (await window.clipboard()).startsWith('Keywheel');
    }, 'No report was copied');
    const report = await window.clipboard();
    assert.ok(!report.includes(key) && !report.includes('private') && !report.includes(home), report);
    await vscode.setTheme('light');
    await window.screenshot('25-doctor-light');
    await vscode.setTheme('highContrast');
    await window.screenshot('26-doctor-high-contrast');
    await vscode.setTheme('dark');
  });

  it('writes connected clients anew when the proxy key is made anew', async () => {
    const before = await get('.claude/settings.json');
    await window.runCommand('Keywheel: Make New Proxy Key');
    await dialogText();
    await press('Make New Proxy Key');
    await pollUntil(
      async () => /connected clients/.test(await dialogText()),
      'The clients were never listed',
    );
    await window.screenshot('27-rewrite');
    await press('Update');
    await window.waitForNotification(/Updated: Continue, Claude Code/);
    assert.notEqual(await get('.claude/settings.json'), before);
    await window.clearNotifications();
  });

  it('offers connected clients the new address once the port has changed', async () => {
    const before = port;
    port = await freePort();
    await vscode.changeMachineSettings({ 'keywheel.port': port });
    await window.waitForNotification(/the proxy has a new address/);
    await window.pressInNotification(/the proxy has a new address/, 'Update Clients…');
    await dialogText();
    await press('Update');
    await window.waitForNotification(/Updated: Continue, Claude Code/);
    for (const file of ['.continue/config.yaml', '.claude/settings.json']) {
      const text = await get(file);
      assert.ok(text.includes(`127.0.0.1:${port}/api`) && !text.includes(`127.0.0.1:${before}/`), text);
    }
    await window.clearNotifications();
  });

  it('gives both files their bytes back', async () => {
    await window.runCommand('Keywheel: Disconnect All Clients');
    await dialogText();
    await window.screenshot('28-disconnect');
    await press('Disconnect');
    await window.waitForNotification(/Disconnected: Continue, Claude Code/);
    assert.equal(await get('.continue/config.yaml'), continueText);
    assert.equal(await get('.claude/settings.json'), claudeText);
    assert.ok(!existsSync(path.join(home, '.claude/settings.json.keywheel-backup')));
    await disconnectingIsNotOffered();
  });

  it('gives the bytes back when it is uninstalled while a client is connected', async () => {
    await window.clearNotifications();
    await connect('Claude Code');
    const extensions = path.join(path.dirname(vscode.server.dataFolder), 'extensions');
    const name = (await readdir(extensions)).find((entry) => entry.startsWith('keywheel.keywheel'));
    assert.ok(name);
    // VS Code runs the script of the manifest, from the extension's folder, when the extension is gone.
    const script = path.join(extensions, name, 'dist', 'uninstall.js');
    const said = await runCommand(process.execPath, [script], { env: { HOME: home }, timeoutMs: 60_000 });
    assert.match(said, /claudeCode .*: restored/);
    assert.equal(await get('.claude/settings.json'), claudeText);
  });

  it('gives the bytes back when everything is removed, and nothing of Keywheel’s is left', async () => {
    await window.clearNotifications();
    await connect('Claude Code');
    await window.clearNotifications();
    await window.runCommand('Keywheel: Remove All Data');
    assert.match(await dialogText(), /all keys \(1\)[\s\S]*Claude Code: .*settings\.json/);
    await window.screenshot('29-remove-everything');
    await press('Remove All Data');
    const said = await window.waitForNotification(/data was removed/);
    assert.match(said, /Disconnected: Claude Code/);
    await window.screenshot('30-everything-removed');
    assert.equal(await get('.claude/settings.json'), claudeText);
    await window.waitForStatusBarItem('keywheel.status', /Keywheel: Add Key/);
  });

  /** Without a client that is connected. */
  async function disconnectingIsNotOffered(): Promise<void> {
    await window.page.locator('.monaco-dialog-box').waitFor({ state: 'detached' });
    // VS Code hears some time later what may be offered.
    await pollUntil(
      async () => !(await new Reactions(window).offered()).includes('Disconnect All Clients'),
      'It stayed offered',
    );
  }

  async function choose(client: string): Promise<void> {
    await window.runCommand('Keywheel: Connect Client');
    await window.quickInput.pick(client, /Select a client/);
  }

  async function connect(client: string): Promise<void> {
    await choose(client);
    await window.quickInput.pick('openrouter/free', /model/);
    await dialogText();
    await press('Connect');
    await window.waitForNotification(new RegExp(`${client} is connected`));
  }

  async function dialogText(): Promise<string> {
    const dialog = window.page.locator('.monaco-dialog-box');
    await dialog.waitFor();
    return await dialog.innerText();
  }

  async function press(button: string): Promise<void> {
    await window.page.locator('.monaco-dialog-box .monaco-button').getByText(button, { exact: true }).click();
  }

  async function put(name: string, text: string): Promise<void> {
    const file = path.join(home, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  }

  async function get(name: string): Promise<string> {
    return await readFile(path.join(home, name), 'utf8');
  }
}
