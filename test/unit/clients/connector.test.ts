/** Clients of both ways together; Roo Code's extension is played by an object of its shape. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { claudeCodeClient } from '../../../src/clients/claudeCode';
import type { ClientFile } from '../../../src/clients/client';
import { codexClient } from '../../../src/clients/codex';
import { ConfigError } from '../../../src/clients/configFile';
import { FormatError } from '../../../src/clients/configFormat';
import { clients } from '../../../src/clients/clientList';
import type { Connector, ConnectorPorts } from '../../../src/clients/connector';
import { kiloClient, opencodeClient } from '../../../src/clients/openCode';
import { rooApi, rooClient, zooClient, type RooApi } from '../../../src/clients/roo';
import { curlLine, terminalVariables } from '../../../src/clients/values';
import { planText } from '../../../src/words/clientWords';
import { translator } from '../../../src/words/translate';
import { endpoint as proxy, moved, statesOf, TemporaryHome } from './temporaryHome';

const endpoint = { ...proxy, model: 'a/b:free' };

class PlayedRoo {
  readonly profiles = new Map<string, unknown>([['mine', {}]]);
  active: string | undefined = 'mine';

  getProfiles(): string[] {
    return [...this.profiles.keys()];
  }

  upsertProfile(name: string, profile: unknown, activate: boolean): Promise<string> {
    this.profiles.set(name, profile);
    if (activate) this.active = name;
    return Promise.resolve(name);
  }

  deleteProfile(name: string): Promise<void> {
    this.profiles.delete(name);
    return Promise.resolve();
  }

  getActiveProfile(): string | undefined {
    return this.active;
  }

  setActiveProfile(name: string): Promise<string> {
    this.active = name;
    return Promise.resolve(name);
  }
}

function connectorOf(
  home: TemporaryHome,
  roo: RooApi | null | ((wakes: boolean) => RooApi | 'asleep' | null),
): Connector {
  const rooApi: ConnectorPorts['rooApi'] = (_, wakes) =>
    Promise.resolve(typeof roo === 'function' ? roo(wakes) : roo);
  return home.connector({ rooApi });
}

describe('Connector', () => {
  it('knows the clients that are not developed any more, and names them last', () => {
    const ended = clients.filter(({ isEnded }) => isEnded).map(({ id }) => id);
    assert.deepEqual(ended, ['continue', 'roo']);
    assert.deepEqual(
      clients.slice(-2).map(({ id }) => id),
      ended,
    );
  });

  it('makes Zoo Code’s profile by what its own extension exports, beside Roo Code’s', async () => {
    await using home = await TemporaryHome.make();
    const played = { roo: new PlayedRoo(), zoo: new PlayedRoo() };
    const connector = home.connector({
      rooApi: ({ id }) => Promise.resolve(rooApi(id === 'zoo' ? played.zoo : played.roo)),
    });
    await connector.connect(zooClient, endpoint);
    assert.deepEqual([played.zoo.active, played.roo.active], ['Keywheel', 'mine']);
    assert.deepEqual(
      (await connector.states(endpoint)).map(({ client, state }) => [client.name, state]),
      [['Zoo Code', 'current']],
    );
    await connector.disconnectAll();
    assert.deepEqual([...played.zoo.profiles.keys(), played.zoo.active], ['mine', 'mine']);
  });

  it('makes Roo Code’s profile and takes it back, with the earlier one active again', async () => {
    await using home = await TemporaryHome.make();
    const roo = new PlayedRoo();
    const connector = connectorOf(home, rooApi(roo));
    await connector.connect(rooClient, endpoint);
    assert.equal(roo.active, 'Keywheel');
    assert.deepEqual(roo.profiles.get('Keywheel'), {
      apiProvider: 'openrouter',
      openRouterApiKey: endpoint.proxyKey,
      openRouterBaseUrl: 'http://127.0.0.1:9999/api/v1',
      openRouterModelId: 'a/b:free',
    });
    assert.deepEqual(await statesOf(connector, endpoint), ['current']);
    assert.deepEqual(await statesOf(connector, moved), ['outdated']);
    await connector.connect(rooClient, moved);
    const [done] = await connector.disconnectAll();
    assert.equal(done?.undone, 'restored');
    assert.equal(roo.active, 'mine');
    assert.deepEqual(roo.getProfiles(), ['mine']);
    assert.deepEqual(await connector.records(), []);
  });

  it('gives another model to all that use one, but not where the user has set something else', async () => {
    await using home = await TemporaryHome.make();
    const own = await home.write('.claude/settings.json', '{\n  "a": 1 // mine\n}\n');
    const roo = new PlayedRoo();
    const connector = connectorOf(home, rooApi(roo));
    await connector.connect(claudeCodeClient, endpoint);
    await connector.connect(rooClient, endpoint);
    await connector.connect(codexClient, endpoint);
    await home.write('.codex/config.toml', 'model_provider = "other"\n');
    const next = { ...endpoint, model: 'a/c:free' };
    const done = await connector.replaceModel('a/b:free', endpoint, () => next);
    assert.deepEqual(
      done.map(({ client, error }) => [client.id, error]),
      [
        ['claudeCode', null],
        ['roo', null],
      ],
    );
    assert.match(await home.read('.claude/settings.json'), /"a\/c:free"/);
    assert.match(JSON.stringify(roo.profiles.get('Keywheel')), /"openRouterModelId":"a\/c:free"/);
    assert.deepEqual(await connector.replaceModel('a/b:free', endpoint, () => next), []);
    await connector.disconnectAll();
    assert.equal(await readFile(own, 'utf8'), '{\n  "a": 1 // mine\n}\n');
    assert.equal(roo.active, 'mine');
  });

  it('wakes no extension to say how it stands, but does to write it anew', async () => {
    await using home = await TemporaryHome.make();
    const roo = new PlayedRoo();
    await connectorOf(home, rooApi(roo)).connect(rooClient, endpoint);
    let woken = 0;
    const connector = connectorOf(home, (wakes) => (wakes && ++woken > 0 ? rooApi(roo) : 'asleep'));
    assert.deepEqual(await statesOf(connector, endpoint), ['current']);
    assert.deepEqual(await statesOf(connector, moved), ['outdated']);
    assert.equal(woken, 0);
    roo.profiles.delete('Keywheel');
    assert.equal(await connector.update(rooClient, moved), false);
    assert.deepEqual([woken, [...roo.profiles.keys()]], [1, ['mine']]);
  });

  it('says when Roo Code is not there, or not as we know it', async () => {
    await using home = await TemporaryHome.make();
    assert.equal(rooApi({ upsertProfile: 1 }), null);
    await assert.rejects(home.connector().connect(rooClient, endpoint), { code: 'extensionUnknown' });
  });

  it('tells how the others stand where one cannot be looked at, and logs why', async () => {
    await using home = await TemporaryHome.make();
    await connectorOf(home, rooApi(new PlayedRoo())).connect(rooClient, endpoint);
    await home.connector().connect(claudeCodeClient, endpoint);
    const codex = await home.connections.connect(codexClient, endpoint);
    await home.records.put({ ...codex, file: codex.file + 'x'.repeat(300) });
    const seen: string[] = [];
    const connector = home.connector({
      rooApi: () => Promise.reject(new Error('Activating extension failed')),
      log: { error: (message, error) => seen.push(`${message} ${String(error)}`) },
    });
    assert.deepEqual(
      (await connector.states(endpoint)).map(({ client, state }) => [client.id, state]),
      [
        ['roo', 'unknown'],
        ['claudeCode', 'current'],
        ['codex', 'unknown'],
      ],
    );
    assert.equal(seen.length, 2);
    assert.match(seen.join('\n'), /roo could not be looked at\..*Activating extension failed/);
  });

  it('connects all again that were disconnected for now, but for those that are connected since', async () => {
    await using home = await TemporaryHome.make();
    const roo = new PlayedRoo();
    const connector = connectorOf(home, rooApi(roo));
    const at = (model: string): typeof endpoint => ({ ...endpoint, model });
    await connector.connect(rooClient, at('a/b:free'));
    await connector.connect(claudeCodeClient, at('c/d:free'));
    await connector.connect(codexClient, at('e/f:free'));
    await connector.disconnectForNow();
    assert.deepEqual([await connector.records(), roo.getProfiles()], [[], ['mine']]);
    await connector.connect(codexClient, at('g/h:free'));
    const names = async (): Promise<unknown> => (await connector.earlier()).map(({ client }) => client);
    assert.deepEqual(await names(), ['roo', 'claudeCode']);
    const failing = home.connector();
    const again = (_: unknown, model: string | null): typeof endpoint => at(model ?? '');
    const done = await failing.connectEarlier(again);
    assert.deepEqual(
      done.map(({ client, error }) => [client.id, error === null]),
      [
        ['roo', false],
        ['claudeCode', true],
      ],
    );
    await connector.connectEarlier(again);
    assert.deepEqual(
      (await connector.records()).map(({ client, model }) => [client, model]),
      [
        ['codex', 'g/h:free'],
        ['claudeCode', 'c/d:free'],
        ['roo', 'a/b:free'],
      ],
    );
    assert.deepEqual(await names(), []);
  });

  it('keeps nothing of clients that are disconnected for good', async () => {
    await using home = await TemporaryHome.make();
    const connector = home.connector();
    await connector.connect(claudeCodeClient, endpoint);
    await connector.disconnectForNow();
    await connector.disconnectAll();
    assert.deepEqual(await connector.earlier(), []);
  });

  it('disconnects the others where one fails', async () => {
    await using home = await TemporaryHome.make();
    const roo = new PlayedRoo();
    await connectorOf(home, rooApi(roo)).connect(rooClient, endpoint);
    await home.connector().connect(claudeCodeClient, endpoint);
    const done = await home.connector().disconnectAll();
    assert.deepEqual(
      done.map(({ client, undone }) => [client, undone]),
      [
        ['roo', null],
        ['claudeCode', 'restored'],
      ],
    );
    assert.equal((await home.records.all()).length, 1);
  });

  it('does not call a file disconnected that it does not know', async () => {
    await using home = await TemporaryHome.make();
    const connector = home.connector();
    const record = await home.connections.connect(claudeCodeClient, endpoint);
    await home.records.put({ ...record, part: 'of a newer version' });
    const done = await connector.disconnectAll();
    assert.deepEqual(
      done.map(({ undone, error }) => [undone, error instanceof ConfigError && error.code]),
      [
        ['restored', false],
        [null, 'unsupported'],
      ],
    );
    assert.equal((await home.records.all()).length, 1);
  });

  it('says why a client was not connected, and logs what of it could not be undone', async () => {
    await using home = await TemporaryHome.make();
    await home.write('.claude/settings.json', '{"mine":1}');
    const said: string[] = [];
    const connector = home.connector({ log: { error: (message) => said.push(message) } });
    let isPlanned = false;
    const second: ClientFile = {
      ...claudeCodeClient,
      part: 'second',
      file: (places) => path.join(places.home, 'second.json'),
      changes: (...given) => {
        // Written later: by then the first one is damaged, and it cannot be undone.
        if (isPlanned) writeFileSync(path.join(home.folder, '.claude', 'settings.json'), '{');
        if (isPlanned) throw new FormatError('damaged', null);
        isPlanned = true;
        return claudeCodeClient.changes(...given);
      },
    };
    const failed = connector.connect({ ...claudeCodeClient, further: [second] }, endpoint);
    await assert.rejects(failed, { code: 'damaged' });
    assert.deepEqual(said, [`${path.join(home.folder, '.claude', 'settings.json')} stays connected.`]);
    assert.equal((await home.records.all()).length, 1);
  });
});

describe('a client that another setting keeps from the proxy', () => {
  for (const [client, file, text, name] of [
    [
      codexClient,
      '.codex/config.toml',
      'profile = "mine"\n\n[profiles.mine]\nmodel_provider = "openai"\n',
      'profile = "mine"',
    ],
    [
      codexClient,
      '.codex/config.toml',
      'profile = "mine"\n\n[profiles.mine]\nmodel = "gpt-5"\n',
      'profile = "mine"',
    ],
    [
      claudeCodeClient,
      '.claude/settings.json',
      '{"env":{"CLAUDE_CODE_USE_BEDROCK":"1"}}',
      'CLAUDE_CODE_USE_BEDROCK',
    ],
    [
      claudeCodeClient,
      '.claude/settings.json',
      '{"env":{"CLAUDE_CODE_USE_MANTLE":"1"}}',
      'CLAUDE_CODE_USE_MANTLE',
    ],
    [
      opencodeClient,
      '.config/opencode/opencode.jsonc',
      '{"enabled_providers":["anthropic"]}',
      'enabled_providers',
    ],
    [kiloClient, '.config/kilo/kilo.json', '{"disabled_providers":["openrouter"]}', 'disabled_providers'],
    [
      claudeCodeClient,
      '.claude/settings.json',
      '{"env":{"CLAUDE_CODE_USE_VERTEX":"true"}}',
      'CLAUDE_CODE_USE_VERTEX',
    ],
  ] as const) {
    it(`is told before and after: ${name} in ${file}`, async () => {
      await using home = await TemporaryHome.make();
      await home.write(file, text);
      const connector = home.connector();
      const plans = await connector.plan(client, endpoint);
      assert.ok(plans !== null);
      assert.deepEqual(
        plans.map(({ outranking }) => outranking),
        [[name]],
      );
      assert.ok(
        planText(plans, endpoint.proxyKey, translator({})).includes(`Warning: ${name} overrides it.`),
      );
      await connector.connect(client, endpoint);
      assert.deepEqual(await statesOf(connector, endpoint), ['outranked']);
      await connector.disconnectAll();
      assert.equal(await home.read(file), text);
    });
  }

  it('is not one where the setting is off, names nothing of ours, or is that of a helper for keys', async () => {
    await using home = await TemporaryHome.make();
    await home.write(
      '.codex/config.toml',
      'profile = "mine"\n\n[profiles.mine]\napproval_policy = "never"\n',
    );
    await home.write(
      '.claude/settings.json',
      '{"apiKeyHelper":"echo x","env":{"CLAUDE_CODE_USE_BEDROCK":"0"}}',
    );
    await home.write(
      '.config/opencode/opencode.json',
      '{"enabled_providers":["openrouter"],"disabled_providers":["openai"]}',
    );
    const connector = home.connector();
    for (const client of [codexClient, claudeCodeClient, opencodeClient])
      await connector.connect(client, endpoint);
    assert.deepEqual(await statesOf(connector, endpoint), ['current', 'current', 'current']);
  });

  it('is seen in the environment as well', async () => {
    await using home = await TemporaryHome.make();
    const places = { ...home.places, env: { CLAUDE_CODE_USE_VERTEX: '1' } };
    const plans = await connectorOf(Object.assign(home, { places }), null).plan(claudeCodeClient, endpoint);
    assert.deepEqual(
      plans?.map(({ outranking }) => outranking),
      [['CLAUDE_CODE_USE_VERTEX']],
    );
  });
});

describe('disconnecting one client', () => {
  it('leaves the others connected', async () => {
    await using home = await TemporaryHome.make();
    const connector = home.connector();
    for (const client of [codexClient, claudeCodeClient]) await connector.connect(client, endpoint);
    const done = await connector.disconnectAll(['codex']);
    assert.deepEqual(
      done.map(({ client, undone }) => [client, undone]),
      [['codex', 'restored']],
    );
    assert.deepEqual(
      (await connector.records()).map(({ client }) => client),
      ['claudeCode'],
    );
  });
});

describe('what is offered beside files', () => {
  it('sets variables a tick a client', () => {
    assert.deepEqual(terminalVariables('claudeCode', endpoint), {
      ANTHROPIC_BASE_URL: 'http://127.0.0.1:9999/api',
      ANTHROPIC_AUTH_TOKEN: endpoint.proxyKey,
      ANTHROPIC_API_KEY: '',
    });
  });

  it('has a curl line for each form', () => {
    const line = curlLine('anthropic', { origin: endpoint.origin, key: '$KEY', model: "a'b" });
    assert.match(
      line,
      /^curl http:\/\/127\.0\.0\.1:9999\/api\/v1\/messages -H "Authorization: Bearer \$KEY"/,
    );
    assert.match(line, /"model":"a'\\''b"/);
  });
});
