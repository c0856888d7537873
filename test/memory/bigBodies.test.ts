/** Big bodies through the built command line: they pass whole, and its memory stays bounded. */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import OpenAI, { toFile } from 'openai';
import { rawChat } from '../http/client';
import { Simulator } from '../simulator/simulator';
import { downloadBytes } from '../simulator/wire/delivery';

const program = path.resolve('dist', 'cli.js');
const mebibyte = 1024 * 1024;
/** Most bytes that the proxy keeps of one body. */
const bodyCapBytes = 64 * mebibyte;
const key = `sk-or-v1-${'a'.repeat(64)}`;
const proxyKey = 'proxy-key-of-the-tests';

describe('the command line, with big bodies', () => {
  let simulator: Simulator;
  let proxy: ChildProcess;
  let client: OpenAI;

  beforeEach(async () => {
    const accounts = [{ name: 'anna', keys: [key], credits: 100 }];
    simulator = await Simulator.start({ accounts, keepBodyBytes: 0 });
    proxy = startCommandLine(simulator.baseUrl);
    client = new OpenAI({ baseURL: await baseUrlOf(proxy), apiKey: proxyKey, maxRetries: 0 });
  });

  afterEach(async () => {
    proxy.kill('SIGTERM');
    await once(proxy, 'exit');
    await simulator.stop();
  });

  it('takes an audio file of 20 MB with less than twice the cap of a body', async () => {
    const bytes = downloadBytes(0, 20 * mebibyte);
    await transcribe(client, downloadBytes(0, mebibyte));
    const before = await memoryOf(proxy);

    const told = await transcribe(client, bytes);

    assert.deepEqual(told, { bytes: bytes.length, sha256: sha256(bytes) });
    const growth = (await memoryOf(proxy)).peakBytes - before.nowBytes;
    assert.ok(growth < 2 * bodyCapBytes, `${growth} bytes more`);
    assert.equal(simulator.requestsTo('/audio/transcriptions').length, 2);
  });

  it('holds no more for clients that take nothing than for a few of them', async () => {
    const text = JSON.stringify({ choices: [{ message: { content: 'x'.repeat(7_900_000) } }] });
    const headers = { 'Content-Type': 'application/json' };
    simulator.script({
      times: 100,
      path: '/chat/completions',
      fault: { kind: 'respond', status: 200, headers, body: text },
    });
    const before = await memoryOf(proxy);
    const { port } = new URL(client.baseURL);
    const sockets = Array.from({ length: 100 }, () => {
      const socket = connect(Number(port), '127.0.0.1').on('error', () => undefined);
      socket.pause().write(rawChat(proxyKey, '{"model":"x/y","messages":[]}'));
      return socket;
    });
    const come = (): number => simulator.requestsTo('/chat/completions').length;
    for (let tries = 0; come() < 100 && tries < 60; tries++) await sleep(500);
    // The proxy holds upstream's bytes as far as it has room.
    await sleep(5_000);
    const growth = (await memoryOf(proxy)).peakBytes - before.nowBytes;
    for (const socket of sockets) socket.destroy();
    assert.equal(come(), 100);
    assert.ok(growth < 550 * mebibyte, `${growth} bytes more`);
  });

  it('gives a download of 50 MB with less than 20 MB more, though its client reads slowly', async () => {
    // The heap of a fresh process grows to its working size with the first bytes of any download.
    await download(16 * mebibyte);
    const before = await memoryOf(proxy);

    const got = await download(50 * mebibyte);

    const sha256Wanted = sha256(downloadBytes(0, 50 * mebibyte));
    assert.deepEqual(
      { bytes: got.bytes, sha256: got.sha256 },
      { bytes: 50 * mebibyte, sha256: sha256Wanted },
    );
    const growth = (await memoryOf(proxy)).peakBytes - before.peakBytes;
    assert.ok(growth < 20 * mebibyte, `${growth} bytes more`);
    assert.ok(got.mostHeldBytes < 20 * mebibyte, `${got.mostHeldBytes} bytes held`);
  });

  /** Pauses after each mebibyte, and reads the proxy's memory then. */
  async function download(size: number): Promise<Downloaded> {
    simulator.setAnswer({ downloadBytes: size });
    const { body } = await client.audio.speech.create({
      model: 'openai/tts-1',
      voice: 'alloy',
      input: 'Hello',
    });
    assert.ok(body);
    const hash = createHash('sha256');
    let bytes = 0;
    let mostHeldBytes = 0;
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      hash.update(chunk);
      if (Math.floor((bytes + chunk.length) / mebibyte) > Math.floor(bytes / mebibyte)) {
        await sleep(10);
        mostHeldBytes = Math.max(mostHeldBytes, (await memoryOf(proxy)).buffersBytes);
      }
      bytes += chunk.length;
    }
    return { bytes, sha256: hash.digest('hex'), mostHeldBytes };
  }
});

interface Downloaded {
  readonly bytes: number;
  readonly sha256: string;
  readonly mostHeldBytes: number;
}

function startCommandLine(upstreamUrl: string): ChildProcess {
  const env = {
    ...process.env,
    OPENROUTER_KEYS: key,
    OPENROUTER_BASE_URL: upstreamUrl,
    PROXY_API_KEY: proxyKey,
  };
  const probe = path.resolve('test', 'clients', 'memoryProbe.cjs');
  return fork(program, {
    env: { ...env, PORT: '0', LOG_LEVEL: 'error' },
    execArgv: ['--expose-gc', '--require', probe],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
}

async function baseUrlOf({ stdout }: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of stdout?.setEncoding('utf8') ?? []) {
    text += String(chunk);
    const baseUrl = /Base URL: +(\S+)/.exec(text)?.[1];
    if (baseUrl !== undefined) return baseUrl;
  }
  throw new Error(`The program ended after: ${text}`);
}

async function transcribe(client: OpenAI, bytes: Buffer): Promise<unknown> {
  const file = await toFile(bytes, 'speech.wav', { type: 'audio/wav' });
  const answer: unknown = await client.audio.transcriptions.create({ file, model: 'openai/whisper-1' });
  const { bytes: length, sha256 } = answer as { bytes: number; sha256: string };
  return { bytes: length, sha256 };
}

interface MemoryTold {
  /** The most that the process ever had. */
  readonly peakBytes: number;
  readonly nowBytes: number;
  /** In buffers, after a collection. */
  readonly buffersBytes: number;
}

async function memoryOf(child: ChildProcess): Promise<MemoryTold> {
  const answer = once(child, 'message');
  child.send('memory');
  const [told] = (await answer) as [MemoryTold];
  return told;
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
