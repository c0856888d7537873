/** Real clients get an answer through the proxy, configured only by Connect Client, in a home of their own. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import nodePath from 'node:path';
import { SystemClock } from '../../src/base/clock';
import { filesOf, type ClientFile, type Endpoint, type FileClient } from '../../src/clients/client';
import { clientOf } from '../../src/clients/clientList';
import type { Undone } from '../../src/clients/fileConnections';
import type { FileRecord } from '../../src/clients/records';
import { TextLog } from '../../src/base/log';
import { KeywheelService } from '../../src/service/keywheelService';
import { defaultSettings } from '../../src/service/settings';
import { plainKey } from '../../src/service/keyring/storedKey';
import { Simulator } from '../simulator/simulator';
import { TemporaryHome } from '../unit/clients/temporaryHome';
import { Sandbox } from '../tools/sandbox';
import { ask, fetchRealClients, type RealClients } from './realClients';
import { toolCallStream } from '../support/toolCalls';

interface Case {
  readonly id: keyof RealClients;
  readonly file: string;
  /** The content of the user's file before. */
  readonly text: string;
  readonly path: string;
  /** The client's tool that reads a file; `args` are its arguments. */
  readonly tool: string;
  readonly args: (file: string) => object;
}

const cases: readonly Case[] = [
  {
    id: 'continue',
    file: '.continue/config.yaml',
    text: '# my own settings\nname: Mine # a name\nversion: 0.0.1\nschema: v1\n\n# no model yet\nmodels: []\nrules:\n  - Be short. # please\n',
    path: '/chat/completions',
    tool: 'Read',
    args: (filepath) => ({ filepath }),
  },
  {
    id: 'claudeCode',
    file: '.claude/settings.json',
    text: '{\n  "permissions": {\n    "allow": ["Bash(ls:*)"]\n  },\n  "includeCoAuthoredBy": false\n}\n',
    path: '/messages',
    tool: 'Read',
    args: (file_path) => ({ file_path }),
  },
  {
    id: 'codex',
    file: '.codex/config.toml',
    text: '# my own settings\nmodel = "gpt-5" # the best\nmodel_reasoning_effort = "low"\n\n# trusted\n[projects."/home/someone"]\ntrust_level = "trusted" # mine\n',
    path: '/responses',
    tool: 'exec_command',
    args: (file) => ({ cmd: `cat ${file}` }),
  },
  {
    id: 'kilo',
    file: '.config/kilo/kilo.jsonc',
    // Without a permission for its shell, Kilo Code writes one at its first start.
    text: '{\n  "$schema": "https://app.kilo.ai/config.json",\n  // my own settings\n  "share": "disabled", // never\n  "permission": { "bash": "ask" }\n}\n',
    path: '/chat/completions',
    tool: 'read',
    args: (filePath) => ({ filePath }),
  },
  {
    id: 'opencode',
    file: '.config/opencode/opencode.jsonc',
    text: '{\n\t"$schema": "https://opencode.ai/config.json",\n\t// my own settings\n\t"share": "disabled", // never\n\t"autoupdate": false\n}\n',
    path: '/chat/completions',
    tool: 'read',
    args: (filePath) => ({ filePath }),
  },
  {
    id: 'cline',
    file: '.cline/data/settings/providers.json',
    text: '{"version":1,"lastUsedProvider":"openrouter","modes":{},"providers":{"openrouter":{"settings":{"provider":"openrouter","apiKey":"sk-mine","model":"anthropic/claude-sonnet-5"},"updatedAt":"2026-01-01T00:00:00.000Z","tokenSource":"manual"}}}',
    path: '/chat/completions',
    tool: 'read_files',
    args: (file) => ({ files: [{ path: file }] }),
  },
  {
    id: 'qwenCode',
    file: '.qwen/settings.json',
    text: '{\n  "ui": { "hideTips": true },\n  "modelProviders": { "openai": [{ "id": "x/y:free", "baseUrl": "http:\\/\\/127.0.0.1:1/v1" }] },\n  "model": { "name": "mine" },\n  "$version": 4\n}\n',
    path: '/chat/completions',
    tool: 'read_file',
    args: (file_path) => ({ file_path }),
  },
  {
    id: 'pi',
    file: '.pi/agent/models.json',
    text: '{\n  "providers": {\n    // my own\n    "ollama": { "baseUrl": "http:\\/\\/localhost:11434/v1", "api": "openai-completions", "apiKey": "ollama", "models": [] }\n  }\n}\n',
    path: '/chat/completions',
    tool: 'read',
    args: (file) => ({ path: file }),
  },
];

