/** Clients of both ways together; Roo Code's extension is played by an object of its shape. */
import assert from 'node:assert/strict';
import { claudeCodeClient } from '../../../../src/service/clients/claudeCode';
import { codexClient } from '../../../../src/service/clients/codex';
import { Connector } from '../../../../src/service/clients/connector';
import { rooApi, rooClient, type RooApi } from '../../../../src/service/clients/roo';
import { curlLine } from '../../../../src/service/clients/snippets';
import { terminalVariables } from '../../../../src/service/clients/terminal';
import { TemporaryHome } from './temporaryHome';

const endpoint = {
  origin: 'http://127.0.0.1:9999',
  proxyKey: 'kw-0123456789abcdef01234567',
  model: 'a/b:free',
};

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
  roo: RooApi | null | Error,
  log: (message: string, error?: unknown) => void = () => assert.fail('nothing is to be logged'),
): Connector {
  const { places, records, clock } = home;
  return new Connector({
    places,
    records,
    clock,
    isExtensionInstalled: () => false,
    rooApi: () => (roo instanceof Error ? Promise.reject(roo) : Promise.resolve(roo)),
    log: { error: log },
  });
}

describe('Connector', () => {
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
    const stateWith = async (proxyKey: string): Promise<unknown> =>
      (await connector.states({ ...endpoint, proxyKey })).map(({ state }) => state);
    assert.deepEqual(await stateWith(endpoint.proxyKey), ['current']);
    assert.deepEqual(await stateWith('kw-another'), ['outdated']);
    await connector.connect(rooClient, { ...endpoint, proxyKey: 'kw-another' });
    const [done] = await connector.disconnectAll();
    assert.equal(done?.undone, 'restored');
    assert.equal(roo.active, 'mine');
    assert.deepEqual(roo.getProfiles(), ['mine']);
    assert.deepEqual(await connector.records(), []);
  });

  it('says when Roo Code is not there, or not as we know it', async () => {
    await using home = await TemporaryHome.make();
    assert.equal(rooApi({ upsertProfile: 1 }), null);
    await assert.rejects(connectorOf(home, null).connect(rooClient, endpoint), { code: 'extensionUnknown' });
  });

  it('tells how the others stand where one cannot be looked at, and logs why', async () => {
    await using home = await TemporaryHome.make();
    await connectorOf(home, rooApi(new PlayedRoo())).connect(rooClient, endpoint);
    await connectorOf(home, null).connect(claudeCodeClient, endpoint);
    const codex = await home.connections.connect(codexClient, endpoint);
    await home.records.put({ ...codex, file: codex.file + 'x'.repeat(300) });
    const seen: string[] = [];
    const connector = connectorOf(home, new Error('Activating extension failed'), (message, error) =>
      seen.push(`${message} ${String(error)}`),
    );
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

  it('disconnects the others where one fails', async () => {
    await using home = await TemporaryHome.make();
    const roo = new PlayedRoo();
    await connectorOf(home, rooApi(roo)).connect(rooClient, endpoint);
    await connectorOf(home, null).connect(claudeCodeClient, endpoint);
    const done = await connectorOf(home, null).disconnectAll();
    assert.deepEqual(
      done.map(({ client, undone }) => [client, undone]),
      [
        ['roo', null],
        ['claudeCode', 'restored'],
      ],
    );
    assert.equal((await home.records.all()).length, 1);
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
