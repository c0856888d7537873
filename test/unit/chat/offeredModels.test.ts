/** The models that VS Code's chat is offered, with their limits and words. */
import assert from 'node:assert/strict';
import { ChatError } from '../../../src/chat/chatRequest';
import {
  modelGroup,
  offeredModels,
  originIn,
  pickedModels,
  whatIsLeft,
} from '../../../src/chat/offeredModels';
import type { Snapshot } from '../../../src/service/snapshot';
import { chatErrorText, modelDetail, modelTooltip } from '../../../src/words/chatText';
import { Formats } from '../../../src/words/formats';
import { translator } from '../../../src/words/translate';
import { listedModel } from '../clients/listedModel';

const t = translator({});
const nowMs = Date.UTC(2026, 10, 30, 12, 0);
const textContext = { t, formats: new Formats('en', 'UTC'), nowMs };
const wheel = {
  keys: 1,
  accounts: 1,
  freeLeft: 1834,
  freeUsed: 0,
  freeLimit: 2000,
  resetAtMs: Date.UTC(2026, 11, 1),
  waiting: 0,
  inFlight: 0,
};

describe('models for VS Code’s chat', () => {
  const listed = [
    listedModel('a/b:free', { inputPrice: 0, outputPrice: 0 }),
    listedModel('a/talker:free', { tools: false }),
    listedModel('openai/gpt-5'),
    listedModel('x/new-alpha', { inputPrice: 0, outputPrice: 0 }),
    listedModel('a/paid'),
  ];

  it('are the free router, the free ones that call tools, and those that were picked', () => {
    const ids = (picked: readonly string[]): readonly string[] =>
      offeredModels(listed, picked, []).map(({ id }) => id);
    assert.deepEqual(ids([]), ['openrouter/free', 'a/b:free', 'x/new-alpha']);
    assert.deepEqual(ids(['a/talker:free', 'openai/gpt-5', 'gone/model']), [
      'openrouter/free',
      'a/b:free',
      'a/talker:free',
      'openai/gpt-5',
      'x/new-alpha',
    ]);
    assert.deepEqual(
      offeredModels([], [], []).map(({ id }) => id),
      ['openrouter/free'],
    );
  });

  it('stay picked where they could not be ticked: those that are not listed now, and those that are free now', () => {
    assert.deepEqual(
      pickedModels(['a/paid'], listed, ['gone/model', 'openai/gpt-5', 'x/new-alpha', 'a/paid']),
      ['gone/model', 'x/new-alpha', 'a/paid'],
    );
  });

  it('leave room for a question where a model may answer with as much as it reads', () => {
    const [, offered] = offeredModels([listedModel('a/b:free', { outputTokens: 128_000 })], [], []);
    assert.deepEqual([offered?.maxInputTokens, offered?.maxOutputTokens], [96_000, 32_000]);
    assert.equal(offered?.family, 'b');
  });

  it('say beside the name what decides', () => {
    const busy = [{ model: 'a/b:free', accountId: null, untilMs: nowMs + 20 * 60_000 }];
    const details = (left: number, some: typeof busy = []): readonly string[] =>
      offeredModels(listed, ['openai/gpt-5'], some)
        .slice(1, 3)
        .map((each) => modelDetail(each, { ...wheel, freeLeft: left }, textContext));
    assert.deepEqual(details(1834), ['free · 1,834 left today', '$1.25 in, $10.00 out per million tokens']);
    assert.equal(details(0)[0], 'free · none left until 00:00');
    assert.equal(details(1834, busy)[0], 'busy until 12:20');
    const [first] = offeredModels(listed, [], []);
    assert.ok(first);
    assert.match(
      modelTooltip(first, wheel, textContext),
      /openrouter\/free.*\ntools · 131K tokens\n.*estimates/,
    );
    const unknown = { ...first, tools: false, images: false, contextLength: null };
    assert.match(modelTooltip(unknown, wheel, textContext), /openrouter\/free.*\n.*estimates/);
  });
});

