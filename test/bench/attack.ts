/**
 * `npm run bench attack`: what hostile requests, answers and crowds do to everybody else's requests, and to memory. Good
 * requests run all the while, from a thread of their own; upstream is a thread too. Prints figures, judges nothing.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { constants, createBrotliCompress, createGzip, type BrotliCompress, type Gzip } from 'node:zlib';

const proxyKey = 'proxy-key-of-the-measurement';
const mebibyte = 1024 * 1024;
const calmMs = 3_000;
const settledTurnMs = 20;

/** Upstream: what it answers stands in the request's model. */
const upstreamCode = `
  const { workerData, parentPort } = require('node:worker_threads');
  const good = JSON.stringify({ id: 'gen-1', object: 'chat.completion', model: 'x/y',
    choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Hello.' } }],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2, cost: 0 } });
  const event = 'data: ' + JSON.stringify({ id: 'gen-1', object: 'chat.completion.chunk', model: 'x/y',
    choices: [{ index: 0, delta: { content: 'x'.repeat(workerData.eventBytes) } }] }) + '\\n\\n';
  const server = require('node:http').createServer((request, response) => {
    let head = '';
    request.on('data', (chunk) => { if (head.length < 200) head += chunk.toString('latin1', 0, 200); });
    request.on('end', () => {
      const model = /"model":"x\\/([\\w-]+)"/.exec(head)?.[1] ?? 'y';
      const bad = workerData.answers[model];
      if (request.url.endsWith('/key')) {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ data: { label: 'a', limit: null, limit_remaining: null, usage: 0, is_free_tier: false } }));
      } else if (bad !== undefined) {
        response.writeHead(bad.status, bad.headers);
        response.end(bad.body);
      } else if (model === 'flood' || model === 'drip') {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        let left = model === 'flood' ? 1300 : 100000;
        const next = () => {
          if (response.destroyed || left-- <= 0) { response.end('data: [DONE]\\n\\n'); return; }
          const goesOn = response.write(model === 'flood' ? event : event.slice(0, 120) + '"}}]}\\n\\n');
          if (model === 'drip') setTimeout(next, 100);
          else if (goesOn) setImmediate(next);
          else response.once('drain', next);
        };
        response.on('error', () => undefined);
        next();
      } else {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(good);
      }
    });
    request.on('error', () => undefined);
  });
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

/** A good client: one request after another, 5 ms apart; tells its times when asked for them. */
const probeCode = `
  const { workerData: { port, proxyKey }, parentPort } = require('node:worker_threads');
  const http = require('node:http');
  const agent = new http.Agent({ keepAlive: true });
  const body = JSON.stringify({ model: 'x/y', messages: [{ role: 'user', content: 'Hi' }] });
  let times = [];
  let failed = 0;
  function ask() {
    const begin = performance.now();
    const over = (isGood) => { times.push(performance.now() - begin); if (!isGood) failed++; setTimeout(ask, 5); };
    const request = http.request({ agent, port, host: '127.0.0.1', method: 'POST', path: '/api/v1/chat/completions',
      headers: { authorization: 'Bearer ' + proxyKey, 'content-type': 'application/json', 'content-length': body.length } }, (response) => {
      response.resume();
      response.on('end', () => over(response.statusCode === 200));
    });
    request.on('error', () => over(false));
    request.end(body);
  }
  ask();
  parentPort.on('message', () => {
    const sorted = times.sort((a, b) => a - b);
    parentPort.postMessage({ count: sorted.length, failed, p50: sorted[sorted.length >> 1] ?? 0,
      p99: sorted[Math.floor(sorted.length * 0.99)] ?? 0, worst: sorted.at(-1) ?? 0 });
    times = [];
    failed = 0;
  });
