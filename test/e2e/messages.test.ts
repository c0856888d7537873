// Messages to people: every setting with a wrong value, and every command without key, proxy, network or upstream; as a table.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Simulator } from '../simulator/simulator';
import { checkoutFolder } from '../tools/paths';
import type { PackagedVsCode } from '../tools/packaged';
import { pollUntil } from '../tools/quickInput';
import type { VsCodeWindow } from '../tools/vscodeWindow';
import { addNamed, keys, rows, states, type Row, type State } from './support/commandCells';
import { CommandKeys } from './support/commandKeys';
import { freePort } from '../support/freePort';
import { offeredSettings, paletteCommands } from './support/manifest';
import { MessageTable } from './support/messageTable';
import { Reactions } from './support/reactions';
import { wrongSettings } from './support/wrongSettings';
import { Stage } from './support/stage';

describe('messages', () => {
  const stage = new Stage();
  let simulator: Simulator;
  let vscode: PackagedVsCode;
  let window: VsCodeWindow;
  let seen: Reactions;
  let base: Record<string, unknown>;
  const titles = paletteCommands();
  const commandKeys = new CommandKeys([...titles.keys()]);
  const foundInPalette = new Set<string>();
  const table = new MessageTable();

  before(async () => {
    stage.own(table, async (made) => await made.write());
    const accounts = [{ name: 'anna', userId: 'user_anna', keys, dailyLimit: 50 }];
    simulator = await stage.startSimulator({ accounts, authPage: 'page' });
    base = { 'keywheel.port': await freePort(), 'keywheel.upstreamUrl': simulator.baseUrl };
    const vsixPath = path.join(checkoutFolder(), 'dist', 'keywheel.vsix');
    vscode = await stage.startVsCode({ vsixPath, machineSettings: base, keybindings: commandKeys.bindings });
    // A client that can be connected.
    await mkdir(path.join(vscode.server.dataFolder, '..', 'home', '.claude'), { recursive: true });
    window = await vscode.openWindow();
    seen = new Reactions(window);
    // Pages of OpenRouter that the sign-in opens.
    window.page.context().on('page', (page) => void page.close());
    await window.waitForStatusBarItem('keywheel.status', /Keywheel: Add Key/);
  });

  it('are known for every command and every setting of the manifest', () => {
    assert.deepEqual(rows.map(({ command }) => command).sort(), [...titles.keys()].sort());
    assert.deepEqual(
      [...new Set(wrongSettings.map(([setting]) => setting))].sort(),
      [...offeredSettings()].sort(),
    );
  });

  for (const state of states) {
    describe(`of commands: ${state}`, () => {
      let offered: readonly string[];

      before(async () => {
        await enter[state]();
        const { text, label } = await seen.shows(/./);
        table.note(`Status bar: ${state}`, `“${text}”, spoken “${label}”`);
        // VS Code hears some time later what may be offered.
        const isWrong = ({ command, cells, offeredOrNot }: Row): boolean =>
          offeredOrNot !== true &&
          offered.includes(titles.get(command) ?? command) !== (cells[state] !== null);
        await pollUntil(async () => {
          offered = await seen.offered();
          return !rows.some(isWrong);
        }, 'The palette never offered these').catch(() => undefined); // Each test tells what it misses.
      });

      for (const { command, cells, offeredOrNot } of rows) {
        const title = titles.get(command) ?? command;
        const cell = cells[state];
        it(cell === null ? `does not offer ${title}` : `${title} says what comes of it`, async () => {
          if (offeredOrNot !== true) assert.equal(offered.includes(title), cell !== null, offered.join());
          if (cell === null || !offered.includes(title)) {
            table.noteCommand(title, state, '(not offered)');
            return;
          }
          await run(command, title);
          table.noteCommand(title, state, await cell(seen));
          await seen.nothingElse();
        });
      }
    });
  }

  describe('of settings', () => {
    before(async () => {
      base = { ...base, 'keywheel.statusBar.format': 'usedOfLimit' };
      await vscode.setMachineSettings(base);
      await seen.run('Start Proxy');
      await seen.shows(/0\/50/);
    });

    for (const [setting, value, rule] of wrongSettings) {
      it(`say once what ${setting} must be instead of ${JSON.stringify(value)}, and the last good value stays`, async () => {
        await vscode.setMachineSettings({ ...base, [`keywheel.${setting}`]: value });
        const said = await window.waitForNotification(`keywheel.${setting} must be`);
        assert.match(said, rule);
        assert.match(said, /Wrong values are ignored\.$/);
        assert.equal((await window.notifications()).length, 1);
        table.noteSetting(setting, value, await seen.says(/must be/));
        await seen.shows(/0\/50/);
        assert.equal((await fetch(origin('/health'))).status, 200);
      });
    }

    it('name all that are wrong in one message, and requests are served as before', async () => {
      const all = Object.fromEntries(wrongSettings.map(([setting, value]) => [`keywheel.${setting}`, value]));
      await vscode.setMachineSettings({ ...base, ...all });
      const said = await seen.says(/These settings have wrong values/);
      for (const setting of offeredSettings())
        assert.ok(said.includes(`keywheel.${setting}`), `${setting} in: ${said}`);
      const { status } = await ask();
      assert.equal(status, 200);
      await vscode.setMachineSettings(base);
    });

    it('tell who has the port', async () => {
      // A program that answers, because a silent one has another message.
      const taken = createServer((_, response) => response.writeHead(404).end());
      await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
      try {
        const { port } = taken.address() as AddressInfo;
        await vscode.setMachineSettings({ ...base, 'keywheel.port': port });
        const { text, label } = await seen.shows(/in use/);
        table.note('Status bar: port taken', `“${text}”, spoken “${label}”`);
        await seen.run('Start Proxy');
        const said = await seen.says(/is used by another program\. Close that program, or/);
        table.note('Start Proxy: port taken', said);
      } finally {
        taken.close();
      }
    });
  });

  it('tell a client what is missing without a key', async () => {
    const { status, text } = await ask();
    assert.equal(status, 402);
    table.note('A client asks: no key', `${status}: ${text}`);
  });

  const enter: Readonly<Record<State, () => Promise<void>>> = {
    'no key': async () => {
      await seen.shows(/Keywheel: Add Key/);
    },
    'proxy stopped': async () => {
      await seen.shows(/stopped/);
      await seen.run('Add Key');
      await addNamed(seen, keys[0] ?? '', 'private', /Key “sk-or-.*” added/);
    },
    // The changed status bar shows that the settings have come.
    'no network': async () => {
      await reachNothingAt('https://openrouter.invalid/api/v1', 'usedOfLimit');
      await seen.shows(/0\/50/);
    },
    // Unreachable again as soon as the first question has failed.
    'offline upstream': async () => {
      await seen.run('Start Proxy');
      await reachNothingAt('http://127.0.0.1:9/api/v1', 'percent');
      await seen.shows(/100\s?%|OpenRouter unreachable/);
      // Waits until the unknown name is no longer in use.
      await pollUntil(
        async () => !/ENOTFOUND/.test((await window.statusBarItem('keywheel.status'))?.label ?? ''),
        'The status bar never left the state before',
      );
    },
  };

  /** Runs the command from the palette the first time, then by its key, which takes a tenth of the time. */
  async function run(command: string, title: string): Promise<void> {
    if (foundInPalette.has(command)) {
      await seen.listen();
      await commandKeys.press(window.page, command);
      return;
    }
    await seen.run(title);
    foundInPalette.add(command);
  }

  async function reachNothingAt(upstreamUrl: string, format: string): Promise<void> {
    await vscode.setMachineSettings({
      ...base,
      'keywheel.upstreamUrl': upstreamUrl,
      'keywheel.statusBar.format': format,
    });
  }

  function origin(path: string): string {
    return `http://127.0.0.1:${String(base['keywheel.port'])}${path}`;
  }

  /** Asks as a client, with the proxy key of Copy Proxy Key. */
  async function ask(): Promise<{ status: number; text: string }> {
    await seen.run('Copy Proxy Key');
    await seen.flashes(/Proxy key copied/);
    const response = await fetch(origin('/api/v1/chat/completions'), {
      method: 'POST',
      headers: { authorization: `Bearer ${await window.clipboard()}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'a/b:free', messages: [] }),
    });
    return { status: response.status, text: await response.text() };
  }
});
