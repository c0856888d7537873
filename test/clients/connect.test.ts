/** Real clients, configured by nothing but what Connect Client wrote into a home of their own, get an answer through the proxy. */
import assert from 'node:assert/strict';
import { SystemClock } from '../../src/base/clock';
import type { Endpoint, FileClient } from '../../src/service/clients/client';
import { clientOf } from '../../src/service/clients/clientList';
import { TextLog } from '../../src/base/log';
import { KeywheelService } from '../../src/service/keywheelService';
import { defaultSettings } from '../../src/service/settings';
import { plainKey } from '../../src/service/storedKey';
import { Simulator } from '../simulator/simulator';
import { TemporaryHome } from '../unit/service/clients/temporaryHome';
import { Sandbox } from '../vscode/sandbox';
import { ask, fetchRealClients, type RealClients } from './realClients';

interface Case {
  readonly id: keyof RealClients;
  readonly file: string;
  /** What the user's file holds before. */
  readonly text: string;
  readonly path: string;
}

const cases: readonly Case[] = [
  {
    id: 'continue',
    file: '.continue/config.yaml',
    text: '# my own settings\nname: Mine # a name\nversion: 0.0.1\nschema: v1\n\n# no model yet\nmodels: []\nrules:\n  - Be short. # please\n',
    path: '/chat/completions',
  },
  {
    id: 'claudeCode',
    file: '.claude/settings.json',
    text: '{\n  "permissions": {\n    "allow": ["Bash(ls:*)"]\n  },\n  "includeCoAuthoredBy": false\n}\n',
    path: '/messages',
  },
  {
    id: 'codex',
    file: '.codex/config.toml',
    text: '# my own settings\nmodel = "gpt-5" # the best\nmodel_reasoning_effort = "low"\n\n# trusted\n[projects."/home/someone"]\ntrust_level = "trusted" # mine\n',
    path: '/responses',
  },
  {
    id: 'opencode',
    file: '.config/opencode/opencode.jsonc',
    text: '{\n\t"$schema": "https://opencode.ai/config.json",\n\t// my own settings\n\t"share": "disabled", // never\n\t"autoupdate": false\n}\n',
    path: '/chat/completions',
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

  for (const { id, file, text, path } of cases) {
    const client = fileClient(id);

    it(`gets its answer: ${client.name}`, async function () {
      await using home = await TemporaryHome.make();
      await home.write(file, text, 0o600);
      const endpoint: Endpoint = { origin, proxyKey, model: freeModel };
      const record = await home.connections.connect(client, endpoint);
      const written = await home.read(file);
      for (const [comment] of text.matchAll(/(#|\/\/).*/g)) assert.ok(written.includes(comment), comment);
      simulator.forget();

      const said = await ask(installed[id], 'Say something.', home.folder, { sandbox, timeoutMs: 90_000 });
      assert.equal(said.code, 0, said.stderr + said.stdout);
      assert.ok(said.stdout.includes(answer), said.stdout + said.stderr);
      const asked = simulator.requestsTo(path);
      assert.ok(asked.length > 0, `nothing came to ${path}`);
      assert.equal(await home.connections.state(client, record, endpoint), 'current');

      assert.equal(await home.connections.disconnect(client, record), 'restored');
      assert.equal(await home.read(file), text);
    });
  }
});

function fileClient(id: keyof RealClients): FileClient {
  const client = clientOf(id);
  assert.equal(client.way, 'file');
  return client;
}