const proxyKey = 'kw-test-0123456789abcdef01234567';
const freeModel = 'x/y:free';
const answer = 'The wheel turns and the keys take turns.';

describe('a client that was connected', function () {
  this.timeout(10 * 60_000);
  let installed: RealClients;
  let simulator: Simulator;
  let service: KeywheelService;
  let origin: string;
  let sandbox: Sandbox;

  before(async () => {
    installed = await fetchRealClients();
    sandbox = new Sandbox();
    const key = `sk-or-v1-${'a'.repeat(64)}`;
    simulator = await Simulator.start({
      accounts: [{ name: 'anna', keys: [key] }],
      answer: { text: answer },
    });
    const log = new TextLog(() => undefined);
    service = new KeywheelService({ clock: new SystemClock(), log, version: '0.0.0' });
    await service.configure({ ...defaultSettings, port: 0, upstreamUrl: simulator.baseUrl });
    service.setProxyKey(proxyKey);
    service.setKeys([plainKey(key)]);
    const state = await service.start();
    assert.equal(state.kind, 'running');
    origin = `http://127.0.0.1:${state.port}`;
  });

  after(async () => {
    await service.stop(0);
    service.dispose();
    await simulator.stop();
    await sandbox.close();
  });

  for (const { id, file, text, path, tool, args } of cases) {
    const client = fileClient(id);

    it(`gets its answer, after a tool that the model called: ${client.name}`, async function () {
      await using home = await TemporaryHome.make();
      await home.write(file, text, 0o600);
      const endpoint: Endpoint = { origin, proxyKey, model: freeModel };
      const records: [ClientFile, FileRecord][] = [];
      // Cline's other files are for its extension.
      for (const each of id === 'cline' ? [client] : filesOf(client))
        records.push([each, await home.connections.connect(each, endpoint)]);
      const written = await home.read(file);
      for (const [comment] of text.matchAll(/(#|\/\/).*/g)) assert.ok(written.includes(comment), comment);
      simulator.forget();
      const note = nodePath.join(sandbox.folder('empty'), 'note.txt');
      await writeFile(note, 'The spoke is oiled.\n');
      simulator.script({
        path,
        where: ({ bodyText }) => bodyText.includes(`"name":"${tool}"`),
        fault: {
          kind: 'respond',
          status: 200,
          headers: { 'content-type': 'text/event-stream' },
          body: toolCallStream(path, tool, args(note)),
        },
      });

      const said = await ask(installed[id], 'Say something.', home.folder, { sandbox, timeoutMs: 300_000 });
      assert.equal(said.code, 0, said.stderr + said.stdout);
      assert.ok(said.stdout.includes(answer), said.stdout + said.stderr);
      const asked = simulator.requestsTo(path);
      assert.ok(asked.length > 0, `nothing came to ${path}`);
      // Some clients ask for a title too, before or after the question.
      assert.ok(
        asked.some(({ bodyText }) => bodyText.includes('call_1') && bodyText.includes('The spoke is oiled.')),
        asked.map(({ bodyText }) => bodyText.slice(-500)).join('\n'),
      );
      assert.ok(asked.every((each) => each.bodyText.includes('"stream":true')));
      for (const [each, record] of records)
        assert.equal(await home.connections.state(each, record, endpoint), 'current');

      for (const { model } of asked) assert.equal(model, freeModel);
      // A tool that costs would make its requests paid ones.
      for (const each of service.activity()) assert.equal(each.class, 'free');
      const undone: Undone[] = [];
      for (const [each, record] of records) undone.push(await home.connections.disconnect(each, record));
      // Cline writes the time of its last use into the file.
      assert.equal(undone[0], id === 'cline' ? 'undone' : 'restored');
      const left = await home.read(file);
      if (id === 'cline') assert.deepEqual(JSON.parse(left), JSON.parse(text));
      else assert.equal(left, text);
    });
  }
});

function fileClient(id: keyof RealClients): FileClient {
  const client = clientOf(id);
  assert.equal(client.way, 'file');
  return client;
}
