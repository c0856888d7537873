/** Cline's files, as its extension reads them: provider and model from globalState.json, a key in secrets.json before the other. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import path from 'node:path';
import { clineClient } from '../../../src/clients/cline';
import type { Connector } from '../../../src/clients/connector';
import { planText } from '../../../src/words/clientWords';
import { translator } from '../../../src/words/translate';
import { endpoint as proxy, moved, statesOf, TemporaryHome } from './temporaryHome';

const endpoint = { ...proxy, model: 'a/b:free' };
const data = '.cline/data';
const before = {
  'settings/providers.json':
    '{"version":1,"lastUsedProvider":"cline","modes":{},"providers":{"openrouter":{"settings":{"provider":"openrouter","apiKey":"sk-mine","model":"anthropic/claude-sonnet-5"},"updatedAt":"2026-01-01T00:00:00.000Z","tokenSource":"manual"}}}',
  'globalState.json':
    '{\n  "actModeApiProvider": "cline",\n  "actModeOpenRouterModelId": "anthropic/claude-sonnet-5",\n  "actModeOpenRouterModelInfo": {"maxTokens": 128000},\n  "welcomeViewCompleted": true\n}\n',
  'secrets.json': '{"openRouterApiKey":"sk-mine","clineApiKey":"sk-other"}',
};

async function usedHome(): Promise<TemporaryHome> {
  const home = await TemporaryHome.make();
  for (const [name, text] of Object.entries(before)) await home.write(`${data}/${name}`, text);
  return home;
}

function connectorOf(home: TemporaryHome): Connector {
  return home.connector({ isExtensionInstalled: () => true });
}

interface Asked {
  readonly provider: unknown;
  readonly key: unknown;
  readonly model: unknown;
  readonly baseUrl: unknown;
}

/** The values that Cline's extension (4.1) reads from its files for a task in this mode; without a model, its default one. */
async function asExtension(home: TemporaryHome, mode: 'act' | 'plan'): Promise<Asked> {
  const read = async (name: string): Promise<Record<string, unknown>> => {
    const file = `${data}/${name}`;
    return existsSync(path.join(home.folder, file))
      ? (JSON.parse(await home.read(file)) as Record<string, unknown>)
      : {};
  };
  const [state, secrets] = [await read('globalState.json'), await read('secrets.json')];
  const { providers } = (await read('settings/providers.json')) as {
    providers: { openrouter: { settings: Record<string, unknown> } };
  };
  const { settings } = providers.openrouter;
  return {
    provider: state[`${mode}ModeApiProvider`] ?? 'cline',
    key: secrets.openRouterApiKey ?? settings.apiKey,
    model: state[`${mode}ModeOpenRouterModelId`] ?? 'anthropic/claude-sonnet-5',
    baseUrl: settings.baseUrl,
  };
}

describe('connecting Cline', () => {
  const wanted = {
    provider: 'openrouter',
    key: endpoint.proxyKey,
    model: endpoint.model,
    baseUrl: 'http://127.0.0.1:9999/api/v1',
  };

  it('makes its extension ask for the chosen model in both modes, where Cline was never used', async () => {
    await using home = await TemporaryHome.make();
    const connector = connectorOf(home);
    await connector.connect(clineClient, endpoint);
    assert.deepEqual(await asExtension(home, 'act'), wanted);
    assert.deepEqual(await asExtension(home, 'plan'), wanted);
    assert.deepEqual(await home.files(), [`${data}/globalState.json`, `${data}/settings/providers.json`]);
    await connector.disconnectAll();
    assert.deepEqual(await home.files(), []);
  });

  it('makes it do so where another key and model were chosen, and undo gives the bytes of all files back', async () => {
    await using home = await usedHome();
    const connector = connectorOf(home);
    await connector.connect(clineClient, endpoint);
    assert.deepEqual(await asExtension(home, 'act'), wanted);
    assert.deepEqual(await asExtension(home, 'plan'), wanted);
    assert.doesNotMatch(await home.read(`${data}/globalState.json`), /128000/);
    assert.deepEqual(await statesOf(connector, endpoint), ['current', 'current', 'current']);
    for (const { undone } of await connector.disconnectAll()) assert.equal(undone, 'restored');
    for (const [name, text] of Object.entries(before)) assert.equal(await home.read(`${data}/${name}`), text);
    assert.deepEqual(await connector.records(), []);
  });

  it('takes its own values back alone where Cline has written since', async () => {
    await using home = await usedHome();
    const connector = connectorOf(home);
    await connector.connect(clineClient, endpoint);
    const state = JSON.parse(await home.read(`${data}/globalState.json`)) as Record<string, unknown>;
    const written = { ...state, planModeOpenRouterModelId: 'my/choice', mode: 'plan' };
    await home.write(`${data}/globalState.json`, JSON.stringify(written));
    await connector.disconnectAll();
    const left = JSON.parse(await home.read(`${data}/globalState.json`)) as unknown;
    assert.deepEqual(left, {
      ...(JSON.parse(before['globalState.json']) as object),
      planModeOpenRouterModelId: 'my/choice',
      mode: 'plan',
    });
  });

  it('is not called connected where Cline has written its old provider back from memory', async () => {
    await using home = await usedHome();
    const connector = connectorOf(home);
    await connector.connect(clineClient, endpoint);
    await home.write(`${data}/globalState.json`, before['globalState.json']);
    assert.deepEqual(await statesOf(connector, endpoint), ['current', 'changed', 'current']);
  });

  it('leaves no file written where one of them cannot be', async () => {
    await using home = await TemporaryHome.make();
    await home.write(`${data}/settings/providers.json`, before['settings/providers.json']);
    const file = await home.write(`${data}/secrets.json`, before['secrets.json']);
    await home.write(`${data}/globalState.json`, '{"half": [');
    const connector = connectorOf(home);
    await assert.rejects(connector.connect(clineClient, endpoint), { code: 'damaged' });
    await home.write(`${data}/globalState.json`, before['globalState.json']);
    if (process.getuid?.() !== 0) {
      await chmod(file, 0o400);
      await assert.rejects(connector.connect(clineClient, endpoint), { code: 'readOnly' });
    }
    for (const [name, text] of Object.entries(before)) assert.equal(await home.read(`${data}/${name}`), text);
    assert.deepEqual(await connector.records(), []);
  });

  it('moves with the proxy', async () => {
    await using home = await usedHome();
    const connector = connectorOf(home);
    await connector.connect(clineClient, endpoint);
    assert.equal(await connector.update(clineClient, moved), true);
    assert.deepEqual(await asExtension(home, 'act'), {
      ...wanted,
      key: moved.proxyKey,
      baseUrl: 'http://127.0.0.1:1234/api/v1',
    });
    await connector.disconnectAll();
    for (const [name, text] of Object.entries(before)) assert.equal(await home.read(`${data}/${name}`), text);
  });

  it('shows before what is written into each file, without the proxy key', async () => {
    await using home = await usedHome();
    const plans = await connectorOf(home).plan(clineClient, endpoint);
    const text = planText(plans ?? [], endpoint.proxyKey, translator({}));
    for (const name of Object.keys(before)) assert.ok(text.includes(name), name);
    assert.match(text, /actModeOpenRouterModelId: "a\/b:free" \(replaces the current value\)/);
    assert.match(text, /actModeOpenRouterModelInfo is removed/);
    assert.match(text, /openRouterApiKey: "kw-…"/);
    assert.doesNotMatch(text, /kw-0123/);
  });
});