`;

/**
 * Runs in the proxy: the processor time of its longest turn, since the last question. What the clock says of a turn also
 * counts whatever else runs on the machine.
 */
const turnCode = `
  let last = process.cpuUsage();
  let longest = 0;
  setInterval(() => {
    const now = process.cpuUsage();
    longest = Math.max(longest, now.user - last.user + now.system - last.system);
    last = now;
  }, 2);
  process.on('message', () => { process.send(longest / 1000); longest = 0; });
`;

interface Times {
  readonly count: number;
  readonly failed: number;
  readonly p50: number;
  readonly p99: number;
  readonly worst: number;
}

interface Bad {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

class Rig {
  private constructor(
    private readonly upstream: Worker,
    private readonly probe: Worker,
    private readonly proxy: ChildProcess,
    readonly port: number,
  ) {}

  static async start(answers: Readonly<Record<string, Bad>>): Promise<Rig> {
    const upstream = new Worker(upstreamCode, { eval: true, workerData: { answers, eventBytes: 4_000 } });
    const [upstreamPort] = (await once(upstream, 'message')) as [number];
    const preload = `data:text/javascript,${encodeURIComponent(turnCode)}`;
    const proxy = spawn(process.execPath, ['--import', preload, path.resolve('dist', 'cli.js')], {
      env: {
        OPENROUTER_KEYS: ['a', 'b', 'c'].map((name) => `sk-or-v1-${name.repeat(64)}`).join(','),
        OPENROUTER_BASE_URL: `http://127.0.0.1:${upstreamPort}/api/v1`,
        PROXY_API_KEY: proxyKey,
        PORT: '0',
        LOG_LEVEL: 'error',
        LOG_FORMAT: 'text',
      },
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    let said = '';
    proxy.stdout?.setEncoding('utf8').on('data', (text: string) => (said += text));
    while (!said.includes('Base URL')) await sleep(5);
    const port = Number(/Base URL: +http:\/\/\S+:(\d+)\//.exec(said)?.[1]);
    const probe = new Worker(probeCode, { eval: true, workerData: { port, proxyKey } });
    return new Rig(upstream, probe, proxy, port);
  }

  /** Of the good requests since the last call. */
  async times(): Promise<Times> {
    const told = once(this.probe, 'message');
    this.probe.postMessage('times');
    const [times] = (await told) as [Times];
    return times;
  }

  /** Processor time of the proxy's longest turn since the last call, in ms. */
  async longestTurn(): Promise<number> {
    const told = once(this.proxy, 'message');
    this.proxy.send('longest');
    const [longest] = (await told) as [number];
    return longest;
  }

  /** In MiB. */
  get peak(): number {
    return this.memory('VmHWM');
  }

  get rss(): number {
    return this.memory('VmRSS');
  }

  forgetPeak(): void {
    if (process.platform === 'linux') writeFileSync(`/proc/${this.proxy.pid}/clear_refs`, '5');
  }

  async stop(): Promise<void> {
    await Promise.all([this.probe.terminate(), this.upstream.terminate()]);
    this.proxy.kill('SIGKILL');
    await once(this.proxy, 'exit');
  }

  private memory(field: string): number {
    if (process.platform !== 'linux') return Number.NaN;
    const status = readFileSync(`/proc/${this.proxy.pid}/status`, 'utf8');
    return Math.round(Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / 1024);
  }
}

/** One request; its status, or what broke it. */
async function post(
  port: number,
  body: Buffer,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  return await new Promise((resolve) => {
    const sent = httpRequest({
      host: '127.0.0.1',
      port,
      method: 'POST',
      path: '/api/v1/chat/completions',
      agent: false,
      headers: {
        authorization: `Bearer ${proxyKey}`,
        'content-type': 'application/json',
        'content-length': body.length,
        ...headers,
      },
    });
    sent.on('response', (response) => {
      response.resume().on('close', () => resolve(String(response.statusCode)));
      response.on('error', () => undefined);
    });
    sent.on('error', (error) => resolve(error.message));
    sent.end(body);
  });
}

function chat(model: string, rest: string): Buffer {
  return Buffer.from(`{"model":"${model}",${rest}}`);
}

