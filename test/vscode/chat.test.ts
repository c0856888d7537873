/** VS Code's own chat: our models in its list, and requests from there to a simulated OpenRouter and back. */
import assert from 'node:assert/strict';
import { deflateSync } from 'node:zlib';
import * as vscode from 'vscode';
import { keyIdOf } from '../../src/base/secret';
import { Simulator } from '../simulator/simulator';
import type { RequestRecord } from '../simulator/record';
import { openOtherWindow, type OtherWindow } from './support/otherWindow';
import { run, statusThat, until } from './support/running';

const port = 28417;
const key = `sk-or-v1-${'chat0'.repeat(12)}0001`;
const freeModel = 'meta-llama/llama-3.3-70b-instruct:free';
const { lm, LanguageModelChatMessage, LanguageModelTextPart, LanguageModelToolCallPart } = vscode;

describe('models in VS Code’s chat', () => {
  let simulator: Simulator;
  let other: OtherWindow;
  const settings = vscode.workspace.getConfiguration('keywheel');
  const upstreamBefore = settings.inspect('upstreamUrl')?.globalValue;

  before(async () => {
    simulator = await Simulator.start({
      accounts: [{ name: 'anna', keys: [key], dailyLimit: 1000, minuteLimit: 500, credits: 10 }],
      answer: { text: 'The wheel turns, and the keys take turns.' },
    });
    await statusThat('running', ({ proxy }) => proxy === 'running');
    assert.deepEqual(await ids(), [], 'nothing is offered without a key');
    await settings.update('upstreamUrl', simulator.baseUrl, vscode.ConfigurationTarget.Global);
    other = await openOtherWindow(port, simulator.baseUrl);
    await until('a proxy to follow', () => other.hosted.service.snapshot().proxy.kind === 'running');
    const { kind } = await other.keyring.add(key, 'anna');
    assert.equal(kind, 'added');
    await statusThat('with a key and what it has', ({ keys, freeLimit }) => keys === 1 && freeLimit === 1000);
  });

  after(async () => {
    await settings.update('chat.models', undefined, vscode.ConfigurationTarget.Global);
    for (const { key: kept } of other.keyring.keys) await other.keyring.remove(keyIdOf(kept));
    await statusThat('without keys', ({ keys }) => keys === 0);
    await other.close();
    await settings.update('upstreamUrl', upstreamBefore, vscode.ConfigurationTarget.Global);
    await run('startProxy');
    await statusThat('running', ({ proxy }) => proxy === 'running');
    await simulator.stop();
  });

  it('are the free ones that call tools once there is a key, with what is left', async () => {
    await until('the whole list', async () => (await ids()).length > 2);
    assert.deepEqual(await ids(), ['deepseek/deepseek-v4-flash:free', freeModel, 'openrouter/free']);
    const model = await modelOf(freeModel);
    assert.equal(model.vendor, 'keywheel');
    assert.equal(model.family, 'llama-3.3-70b-instruct');
    assert.equal(model.maxInputTokens, 131_072 - 16_384);
    assert.ok((await model.countTokens('four words are here')) >= 4);
  });

  it('are paid ones too once they are picked, and VS Code hears of it', async () => {
    const heard = new Promise<void>((resolve) => {
      const subscription = lm.onDidChangeChatModels(() => {
        subscription.dispose();
        resolve();
      });
    });
    await settings.update('chat.models', ['openai/gpt-5-mini'], vscode.ConfigurationTarget.Global);
    await heard;
    await until('the picked one', async () => (await ids()).includes('openai/gpt-5-mini'));
  });

  it('come with a tool that tells agents what is left, in less than a kilobyte and without names', async () => {
    const tool = lm.tools.find(({ name }) => name === 'keywheel_whatIsLeft');
    assert.match(tool?.description ?? '', /left today/);
    const options = { input: {}, toolInvocationToken: undefined };
    const { content } = await lm.invokeTool('keywheel_whatIsLeft', options);
    const text = textIn(content);
    const told = JSON.parse(text) as Record<string, unknown>;
    assert.equal(told.freeRequestsADay, 1000);
    assert.deepEqual(told.busyModels, []);
    assert.ok(Buffer.byteLength(text) < 1024 && !text.includes('anna'), text);
  });

  it('stream their answers, as a client of that name', async () => {
    const { parts } = await asked([LanguageModelChatMessage.User('Say something.')]);
    assert.equal(textIn(parts), 'The wheel turns, and the keys take turns.');
    assert.ok(parts.length > 1, 'all came at once');
    assert.equal(lastRequest().header('x-title'), 'VS Code chat');
  });

  it('call two tools at once, and get both results', async () => {
    const calls = [
      { index: 0, id: 'call_a', function: { name: 'read', arguments: '' } },
      { index: 0, function: { arguments: '{"path":' } },
      { index: 1, id: 'call_b', function: { name: 'read', arguments: '{"pa' } },
      { index: 0, function: { arguments: '"/a"}' } },
      { index: 1, function: { arguments: 'th":"/b"}' } },
    ];
    simulator.script({
      path: '/chat/completions',
      fault: {
        kind: 'respond',
        status: 200,
        headers: { 'content-type': 'text/event-stream' },
        body: eventsOf(calls),
      },
    });
    const tools = [
      {
        name: 'read',
        description: 'Reads a file.',
        inputSchema: { type: 'object', properties: { path: { type: 'string' } } },
      },
    ];
    const question = LanguageModelChatMessage.User('Read both.');
    const { parts } = await asked([question], { tools, toolMode: vscode.LanguageModelChatToolMode.Required });
    const called = parts.filter((part) => part instanceof LanguageModelToolCallPart);
    assert.deepEqual(
      called.map(({ callId, name, input }) => [callId, name, input]),
      [
        ['call_a', 'read', { path: '/a' }],
        ['call_b', 'read', { path: '/b' }],
      ],
    );
    assert.equal(bodyOf(lastRequest()).tool_choice, 'required');
    // VS Code's agent sends each result in a message of its own.
    const results = called.map(({ callId }) =>
      LanguageModelChatMessage.User([
        new vscode.LanguageModelToolResultPart(callId, [new LanguageModelTextPart(`of ${callId}`)]),
      ]),
    );
    await asked([question, LanguageModelChatMessage.Assistant(called), ...results], { tools });
    const { messages } = bodyOf(lastRequest());
    assert.deepEqual(messages.slice(1), [
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          { id: 'call_a', type: 'function', function: { name: 'read', arguments: '{"path":"/a"}' } },
          { id: 'call_b', type: 'function', function: { name: 'read', arguments: '{"path":"/b"}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'call_a', content: 'of call_a' },
      { role: 'tool', tool_call_id: 'call_b', content: 'of call_b' },
    ]);
  });

  it('count what is in calls and results, and images by a flat sum', async () => {
    const model = await modelOf(freeModel);
    const words = 'four words are here '.repeat(100);
    const call = new LanguageModelToolCallPart('a', 'read', { words });
    const result = new vscode.LanguageModelToolResultPart('a', [new LanguageModelTextPart(words)]);
    for (const message of [
      LanguageModelChatMessage.Assistant([call]),
      LanguageModelChatMessage.User([result]),
    ])
      assert.ok((await model.countTokens(message)) >= 400);
    const DataPart: unknown = Reflect.get(vscode, 'LanguageModelDataPart');
    if (!hasImages(DataPart)) return;
    const image = DataPart.image(Buffer.alloc(100_000, 1), 'image/png');
    assert.ok((await model.countTokens(LanguageModelChatMessage.User([image]))) < 5_000);
  });

  it('get an image byte for byte, where this VS Code has a class for images', async () => {
    const DataPart: unknown = Reflect.get(vscode, 'LanguageModelDataPart');
    const bytes = picture();
    if (!hasImages(DataPart)) return;
    const parts = [new LanguageModelTextPart('Look:'), DataPart.image(bytes, 'image/png')];
    await asked([LanguageModelChatMessage.User(parts)]);
    const [message] = bodyOf(lastRequest()).messages as { content: { image_url?: { url: string } }[] }[];
    const url = message?.content[1]?.image_url?.url ?? '';
    assert.equal(url, `data:image/png;base64,${Buffer.from(bytes).toString('base64')}`);
  });

  it('leave upstream at once when the request is cancelled', async function () {
    simulator.script({ path: '/chat/completions', answer: { events: 1_000, eventDelayMs: 100 } });
    const source = new vscode.CancellationTokenSource();
    const model = await modelOf(freeModel);
    const response = await model.sendRequest([LanguageModelChatMessage.User('Go on.')], {}, source.token);
    const [first] = await firstOf(response.stream);
    assert.ok(first instanceof LanguageModelTextPart);
    const cancelledAtMs = performance.now();
    source.cancel();
    // The answer would go on for a hundred seconds.
    await until('seen upstream', () => lastRequest().abortedAtMonotonicMs !== undefined);
    const tookMs = (lastRequest().abortedAtMonotonicMs ?? Number.NaN) - cancelledAtMs;
    this.runnable().title += ` (seen there after ${tookMs.toFixed(0)} ms)`;
    // A hundred are wanted; a busy machine takes longer.
    assert.ok(tookMs < 20_000, `${tookMs.toFixed(0)} ms`);
  });

  it('tell a refusal inside of a stream as one before it', async () => {
    const fault = { kind: 'errorEvent', afterEvents: 2, error: 'moderation' } as const;
    simulator.script({ path: '/chat/completions', fault });
    await assert.rejects(asked([LanguageModelChatMessage.User('No.')]), { code: 'NoPermissions' });
  });

  it('say what is used up and until when, in the proxy’s words', async () => {
    await used(async () => {
      await assert.rejects(asked([LanguageModelChatMessage.User('More.')]), (error) => {
        assert.ok(error instanceof vscode.LanguageModelError);
        assert.equal(error.code, 'Blocked');
        assert.match(error.message, /nothing left for a free model.*today’s free requests are used up/);
        return true;
      });
    });
  });

  it('are served in a window that follows another one’s proxy too', async () => {
    await follow(other);
    const { parts } = await asked([LanguageModelChatMessage.User('And here?')]);
    assert.equal(textIn(parts), 'The wheel turns, and the keys take turns.');
  });

  it('are served while the proxy moves from one window to another', async () => {
    const third = await openOtherWindow(port, simulator.baseUrl);
    await follow(third);
    const answers: Promise<{ parts: readonly unknown[] }>[] = [];
    const closed = third.close();
    // Fewer requests than an account has in a minute.
    for (let count = 0; count < 8; count++) {
      answers.push(asked([LanguageModelChatMessage.User(`Number ${count}.`)]));
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    await closed;
    const ends = (await Promise.allSettled(answers)).map((end) =>
      end.status === 'fulfilled' ? textIn(end.value.parts) : String(end.reason),
    );
    assert.deepEqual([...new Set(ends)], ['The wheel turns, and the keys take turns.']);
  });

  async function used(work: () => Promise<void>): Promise<void> {
    const left = 1000 - simulator.usedToday('anna');
    simulator.spendElsewhere('anna', left);
    await other.hosted.service.refresh();
    await statusThat('used up', ({ freeLeft }) => freeLeft === 0);
    await work();
    simulator.setTier('anna', 2000);
    await other.hosted.service.refresh();
    await statusThat('with more', ({ freeLeft }) => freeLeft > 0);
  }

  async function asked(
    messages: vscode.LanguageModelChatMessage[],
    options: vscode.LanguageModelChatRequestOptions = {},
  ): Promise<{ parts: readonly unknown[] }> {
    const model = await modelOf(freeModel);
    const parts: unknown[] = [];
    for await (const part of (await model.sendRequest(messages, options)).stream) parts.push(part);
    return { parts };
  }

  function lastRequest(): RequestRecord {
    const last = simulator.requestsTo('/chat/completions').at(-1);
    assert.ok(last);
    return last;
  }
});

/** Lets the other window serve and this one follow. Tries again, because both may start at once and either may be quicker. */
async function follow({ hosted: { service } }: OtherWindow): Promise<void> {
  await until('the other one serving', async () => {
    await run('stopProxy');
    await statusThat('stopped', ({ proxy }) => proxy === 'stopped');
    await service.start();
    return service.isHosting;
  });
  await statusThat('following', ({ proxy, keys }) => proxy === 'running' && keys === 1);
}

async function modelOf(id: string): Promise<vscode.LanguageModelChat> {
  let model: vscode.LanguageModelChat | undefined;
  await until(`${id} offered`, async () => {
    [model] = await lm.selectChatModels({ vendor: 'keywheel', id });
    return model !== undefined;
  });
  return model ?? assert.fail();
}

async function ids(): Promise<readonly string[]> {
  return (await lm.selectChatModels({ vendor: 'keywheel' })).map(({ id }) => id).sort();
}

async function firstOf(stream: AsyncIterable<unknown>): Promise<readonly unknown[]> {
  for await (const part of stream) return [part];
  return [];
}

function textIn(parts: readonly unknown[]): string {
  return parts.map((part) => (part instanceof LanguageModelTextPart ? part.value : '')).join('');
}

function bodyOf(request: RequestRecord): {
  readonly messages: readonly unknown[];
  readonly tool_choice?: string;
} {
  return JSON.parse(request.bodyText) as { messages: unknown[] };
}

function eventsOf(calls: readonly object[]): string {
  const chunks = [
    ...calls.map((call) => ({ choices: [{ index: 0, delta: { tool_calls: [call] }, finish_reason: null }] })),
    { choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] },
  ];
  return [...chunks.map((chunk) => JSON.stringify(chunk)), '[DONE]']
    .map((data) => `data: ${data}\n\n`)
    .join('');
}

/** A PNG of 32 × 32 noisy pixels: VS Code looks into images on their way. */
function picture(): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const header = Buffer.from([0, 0, 0, 32, 0, 0, 0, 32, 8, 0, 0, 0, 0]);
  const rows = Buffer.from(
    Array.from({ length: 32 * 33 }, (_, index) => (index % 33 === 0 ? 0 : (index * 71) % 256)),
  );
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function crc32(bytes: Buffer): number {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  return (sum ^ 0xffffffff) >>> 0;
}

function hasImages(
  value: unknown,
): value is { image(data: Uint8Array, mimeType: string): vscode.LanguageModelTextPart } {
  return typeof value === 'function' && 'image' in value;
}
