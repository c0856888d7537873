import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { downloadBytes } from './wire/delivery';
import { ask, dataOf, FREE, get, KEY, PAID, sha256, withSimulator } from './support';

describe('the simulator, forms of answers', () => {
  it('satisfies the openai package, streaming and not', async () => {
    await withSimulator({ answer: { text: 'one two three' } }, async (simulator) => {
      const client = new OpenAI({ apiKey: KEY, baseURL: simulator.baseUrl, maxRetries: 0 });
      const messages = [{ role: 'user' as const, content: 'Hi' }];
      const whole = await client.chat.completions.create({ model: FREE, messages });
      assert.equal(whole.choices[0]?.message.content, 'one two three');
      let text = '';
      let tokens: number | undefined;
      for await (const chunk of await client.chat.completions.create({
        model: FREE,
        messages,
        stream: true,
      })) {
        text += chunk.choices[0]?.delta.content ?? '';
        tokens = chunk.usage?.completion_tokens;
      }
      assert.deepEqual([text, tokens], ['one two three', 3]);
      const response = await client.responses.create({ model: FREE, input: 'Hi' });
      assert.equal(response.output_text, 'one two three');
      const models = await client.models.list();
      assert.ok(models.data.length > 3);
    });
  });

  it('ends each stream as its form says, with as many content events as asked for', async () => {
    await withSimulator({ answer: { events: 1000, bytesPerEvent: 20 } }, async (simulator) => {
      const chat = dataOf(await (await ask(simulator, { stream: true })).text());
      assert.equal(chat.length, 1002);
      assert.match(
        chat[1000] ?? '',
        /"finish_reason":"stop".*"usage":\{"prompt_tokens":\d+,"completion_tokens":1000/,
      );
      assert.equal(chat[1001], '[DONE]');
      const responses = await (await ask(simulator, { stream: true, path: '/responses' })).text();
      assert.equal(responses.match(/^event: response.output_text.delta$/gm)?.length, 1000);
      assert.match(responses, /event: response.completed\ndata: \{"type":"response.completed".*\}\n\n$/);
      const messages = await (await ask(simulator, { stream: true, path: '/messages' })).text();
      assert.equal(messages.match(/^event: content_block_delta$/gm)?.length, 1000);
      assert.match(messages, /event: message_stop\ndata: \{"type":"message_stop"\}\n\n$/);
      const record = simulator.requests[0];
      assert.equal(record?.eventsSent, 1002);
      const text = dataOf(record.sent.text).slice(0, 1000).join('');
      assert.equal(text, chat.slice(0, 1000).join(''));
    });
  });

  it('names the answer, and tells about it only to the account that made it', async () => {
    const accounts = [
      { name: 'a', keys: [KEY], credits: 1 },
      { name: 'b', keys: ['kb'] },
    ];
    await withSimulator({ accounts }, async (simulator) => {
      const response = await ask(simulator, { model: PAID });
      await response.text();
      const id = response.headers.get('x-generation-id') ?? '';
      assert.match(response.headers.get('cf-ray') ?? '', /-FRA$/);
      await simulator.waitFor(() => simulator.activeRequests() === 0);
      const own = await get(simulator, `/generation?id=${id}`);
      assert.match(await own.text(), /"total_cost":0.001/);
      const other = await get(simulator, `/generation?id=${id}`, { authorization: 'Bearer kb' });
      assert.equal(other.status, 404);
      const video = (await (await ask(simulator, { path: '/videos', model: PAID })).json()) as { id: string };
      assert.equal((await get(simulator, `/videos/${video.id}`)).status, 200);
      assert.equal((await get(simulator, `/videos/${video.id}`, { authorization: 'Bearer kb' })).status, 404);
    });
  });

  it('echoes size and digest of what is uploaded', async () => {
    await withSimulator({}, async (simulator) => {
      const file = Buffer.alloc(3_000_000, 'abc\r\n--almost');
      const form = new FormData();
      form.set('model', FREE);
      form.set('file', new Blob([file]), 'a.mp3');
      const url = `${simulator.baseUrl}/audio/transcriptions`;
      const response = await fetch(url, {
        method: 'POST',
        headers: { authorization: `Bearer ${KEY}` },
        body: form,
      });
      const body = (await response.json()) as { bytes: number; sha256: string; body_sha256: string };
      assert.deepEqual([body.bytes, body.sha256], [file.length, sha256(file)]);
      assert.equal(simulator.requests[0]?.bodySha256, body.body_sha256);
      assert.equal(simulator.requests[0].model, FREE);
    });
  });

  it('sends large downloads and parts of them', async () => {
    await withSimulator({ answer: { downloadBytes: 5_000_000 } }, async (simulator) => {
      const speech = await ask(simulator, { path: '/audio/speech' });
      const bytes = Buffer.from(await speech.arrayBuffer());
      assert.deepEqual(bytes, downloadBytes(0, 5_000_000));
      assert.equal(simulator.requests[0]?.sent.sha256, sha256(bytes));
      const file = (await (await ask(simulator, { path: '/files' })).json()) as { id: string };
      const part = await get(simulator, `/files/${file.id}/content`, { range: 'bytes=10-19' });
      assert.deepEqual([part.status, part.headers.get('content-range')], [206, 'bytes 10-19/5000000']);
      assert.deepEqual(Buffer.from(await part.arrayBuffer()), bytes.subarray(10, 20));
    });
  });

  it('serves presets, routers and the endpoints that do not stream', async () => {
    await withSimulator({ presets: { mine: FREE } }, async (simulator) => {
      const preset = (await (
        await ask(simulator, { path: '/presets/mine/chat/completions', model: '@preset/mine' })
      ).json()) as { model: string };
      assert.equal(preset.model, FREE);
      const router = (await (await ask(simulator, { model: 'openrouter/free' })).json()) as { model: string };
      assert.match(router.model, /:free$/);
      for (const path of ['/completions', '/embeddings', '/rerank', '/images']) {
        assert.equal((await ask(simulator, { path })).status, 200, path);
      }
      assert.equal(simulator.usedToday('a'), 6);
      const models = await fetch(`${simulator.baseUrl}/models?client_version=1`);
      assert.equal(models.status, 200);
    });
  });

  it('takes at least the time that it is told to take', async () => {
    await withSimulator({ answer: { durationMs: 120, headDelayMs: 60 } }, async (simulator) => {
      const begun = performance.now();
      const response = await ask(simulator, { stream: true });
      const headMs = performance.now() - begun;
      await response.text();
      const wholeMs = performance.now() - begun;
      assert.ok(headMs >= 58, `${headMs}`);
      assert.ok(wholeMs >= 175, `${wholeMs}`);
    });
  });

  it('gives a key for a code, once', async () => {
    await withSimulator({}, async (simulator) => {
      const challenge = Buffer.from(sha256('verifier'), 'hex').toString('base64url');
      const callback = encodeURIComponent('http://localhost:1/back?state=7');
      const page = `${simulator.origin}/auth?callback_url=${callback}&code_challenge=${challenge}&code_challenge_method=S256`;
      const redirect = await fetch(page, { redirect: 'manual' });
      const target = new URL(redirect.headers.get('location') ?? '');
      assert.equal(target.searchParams.get('state'), '7');
      const exchange = (verifier: string): Promise<Response> =>
        fetch(`${simulator.baseUrl}/auth/keys`, {
          method: 'POST',
          body: JSON.stringify({
            code: target.searchParams.get('code'),
            code_verifier: verifier,
            code_challenge_method: 'S256',
          }),
        });
      const { key } = (await (await exchange('verifier')).json()) as { key: string };
      assert.equal((await ask(simulator, { key })).status, 200);
      assert.equal((await exchange('verifier')).status, 403);
      const shown = await (await fetch(`${simulator.origin}/auth?key_label=k`)).text();
      assert.match(shown, /<code id="code">[0-9a-f]{32}<\/code>/);
    });
  });
});