const user = '"messages":[{"role":"user","content":"Hi"}]';

/** Bodies of about so many bytes that are dear to read. */
function dearBodies(bytes: number): Readonly<Record<string, Buffer>> {
  const fill = (unit: string): string => unit.repeat(Math.floor(bytes / (unit.length + 1))).slice(0, bytes);
  const list = (unit: string): string => `[${fill(`${unit},`)}${unit}]`;
  const parts: string[] = [];
  for (let index = 0, length = 0; length < bytes; index++) {
    const part = `"n${index.toString(36)}":0,`;
    parts.push(part);
    length += part.length;
  }
  const names = parts.join('');
  return {
    'empty objects': chat('x/y', `"messages":${list('{}')}`),
    numbers: chat('x/y', `${user},"numbers":${list('1')}`),
    'small tools': chat('x/y', `${user},"tools":${list('{"type":"function","function":{"name":"a"}}')}`),
    names: chat('x/y', `${user},"extra":{${names}"z":0}`),
    'outer names': chat('x/y', `${user},${names}"z":0`),
    'one text': chat('x/y', `"messages":[{"role":"user","content":"${'a'.repeat(bytes)}"}]`),
    escapes: chat('x/y', `"messages":[{"role":"user","content":"${fill(String.raw`\u0041`)}"}]`),
    'deep lists': chat('x/y', `${user},"deep":${'['.repeat(bytes / 2)}${']'.repeat(bytes / 2)}`),
  };
}

async function compressed(coder: Gzip | BrotliCompress, chunk: Buffer, times: number): Promise<Buffer> {
  const out: Buffer[] = [];
  coder.on('data', (piece: Buffer) => out.push(piece));
  for (let count = 0; count < times; count++) if (!coder.write(chunk)) await once(coder, 'drain');
  coder.end();
  await once(coder, 'end');
  return Buffer.concat(out);
}

