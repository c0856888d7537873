// What a request costs on its way through the proxy: CPU a request and delay an event, beside a bare forwarder in the
// same run, so that only ratios count. Run by `npm run bench:relay`.
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Agent, createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { performance } from 'node:perf_hooks';
import { freePort } from '../support/freePort';

const proxyKey = 'kw-bench-bench-bench-bench';
const model = 'a/b:free';
const events = 50;
const eventText = `data: {"id":"gen-1","model":"${model}","choices":[{"index":0,"delta":{"content":"word "}}]}\n\n`;

/** Upstream: answers at once; streams its events 1 ms apart, each with the moment of its writing. */
function upstream(): Server {
  return createServer((asked, answer) => {
    if (asked.url?.endsWith('/key')) {
      const free_model_daily_requests = { used: 0, limit: 1_000_000, remaining: 1_000_000 };
      answer.writeHead(200, { 'content-type': 'application/json' });
      answer.end(
        JSON.stringify({ data: { creator_user_id: asked.headers.authorization, free_model_daily_requests } }),
      );
      return;
    }
    let body = '';
    asked.setEncoding('utf8');
    asked.on('data', (chunk: string) => (body += chunk));
    asked.on('end', () => {
      if (!body.includes('"stream":true')) {
        answer.writeHead(200, { 'content-type': 'application/json' });
        answer.end(
          '{"id":"gen-1","choices":[{"message":{"role":"assistant","content":"hello"}}],"usage":{"prompt_tokens":1,"completion_tokens":1}}',
        );
        return;
      }
      answer.writeHead(200, { 'content-type': 'text/event-stream' });
      let sent = 0;
      const timer = setInterval(() => {
        answer.write(`: ${performance.timeOrigin + performance.now()}\n${eventText}`);
        if (++sent < events) return;
        clearInterval(timer);
        answer.end('data: [DONE]\n\n');
      }, 1);
    });
  });
}

/** The least that a proxy on node:http can do. */
const forwarder = `
  const http = require('node:http');
  const agent = new http.Agent({ keepAlive: true });
  const server = http.createServer((asked, answer) => {
    const { host, ...headers } = asked.headers;
    const out = http.request({ host: '127.0.0.1', port: process.env.UPSTREAM_PORT, agent, path: asked.url, method: asked.method, headers }, (reply) => {
      answer.writeHead(reply.statusCode, reply.rawHeaders);
      reply.pipe(answer);
    });
    asked.pipe(out);
  });
  server.listen(Number(process.env.PORT), '127.0.0.1', () => process.stdout.write('ready\\n'));`;

interface Subject {
  readonly name: string;
  readonly process: ChildProcess;
  readonly port: number;
}

async function start(
  name: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  port: number,
): Promise<Subject> {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return { name, process: child, port };
}

/** User and system time of the process so far, in microseconds (proc(5), fields 14 and 15, in ticks of 10 ms). */
function cpuUs({ process: { pid } }: Subject): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

async function ask(port: number, agent: Agent, stream: boolean): Promise<number[]> {
  const body = JSON.stringify({ model, stream, messages: [{ role: 'user', content: 'x'.repeat(4_000) }] });
  return await new Promise((resolve, reject) => {
    const out = request(
      {
        host: '127.0.0.1',
        port,
        agent,
        method: 'POST',
        path: '/api/v1/chat/completions',
        headers: {
          'content-type': 'application/json',
          'content-length': body.length,
          authorization: `Bearer ${proxyKey}`,
        },
      },
      (reply: IncomingMessage) => {
        const delays: number[] = [];
        reply.setEncoding('utf8');
        reply.on('data', (chunk: string) => {
          const nowMs = performance.timeOrigin + performance.now();
          for (const [, atMs] of chunk.matchAll(/^: ([\d.]+)$/gm)) delays.push(nowMs - Number(atMs));
        });
        reply.on('end', () =>
          reply.statusCode === 200 ? resolve(delays) : reject(new Error(`status ${reply.statusCode}`)),
        );
      },
    );
    out.on('error', reject);
    out.end(body);
  });
}

interface Figures {
  readonly cpuUsARequest: number;
  readonly cpuUsAnEvent: number;
  readonly medianDelayUs: number;
}

async function measure(subject: Subject, agent: Agent): Promise<Figures> {
  const requests = 3_000;
  const fromUs = cpuUs(subject);
  await inParallel(requests, 8, () => ask(subject.port, agent, false));
  const middleUs = cpuUs(subject);
  const streams = 60;
  const delays: number[] = [];
  await inParallel(streams, 4, async () => {
    delays.push(...(await ask(subject.port, agent, true)));
  });
  const toUs = cpuUs(subject);
  return {
    cpuUsARequest: (middleUs - fromUs) / requests,
    cpuUsAnEvent: (toUs - middleUs) / (streams * events),
    medianDelayUs: (delays.sort((a, b) => a - b)[delays.length >> 1] ?? 0) * 1000,
  };
}

async function inParallel(times: number, lanes: number, run: () => Promise<unknown>): Promise<void> {
  let left = times;
  const lane = async (): Promise<void> => {
    while (left-- > 0) await run();
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

async function main(): Promise<void> {
  const behind = upstream();
  await new Promise<void>((resolve) => behind.listen(0, '127.0.0.1', resolve));
  const upstreamPort = (behind.address() as AddressInfo).port;
  const keys = Array.from({ length: 400 }, (_, index) => `sk-or-v1-bench-${index}-000000000000`).join(',');
  const [barePort, keywheelPort] = [await freePort(), await freePort()];
  const bare = await start(
    'bare node:http',
    ['-e', forwarder],
    { UPSTREAM_PORT: String(upstreamPort), PORT: String(barePort) },
    barePort,
  );
  const keywheel = await start(
    'keywheel',
    ['dist/cli.js'],
    {
      OPENROUTER_KEYS: keys,
      PROXY_API_KEY: proxyKey,
      PORT: String(keywheelPort),
      OPENROUTER_BASE_URL: `http://127.0.0.1:${upstreamPort}/api/v1`,
      LOG_LEVEL: 'warning',
    },
    keywheelPort,
  );
  const agent = new Agent({ keepAlive: true });
  try {
    const rows: Record<string, Figures> = {};
    // The first round warms both up; of the second the figures count.
    for (let round = 0; round < 2; round++) {
      for (const subject of [bare, keywheel]) rows[subject.name] = await measure(subject, agent);
    }
    const [a, b] = [rows['keywheel'], rows['bare node:http']];
    console.table(rows);
    if (a !== undefined && b !== undefined) {
      console.log(
        `CPU a request: ${(a.cpuUsARequest / b.cpuUsARequest).toFixed(2)} times the bare forwarder's`,
      );
      console.log(`CPU an event:  ${(a.cpuUsAnEvent / b.cpuUsAnEvent).toFixed(2)} times`);
      console.log(`Delay an event: ${(a.medianDelayUs / b.medianDelayUs).toFixed(2)} times`);
    }
  } finally {
    agent.destroy();
    behind.close();
    behind.closeAllConnections();
    for (const { process: child } of [bare, keywheel]) child.kill('SIGKILL');
  }
}

void main();
