/** The list of models, from a server of ours, and the model that is typed. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TextLog } from '../../../src/base/log';
import { continueClient } from '../../../src/clients/continue';
import {
  freeModels,
  listModels,
  listModelsByKey,
  ModelCatalogue,
  typedModel,
  type ListedModel,
} from '../../../src/clients/modelList';
import { StateFile } from '../../../src/service/saved/stateFile';
import { yamlFormat } from '../../../src/clients/yamlFormat';
import { ManualClock } from '../../support/manualClock';
import { exchangeView } from '../service/exchanges';
import { nowMs } from '../vscode/views';
import { listedModel } from './listedModel';
import { TemporaryHome } from './temporaryHome';

const proxyKey = 'kw-0123456789abcdef01234567';

async function listed(body: unknown): Promise<readonly ListedModel[]> {
  const server = createServer((_, response) => response.end(JSON.stringify(body)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const models = await listModels({ origin: `http://127.0.0.1:${port}`, proxyKey });
  server.close();
  return models;
}

describe('the list of models', () => {
  it('is none for a proxy key that the proxy refuses, though anybody may read it', async () => {
    const server = createServer(({ url, headers: { authorization } }, response) => {
      const isRefused = url === '/api/v1/key' && authorization !== `Bearer ${proxyKey}`;
      response.writeHead(isRefused ? 401 : 200).end(JSON.stringify({ data: [{ id: 'a/b:free' }] }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    assert.equal((await listModelsByKey({ origin, proxyKey })).length, 1);
    assert.deepEqual(await listModelsByKey({ origin, proxyKey: 'kw-mistyped' }), []);
    assert.equal((await listModels({ origin, proxyKey: 'kw-mistyped' })).length, 1);
    server.close();
  });

  it('tells what each can do, and takes entries that say less', async () => {
    const models = await listed({
      data: [
        {
          id: 'a/b:free',
          context_length: 131_072,
          supported_parameters: ['tools', 'temperature'],
          architecture: { input_modalities: ['text', 'image'] },
        },
        { id: 'c/d' },
        { id: 'e/f', supported_parameters: null, architecture: { modality: 'text->text' } },
      ],
    });
    assert.deepEqual(
      models.map(({ id, tools, images }) => [id, tools, images]),
      [
        ['a/b:free', true, true],
        ['c/d', false, false],
        ['e/f', false, false],
      ],
    );
  });

  it('leaves out entries that name no model, and takes the others', async () => {
    const models = await listed({ data: [null, 'a/b', [], {}, { id: 5 }, { id: '' }, { id: 'c/d' }] });
    assert.deepEqual(
      models.map(({ id }) => id),
      ['c/d'],
    );
  });

  it('tells limits and prices for a million tokens, and of routers none', async () => {
    const [priced, router] = await listed({
      data: [
        {
          id: 'a/b',
          canonical_slug: 'a/b-2026-01-01',
          name: 'A: B',
          context_length: 200_000,
          pricing: { prompt: '0.00000125', completion: '0.00001', image: '0' },
          top_provider: { context_length: 100_000, max_completion_tokens: 8_000 },
        },
        { id: 'openrouter/auto', pricing: { prompt: '-1', completion: '-1' } },
      ],
    });
    assert.deepEqual(priced, {
      id: 'a/b',
      name: 'A: B',
      version: 'a/b-2026-01-01',
      tools: false,
      images: false,
      contextLength: 200_000,
      outputTokens: 8_000,
      inputPrice: 1.25,
      outputPrice: 10,
    });
    assert.deepEqual([router?.name, router?.inputPrice], ['openrouter/auto', null]);
  });

  it('tells how much a free model takes at its only provider, and a paid one at the largest of several', async () => {
    const lengths = { context_length: 1_048_576, top_provider: { context_length: 262_144 } };
    const unknown = { context_length: 0, top_provider: { context_length: null, max_completion_tokens: 0 } };
    const models = await listed({
      data: [
        { id: 'a/b:free', ...lengths },
        { id: 'a/b', ...lengths },
        { id: 'c/d', ...unknown },
      ],
    });
    assert.deepEqual(
      models.map(({ contextLength, outputTokens }) => [contextLength, outputTokens]),
      [
        [262_144, null],
        [1_048_576, null],
        [null, null],
      ],
    );
  });

  it('has each model once', async () => {
    const models = await listed({ data: [{ id: 'a/b' }, { id: 'c/d' }, { id: 'a/b', name: 'Again' }] });
    assert.deepEqual(
      models.map(({ id }) => id),
      ['a/b', 'c/d'],
    );
  });

  it('is empty where it cannot be had', async () => {
    assert.deepEqual(await listed({ error: { message: 'no' } }), []);
    assert.deepEqual(await listModels({ origin: 'http://127.0.0.1:1', proxyKey }), []);
  });

  it('gives Continue’s entry what the model can do, and leaves it out where nobody knows', async () => {
    await using home = await TemporaryHome.make();
    const written = async (traits?: { tools: boolean; images: boolean }): Promise<unknown> => {
      const endpoint = {
        origin: 'http://127.0.0.1:9999',
        proxyKey,
        model: 'a/b:free',
        ...(traits && { traits }),
      };
      await home.connections.connect(continueClient, endpoint);
      const { models } = yamlFormat.parse(await home.read('.continue/config.yaml')) as { models: [object] };
      return 'capabilities' in models[0] ? models[0].capabilities : null;
    };
    assert.deepEqual(await written({ tools: true, images: true }), ['tool_use', 'image_input']);
    assert.deepEqual(await written({ tools: true, images: false }), ['tool_use']);
    assert.equal(await written({ tools: false, images: false }), null);
    assert.equal(await written(), null);
  });
});

describe('the model that is typed', () => {
  it('is one where it has the form author/model, whether or not it is in the list', () => {
    assert.equal(typedModel('openai/gpt-4o'), 'openai/gpt-4o');
    assert.equal(typedModel('  deepseek/deepseek-chat-v3.1:free '), 'deepseek/deepseek-chat-v3.1:free');
    assert.equal(typedModel('~openai/gpt-latest'), '~openai/gpt-latest');
  });

  it('is none while there is more to type', () => {
    for (const text of ['', ' ', 'gpt-4o', 'openai/', '/gpt-4o', 'openai /gpt-4o', 'openai/gpt 4o'])
      assert.equal(typedModel(text), null, text);
  });
});

const priced = (id: string, price: number): ListedModel =>
  listedModel(id, { inputPrice: price, outputPrice: price });
const use = { requests: 4, answered: 3, promptTokens: 1, completionTokens: 1, cost: 0 };
const startMs = nowMs - 24 * 3_600_000;

describe('the free models', () => {
  it('come with how they did in the last 24 hours, by this proxy’s own requests', () => {
    const took = (firstTokenMs: number | null, change: object = {}) =>
      exchangeView({ model: 'a/b:free', firstTokenMs, ...change });
    const activity = [
      took(900),
      took(300),
      took(500),
      took(null),
      took(9, { startedAtMs: startMs - 1 }),
      took(9, { model: 'x/y' }),
    ];
    const models = freeModels(
      [priced('a/b:free', 0), priced('paid/one', 3), priced('zero/price', 0)],
      { startMs, models: [{ model: 'a/b:free', ...use }] },
      activity,
    );
    const traits = { contextLength: 128_000, tools: true, images: false };
    assert.deepEqual(models, [
      { model: 'a/b:free', ...traits, requests: 4, answered: 3, firstTokenMs: 500 },
      { model: 'zero/price', ...traits, requests: 0, answered: 0, firstTokenMs: null },
    ]);
  });
});

describe('the list of models that all windows share', () => {
  let folder: string;
  let answers: (readonly ListedModel[] | null)[];
  let asked: number;
  const clock = new ManualClock();

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'keywheel-models-'));
    answers = [];
    asked = 0;
  });

  afterEach(async () => await rm(folder, { recursive: true }));

  function catalogue(): ModelCatalogue {
    return new ModelCatalogue({
      clock,
      log: new TextLog(() => undefined),
      store: new StateFile(path.join(folder, 'storage', 'models.json')),
      ask: () => Promise.resolve(answers[asked++] ?? null),
    });
  }

  it('is asked for once an hour, over all windows', async () => {
    answers = [[listedModel('a/b')], [listedModel('c/d')]];
    const first = catalogue();
    assert.deepEqual(await Promise.all([first.models(), first.models()]), [
      [listedModel('a/b')],
      [listedModel('a/b')],
    ]);
    assert.deepEqual(await catalogue().models(), [listedModel('a/b')]);
    assert.equal(asked, 1);
    clock.advance(61 * 60_000);
    assert.deepEqual(await first.models(), [listedModel('c/d')]);
  });

  it('is the last copy where it cannot be had, and is asked for again a minute later', async () => {
    answers = [[listedModel('a/b')], [], [listedModel('c/d')]];
    await catalogue().models();
    clock.advance(61 * 60_000);
    const later = catalogue();
    assert.deepEqual(await later.models(), [listedModel('a/b')]);
    assert.deepEqual(await later.models(), [listedModel('a/b')]);
    assert.equal(asked, 2);
    clock.advance(61_000);
    assert.deepEqual(await later.models(), [listedModel('c/d')]);
    assert.deepEqual(await later.models(), [listedModel('c/d')]);
    assert.equal(asked, 3);
  });

  it('is empty where there never was one, and is asked for again a minute later', async () => {
    answers = [[], [listedModel('a/b')]];
    const first = catalogue();
    assert.deepEqual(await first.models(), []);
    assert.deepEqual(await first.models(), []);
    assert.equal(asked, 1);
    clock.advance(61_000);
    assert.deepEqual(await first.models(), [listedModel('a/b')]);
  });

  it('is asked for at once when the proxy runs', async () => {
    answers = [null, [listedModel('a/b')]];
    const first = catalogue();
    assert.deepEqual(await first.models(), []);
    assert.deepEqual(await first.models(), [listedModel('a/b')]);
  });
});