async function bombs(): Promise<Readonly<Record<string, Bad>>> {
  const zeros = Buffer.alloc(mebibyte);
  const brotli = (): BrotliCompress =>
    createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 5 } });
  const json = { 'content-type': 'application/json' };
  const br = await compressed(brotli(), zeros, 1024);
  const gzip = await compressed(createGzip(), zeros, 1024);
  const comments = await compressed(createGzip(), Buffer.from(': c\n\n'.repeat(20_000)), 2_000);
  const dear = dearBodies(7.9 * mebibyte);
  const plain = (body: string | Buffer): Bad => ({ status: 200, headers: json, body: Buffer.from(body) });
  return {
    'br-error': { status: 400, headers: { ...json, 'content-encoding': 'br' }, body: br },
    'br-answer': { status: 200, headers: { ...json, 'content-encoding': 'br' }, body: br },
    'gzip-error': { status: 500, headers: { ...json, 'content-encoding': 'gzip' }, body: gzip },
    'gzip-answer': { status: 200, headers: { ...json, 'content-encoding': 'gzip' }, body: gzip },
    'gzip-stream': {
      status: 200,
      headers: { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' },
      body: comments,
    },
    digits: plain('9'.repeat(7.9 * mebibyte)),
    ...Object.fromEntries(
      Object.entries(dear).map(([name, body]) => [`json-${name.replaceAll(' ', '-')}`, plain(body)]),
    ),
    ...Object.fromEntries(
      Object.entries(dear).map(([name, body]) => [
        `error-${name.replaceAll(' ', '-')}`,
        { status: 400, headers: json, body },
      ]),
    ),
  };
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`.padStart(10);
}

function line(name: string, { p50, p99, worst, count, failed }: Times, more: string): void {
  console.log(
    `${name.padEnd(34)} p50${ms(p50)}  p99${ms(p99)}  worst${ms(worst)}  ${String(count).padStart(5)} good, ${failed} failed  ${more}`,
  );
}

/** Runs it while good requests run, and prints what those felt. */
async function during(rig: Rig, name: string, work: () => Promise<string>): Promise<Times> {
  await sleep(500);
  await rig.times();
  await rig.longestTurn();
  rig.forgetPeak();
  const told = await work();
  await sleep(300);
  const times = await rig.times();
  line(name, times, `turn ${ms(await rig.longestTurn())}, peak ${rig.peak} MiB  ${told}`);
  return times;
}

async function dear(rig: Rig, answers: Readonly<Record<string, Bad>>): Promise<void> {
  for (const bytes of [8 * mebibyte, 60 * mebibyte]) {
    for (const [name, body] of Object.entries(dearBodies(bytes)))
      await during(rig, `body, ${bytes / mebibyte} MiB, ${name}`, async () => await post(rig.port, body));
  }
  const coded = await compressed(createGzip(), Buffer.alloc(mebibyte), 1024);
  await during(rig, 'body, gzip of 1 GiB', async () => {
    return await post(rig.port, coded, { 'content-encoding': 'gzip' });
  });
  for (const name of Object.keys(answers))
    await during(rig, `answer, ${name}`, async () => await post(rig.port, chat(`x/${name}`, user)));
}

async function crowds(rig: Rig, calm: Times): Promise<void> {
  const sockets: Socket[] = [];
  const open = async (text: string): Promise<Socket> => {
    const socket = connect(rig.port, '127.0.0.1');
    socket.on('error', () => undefined);
    sockets.push(socket);
    await once(socket, 'connect');
    if (text !== '') socket.write(text);
    return socket;
  };
  const streamed = (model: string): string => {
    const body = chat(model, `${user},"stream":true`).toString();
    return `POST /api/v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${proxyKey}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  };
  for (let count = 0; count < 2_000; count++) await open('');
  for (let count = 0; count < 300; count++) (await open(streamed('x/flood'))).pause();
  for (let count = 0; count < 200; count++) (await open(streamed('x/drip'))).resume();
  // The kernel takes megabytes of each stream before its reader counts as stopped: all of that is relayed first.
  for (let seconds = 0; seconds < 60; seconds++) {
    await rig.longestTurn();
    await sleep(1_000);
    if ((await rig.longestTurn()) < settledTurnMs) break;
  }
  const crowded = await during(rig, '2,000 idle, 300 stopped, 200 drip', async () => {
    await sleep(2 * calmMs);
    return `RSS ${rig.rss} MiB`;
  });
  console.log(`  p50 is ${(crowded.p50 / calm.p50).toFixed(2)} times the calm one`);
  for (const socket of sockets) socket.destroy();
  await sleep(1_000);
  await during(rig, 'burst of 3,000', async () => {
    const beganAt = performance.now();
    const body = chat('x/y', user);
    const replies = await Promise.all(Array.from({ length: 3_000 }, async () => await post(rig.port, body)));
    const good = replies.filter((status) => status === '200').length;
    const others = [...new Set(replies.filter((status) => status !== '200'))].join(', ');
    return `${good} of 3,000 answered in ${((performance.now() - beganAt) / 1000).toFixed(1)} s ${others}`;
  });
  for (const after of [1, 2]) {
    await rig.times();
    await sleep(1_000);
    const times = await rig.times();
    line(`second ${after} after it`, times, `p50 is ${(times.p50 / calm.p50).toFixed(2)} times the calm one`);
  }
}

async function main(parts: readonly string[]): Promise<void> {
  const answers = await bombs();
  const rig = await Rig.start(answers);
  try {
    await sleep(2_000);
    await rig.times();
    await rig.longestTurn();
    await sleep(calmMs);
    const calm = await rig.times();
    line('calm', calm, `turn ${ms(await rig.longestTurn())}, RSS ${rig.rss} MiB`);
    if (parts.length === 0 || parts.includes('dear')) await dear(rig, answers);
    if (parts.length === 0 || parts.includes('crowds')) await crowds(rig, calm);
  } finally {
    await rig.stop();
  }
}

void main(process.argv.slice(2));
