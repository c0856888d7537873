// VS Code's own chat, without an account: Keywheel's models in its picker, and those of another proxy by Custom Endpoint.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { freePort } from '../support/freePort';
import { toolCallStream } from '../support/toolCalls';
import type { Simulator } from '../simulator/simulator';
import { checkoutFolder } from '../tools/paths';
import { pollUntil } from '../tools/quickInput';
import type { VsCodeWindow } from '../tools/vscodeWindow';
import { Stage } from './support/stage';

const key = 'sk-or-v1-e2e-chat-000000000000000000000000000000000000000000000001';
const freeModel = 'meta-llama/llama-3.3-70b-instruct:free';
const client = 'VS Code Chat by Custom Endpoint';
const listBefore = '[\n  // nothing yet\n]\n';
const claudeBefore = '{\n  "includeCoAuthoredBy": false // mine\n}\n';

describe('VS Code’s chat', () => {
  const stage = new Stage();
  let simulator: Simulator;
  let window: VsCodeWindow;
  let port: number;
  /** VS Code's list of groups of models. */
  let list: string;
  let claudeFile: string;
  let proxyKey: string;

  before(async () => {
    simulator = await stage.startSimulator({
      accounts: [{ name: 'anna', keys: [key], dailyLimit: 1000 }],
      answer: { text: 'The wheel turns, and the keys take turns.' },
    });
    port = await freePort();
    const home = await stage.makeFolder('keywheel-chat-');
    claudeFile = path.join(home, '.claude', 'settings.json');
    await mkdir(path.dirname(claudeFile));
    await writeFile(claudeFile, claudeBefore);
    const vscode = await stage.startVsCode({
      vsixPath: path.join(checkoutFolder(), 'dist', 'keywheel.vsix'),
      ownExtensions: 'all',
      userSettings: { 'chat.disableAIFeatures': false },
      machineSettings: { 'keywheel.port': port, 'keywheel.upstreamUrl': simulator.baseUrl },
      env: { HOME: home },
    });
    list = path.join(vscode.server.dataFolder, 'User', 'chatLanguageModels.json');
    window = await vscode.openWindow();
    await window.waitForStatusBarItem('keywheel.status', /Add Key/);
    await window.runCommand('Keywheel: Add Key');
    await window.quickInput.fill(key, /OpenRouter/);
    await window.waitForStatusBarItem('keywheel.status', /1,000/);
    await window.clearNotifications();
    await window.page.keyboard.press('Control+Alt+I');
    await window.page.locator('.chat-input-container').waitFor();
  });

  it('offers Keywheel’s models in its picker as soon as there is a key', async () => {
    await window.page.locator('.chat-input-container').getByText('Simulated:').waitFor();
    await openPicker();
    await picker().getByRole('option', { name: 'free · 1,000 left today' }).first().waitFor();
    await window.screenshot('60-model-picker');
    await closePicker();
  });

  it('runs Keywheel’s tool and shows the answer, without anyone’s account, once Keywheel has turned the chat on', async () => {
    await window.runCommand('Keywheel: Connect Client');
    await window.quickInput.pick('VS Code Chat', /Select a client/);
    await window.quickInput.waitFor(/always available/);
    await window.page.keyboard.press('Enter');
    await window.page.getByText('Install Model Providers').waitFor();
    await window.screenshot('61-models-of-vscode');
    await window.page.keyboard.press('Escape');
    await window.page.getByText('Install Model Providers').waitFor({ state: 'hidden' });
    // The text is of VS Code's chat extension; until it runs, the chat asks for an account.
    await window.page.locator('.interactive-session').getByText('Unlocks full AI features').waitFor();
    callTool();
    await ask('What turns?', 1);
    assertToolRan();
    await window.screenshot('62-chat');
    assert.equal(lastAsked()?.header('x-title'), 'VS Code chat');
  });

  it('takes a group of models for a proxy elsewhere, by VS Code’s own command', async () => {
    await writeFile(list, listBefore);
    await window.runCommand('Keywheel: Copy Proxy Key');
    await pollUntil(async () => (await window.clipboard()).startsWith('kw-'), 'The proxy key was not copied');
    proxyKey = await window.clipboard();
    await window.runCommand('Keywheel: Connect Client');
    await window.quickInput.pick(client, /Select a client/);
    await window.quickInput.fill(`http://127.0.0.1:${port}/api/v1`, /Address/);
    await window.quickInput.fill(proxyKey, /proxy key/);
    await window.page.locator('.monaco-dialog-box').waitFor();
    await window.screenshot('63-custom-endpoint');
    await press('Connect');
    await window.waitForNotification(/is connected/);
    const written = await readFile(list, 'utf8');
    assert.ok(written.includes(`"http://127.0.0.1:${port}/api/v1/chat/completions"`), written);
    assert.ok(!written.includes(proxyKey), written);
    await window.clearNotifications();
  });

  it('asks that proxy with the model that is chosen from the group', async () => {
    await openPicker();
    await picker().getByText('Other Models', { exact: true }).click();
    await picker().getByText('Keywheel Server').first().waitFor();
    await window.screenshot('64-model-picker-with-group');
    await picker().getByRole('option', { name: freeModel }).last().click();
    callTool();
    await ask('And now?', 2);
    assertToolRan();
    assert.equal(lastAsked()?.model, freeModel);
    assert.notEqual(lastAsked()?.header('x-title'), 'VS Code chat');
    await window.screenshot('65-chat-by-group');
  });

  it('gives VS Code’s list its bytes back', async () => {
    await window.runCommand('Keywheel: Disconnect Client');
    await window.page.locator('.monaco-dialog-box').waitFor();
    await press('Disconnect');
    await window.waitForNotification(new RegExp(`Disconnected: ${client}`));
    assert.equal(await readFile(list, 'utf8'), listBefore);
    assert.ok(!existsSync(`${list}.keywheel-backup`));
  });

  it('tells once that a connected client’s model has ended, and puts what OpenRouter names in its place', async () => {
    await window.clearNotifications();
    await window.runCommand('Keywheel: Connect Client');
    await window.quickInput.pick('Claude Code', /Select a client/);
    await window.quickInput.pick(freeModel, /model/);
    await window.page.locator('.monaco-dialog-box').waitFor();
    await press('Connect');
    await window.waitForNotification(/Claude Code is connected/);
    await window.clearNotifications();
    assert.ok((await readFile(claudeFile, 'utf8')).includes(freeModel));
    await askForEnded();
    const said = await window.waitForNotification(/has ended the model/);
    assert.match(said, /used by Claude Code\. deepseek\/deepseek-v4-flash:free can take its place/);
    await window.screenshot('66-model-ended');
    await window.pressInNotification(/has ended the model/, 'Use deepseek/deepseek-v4-flash:free');
    await window.waitForNotification(/Updated: Claude Code/);
    const written = await readFile(claudeFile, 'utf8');
    assert.ok(written.includes('deepseek/deepseek-v4-flash:free') && !written.includes(freeModel), written);
    await window.clearNotifications();
    await askForEnded();
    await window.runCommand('Keywheel: Disconnect Client');
    await window.page.locator('.monaco-dialog-box').waitFor();
    assert.deepEqual(await window.notifications(), []);
    await press('Disconnect');
    await pollUntil(
      async () => (await readFile(claudeFile, 'utf8')) === claudeBefore,
      'The file never was as before',
    );
  });

  /** From outside, as any client; OpenRouter says that the model has ended. */
  async function askForEnded(): Promise<void> {
    const availability = {
      code: 'free_variant_ended',
      retryable: false,
      requested_models: [freeModel],
      fallback_models: ['deepseek/deepseek-v4-flash:free'],
    };
    const error = { code: 404, message: 'The free variant has ended.', availability };
    simulator.script({
      path: '/chat/completions',
      fault: {
        kind: 'respond',
        status: 404,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ error }),
      },
    });
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${proxyKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: freeModel, messages: [{ role: 'user', content: 'Hello.' }] }),
    });
    assert.equal(answer.status, 404);
    await answer.text();
  }

  /** The model's next answer calls Keywheel's own tool, before it answers in words. */
  function callTool(): void {
    simulator.script({
      path: '/chat/completions',
      where: ({ bodyText }) => bodyText.includes('"keywheel_whatIsLeft"'),
      fault: {
        kind: 'respond',
        status: 200,
        headers: { 'content-type': 'text/event-stream' },
        body: toolCallStream('/chat/completions', 'keywheel_whatIsLeft', {}),
      },
    });
  }

  function assertToolRan(): void {
    const { bodyText = '' } = lastAsked() ?? {};
    assert.ok(bodyText.includes('call_1') && bodyText.includes('freeRequestsADay'), bodyText.slice(-1500));
  }

  function picker(): ReturnType<typeof window.page.locator> {
    return window.page.locator('.action-widget').filter({ visible: true }).first();
  }

  async function openPicker(): Promise<void> {
    await window.page.locator('.chat-input-container').getByText('Simulated:').first().click();
    await picker().waitFor();
  }

  async function closePicker(): Promise<void> {
    await window.page.keyboard.press('Escape');
    await picker().waitFor({ state: 'hidden' });
  }

  async function ask(text: string, answers: number): Promise<void> {
    await window.page.locator('.chat-input-container .monaco-editor').first().click();
    await window.page.keyboard.type(text);
    await window.page.keyboard.press('Enter');
    const answer = window.page
      .locator('.interactive-session')
      .getByText('The wheel turns, and the keys take turns.');
    await pollUntil(async () => (await answer.count()) >= answers, 'The answer was never shown', 60_000);
  }

  async function press(button: string): Promise<void> {
    await window.page.locator('.monaco-dialog-box .monaco-button').getByText(button, { exact: true }).click();
  }

  function lastAsked(): ReturnType<typeof simulator.requestsTo>[number] | undefined {
    return simulator.requestsTo('/chat/completions').at(-1);
  }
});