describe('the group of models for a custom endpoint', () => {
  it('names address, tools, images and limits of each model, and all that VS Code demands', () => {
    const [router] = offeredModels([], [], []);
    assert.ok(router);
    const group = modelGroup({ origin: 'https://keywheel.example.com', proxyKey: 'kw-1' }, [router]);
    assert.deepEqual(group, {
      vendor: 'customendpoint',
      name: 'Keywheel Server',
      apiKey: 'kw-1',
      apiType: 'chat-completions',
      models: [
        {
          id: 'openrouter/free',
          name: 'Free Models Router',
          url: 'https://keywheel.example.com/api/v1/chat/completions',
          toolCalling: true,
          vision: false,
          maxInputTokens: 98_304,
          maxOutputTokens: 32_768,
        },
      ],
    });
  });

  it('takes an address with or without the path of a base URL', () => {
    for (const path of ['', '/', '/api', '/api/', '/api/v1', '/api/v1/', '/v1'])
      assert.equal(
        originIn(` https://keywheel.example.com:8443${path} `),
        'https://keywheel.example.com:8443',
      );
    assert.equal(originIn('http://10.0.0.2:9999/proxy/api/v1'), 'http://10.0.0.2:9999/proxy');
    for (const none of ['', 'keywheel.example.com', 'localhost:9999', 'ftp://a/b'])
      assert.equal(originIn(none), null);
  });
});

describe('what an agent is told', () => {
  const accounts: Snapshot['accounts'] = ['anna', 'ben'].map((name) => ({
    accountId: name,
    name,
    keys: [],
    day: { used: 0, limit: 1000, left: 917, own: 0, server: null, resetAtMs: 0 },
    minute: { used: 5, limit: 20 },
    creditsLeft: null,
    locks: [],
    state: 'ready',
    untilMs: null,
  }));
  const snapshot = { wheel, accounts };

  it('are sums, busy models and those that serve, and names only where the user allows', () => {
    const busy = [{ model: 'a/b:free', accountId: null, untilMs: nowMs + 60_000 }];
    const models = offeredModels(
      [listedModel('a/b:free'), listedModel('c/d:free'), listedModel('paid/one')],
      ['paid/one'],
      busy,
    );
    const text = whatIsLeft(snapshot, models, false);
    assert.deepEqual(JSON.parse(text), {
      freeRequestsLeftToday: 1834,
      freeRequestsADay: 2000,
      freeRequestsLeftThisMinute: 30,
      resetsAt: '2026-12-01T00:00:00Z',
      requestsWaiting: 0,
      busyModels: [{ id: 'a/b:free', until: '2026-11-30T12:01:00Z' }],
      healthyFreeModels: ['openrouter/free', 'c/d:free'],
    });
    assert.match(whatIsLeft(snapshot, models, true), /"name":"anna","left":917/);
  });

  it('are for this minute no more than each account has for its day', () => {
    const [anna, ben] = accounts;
    assert.ok(anna && ben);
    const used = { ...anna, day: { ...anna.day, left: 2 } };
    const told = JSON.parse(whatIsLeft({ ...snapshot, accounts: [used, ben] }, [], false)) as object;
    assert.ok('freeRequestsLeftThisMinute' in told);
    assert.equal(told.freeRequestsLeftThisMinute, 17);
  });

  it('are for this minute nothing of an account that is held back', () => {
    const [anna, ben] = accounts;
    assert.ok(anna && ben);
    for (const state of ['locked', 'usedUp', 'off'] as const) {
      const held = { ...anna, state };
      assert.match(
        whatIsLeft({ ...snapshot, accounts: [held, ben] }, [], false),
        /"freeRequestsLeftThisMinute":15,/,
      );
    }
  });

  it('stay under a kilobyte, whatever there is', () => {
    const many = Array.from({ length: 500 }, (_, index) =>
      listedModel(`author-${index}/${'long-name-'.repeat(9)}:free`),
    );
    const text = whatIsLeft(snapshot, offeredModels(many, [], []), true);
    assert.ok(Buffer.byteLength(text) < 1024, String(Buffer.byteLength(text)));
    assert.match(text, /"healthyFreeModelsNotShown":49\d/);
  });
});

describe('the words of an error in VS Code’s chat', () => {
  it('are the proxy’s own first', () => {
    assert.equal(
      chatErrorText(new ChatError('refused', 'Nothing is left until 01:00.', 429), t),
      'Nothing is left until 01:00.',
    );
    assert.match(
      chatErrorText(new ChatError('unreachable', 'ECONNREFUSED'), t),
      /\(connection refused, ECONNREFUSED\)/,
    );
    assert.match(chatErrorText(new ChatError('cut', ''), t), /was interrupted/);
    assert.match(chatErrorText(new ChatError('badArguments', 'remove'), t), /“remove”.*not run/);
    assert.match(chatErrorText(new TypeError('x'), t), /log/);
  });
});
