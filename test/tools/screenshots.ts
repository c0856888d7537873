/** Entry of `npm run screenshots`: README's pictures of the packaged extension with a simulated OpenRouter, on port 9999. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Simulator } from '../simulator/simulator';
import { PackagedVsCode } from './packaged';
import { checkoutFolder } from './paths';
import { pollUntil } from './quickInput';
import type { VsCodeWindow } from './vscodeWindow';

const key = (name: string): string => `sk-or-v1-picture-${name.padStart(56, '0')}`;

/** Keys with the labels in the pictures; accounts have the limits of OpenRouter's two tiers. */
const keys = [
  { label: 'private', key: key('a41c') },
  { label: 'laptop', key: key('77e0') },
  { label: 'work', key: key('93bd') },
  { label: 'team', key: key('c2f5') },
];

const accounts = [
  {
    name: 'private',
    userId: 'user_private',
    keys: [key('a41c'), key('77e0')],
    dailyLimit: 1000,
    usedToday: 212,
  },
  { name: 'work', userId: 'user_work', keys: [key('93bd')], dailyLimit: 50, usedToday: 50 },
  { name: 'team', userId: 'user_team', keys: [key('c2f5')], dailyLimit: 1000, usedToday: 61, credits: 12.5 },
];

const agents = ['claude-cli/2.1', 'codex_cli_rs/0.9', 'opencode/1.2', 'Cline/4.1'];
const models = ['deepseek/deepseek-v4-flash:free', 'meta-llama/llama-3.3-70b-instruct:free'];

/** Folders by which Connect Client finds clients on the machine. */
const clientFolders = ['.cline', '.claude', '.codex', '.continue', '.config/opencode', '.qwen', '.pi/agent'];
/** Connected clients, each with the model of its last request. */
const connected = [
  ['Claude Code', 'deepseek/deepseek-v4-flash:free'],
  ['Cline', 'meta-llama/llama-3.3-70b-instruct:free'],
] as const;

interface Clip {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const size = { width: 1120, height: 640 };
/** A list is as high as a part of the window. */
const tall = { ...size, height: 1200 };
/** Where the status bar's tooltip opens. */
const corner: Clip = { x: 0, y: 435, width: 680, height: 205 };

async function main(): Promise<void> {
  const simulator = await Simulator.start({ accounts });
  const home = mkdtempSync(path.join(tmpdir(), 'keywheel-pictures-'));
  for (const folder of clientFolders) mkdirSync(path.join(home, folder), { recursive: true });
  try {
    const port = 9999;
    const vscode = await PackagedVsCode.start({
      vsixPath: path.join(checkoutFolder(), 'dist', 'keywheel.vsix'),
      machineSettings: {
        'keywheel.port': port,
        'keywheel.upstreamUrl': simulator.baseUrl,
        'keywheel.timezone': 'UTC',
        'workbench.activityBar.location': 'hidden',
        'workbench.layoutControl.enabled': false,
        'window.commandCenter': false,
      },
      env: { HOME: home },
      ...size,
    });
    try {
      await take(vscode, await vscode.openWindow(), port);
    } finally {
      await vscode.close();
    }
  } finally {
    await simulator.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

async function take(vscode: PackagedVsCode, window: VsCodeWindow, port: number): Promise<void> {
  await window.waitForStatusBarItem('keywheel.status', /Add Key/, 60_000);
  await window.runCommand('View: Close Primary Side Bar');
  await vscode.setTheme('light');
  await window.runCommand('Keywheel: Add Key');
  await window.quickInput.type(keys.map((each) => each.key).join(', '), /OpenRouter/);
  await window.quickInput.waitFor(/found/);
  await picture(window, 'step-1-add-keys', await quickInputClip(window));
  await window.quickInput.dismiss();
  for (const { label, key: raw } of keys) {
    await window.runCommand('Keywheel: Add Key');
    await window.quickInput.fill(raw, /OpenRouter/);
    await window.nameAddedKey(label);
    await window.clearNotifications();
  }
  await window.runCommand('Keywheel: Copy Proxy Key');
  await pollUntil(async () => (await window.clipboard()).startsWith('kw-'), 'The proxy key was not copied');
  const proxyKey = await window.clipboard();
  for (let turn = 0; turn < 28; turn++) await ask(`http://127.0.0.1:${port}/api/v1`, proxyKey, turn);
  for (const [client, model] of connected) await connect(window, client, model);
  await window.page.setViewportSize(tall);
  await window.runCommand('Keywheel: Connect Client');
  await window.quickInput.waitFor(/client/i);
  await pause(1_000);
  await picture(window, 'step-2-connect-client', await quickInputClip(window));
  await window.quickInput.dismiss();
  await window.page.setViewportSize(size);
  // VS Code gets another tooltip every ten seconds at most, and fades it in.
  await pause(11_000);
  await window.statusBarTooltip('keywheel.status');
  await pause(1_000);
  await picture(window, 'step-3-watch', corner);
  await window.runCommand('Keywheel: Open Dashboard');
  const frame = await window.webviewFrame('table');
  await frame.locator('tr.single').first().waitFor();
  // Until the messages of the status bar are gone.
  await pause(6_000);
  await window.clearNotifications();
  for (const theme of ['light', 'dark'] as const) {
    await vscode.setTheme(theme);
    await window.page.mouse.move(560, 400);
    await pause(1_500);
    await picture(window, `dashboard-${theme}`);
  }
}

async function connect(window: VsCodeWindow, client: string, model: string): Promise<void> {
  await window.runCommand('Keywheel: Connect Client');
  await window.quickInput.pick(client, /Select a client/);
  await window.quickInput.pick(model, /model/);
  const yes = window.page.locator('.monaco-dialog-box .monaco-button');
  await yes.getByText('Connect', { exact: true }).click();
  await window.waitForNotification(new RegExp(`${client} is connected`));
  await window.clearNotifications();
}

/** The box or list that is open, with its shadow. */
async function quickInputClip({ page }: VsCodeWindow): Promise<Clip> {
  const bounds = await page.locator('.quick-input-widget').filter({ visible: true }).boundingBox();
  if (bounds === null) throw new Error('No box is open.');
  const { x, y, width, height } = bounds;
  return { x: x - 16, y: 0, width: width + 32, height: y + height + 16 };
}

/** Pictures the window or a part of it, as `docs/images/<name>.png`. */
async function picture(window: VsCodeWindow, name: string, clip?: Clip): Promise<void> {
  const file = path.join(checkoutFolder(), 'docs', 'images', `${name}.png`);
  await window.page.screenshot({ path: file, ...(clip && { clip }) });
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

async function ask(baseUrl: string, proxyKey: string, turn: number): Promise<void> {
  const response = await fetch(`${baseUrl}/chat/completions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${proxyKey}`,
      'content-type': 'application/json',
      'user-agent': agents[turn % agents.length] ?? '',
    },
    body: JSON.stringify({
      model: models[turn % models.length],
      messages: [{ role: 'user', content: `Question ${turn}` }],
    }),
  });
  await response.text();
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
