/**
 * `npm run bench attack` measures the effect of hostile requests, answers and crowds on other requests and on memory. Prober,
 * attacker and upstream are processes of their own on one processor, the proxy has the other. The least proxy on Node
 * (floor.mjs) runs beside it, asked in the same way but not attacked: its delays are the machine's.
 * `dear` or `crowds` runs that part alone, `--rounds 5` takes longer.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { loadavg, setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createGzip } from 'node:zlib';
import { bombs, chat, compressed, dearBodies, user, type Bad } from '../support/dearMessages';
import { freePort } from '../support/freePort';

const proxyKey = 'proxy-key-of-the-measurement';
const mebibyte = 1024 * 1024;
const calmMs = 3_000;
const settledTurnMs = 20;
/** The longest that another request may take meanwhile. */
const mostStallMs = 50;
const mostStallOfLongMs = 150;
const mostCrowdedRatio = 1.2;

/**
 * Runs in the proxy: the processor time of its longest turn since the last question. The clock's time of a turn would also
 * count other programs of the machine.
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

const isLinux = process.platform === 'linux';

/** A process on one processor, where the system can do that. */
function onProcessor(number: number, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  const command = [...(isLinux ? ['taskset', '-c', String(number)] : []), process.execPath, ...args];
  const child = spawn(command[0] ?? '', command.slice(1), {
    env,
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  try {
    // A priority above other programs, where the user may set it.
    setPriority(child.pid ?? 0, -10);
  } catch {
    // The usual priority must do.
  }
  return child;
}

async function asked(child: ChildProcess): Promise<unknown> {
  const told = once(child, 'message');
  child.send('');
  const [answer] = (await told) as [unknown];
  return answer;
}

/** A proxy with its prober. */
class Subject {
  private constructor(
    readonly port: number,
    private readonly proxy: ChildProcess,
    private readonly probe: ChildProcess,
  ) {}

  static async start(file: string, upstreamPort: number): Promise<Subject> {
    const port = await freePort();
    const preload = `data:text/javascript,${encodeURIComponent(turnCode)}`;
    const proxy = onProcessor(0, ['--import', preload, file], {
      OPENROUTER_KEYS: ['a', 'b', 'c'].map((letter) => `sk-or-v1-${letter.repeat(64)}`).join(','),
      OPENROUTER_BASE_URL: `http://127.0.0.1:${upstreamPort}/api/v1`,
      UPSTREAM: `http://127.0.0.1:${upstreamPort}`,
      PROXY_API_KEY: proxyKey,
      PORT: String(port),
      LOG_LEVEL: 'error',
      LOG_FORMAT: 'text',
    });
    let said = '';
    proxy.stdout?.setEncoding('utf8').on('data', (text: string) => (said += text));
    while (!/Base URL|ready/.test(said)) await sleep(5);
    const probe = onProcessor(1, ['test/bench/probe.mjs'], { PORT: String(port), PROXY_KEY: proxyKey });
    return new Subject(port, proxy, probe);
  }

  /** The times of the good requests since the last call. */
  async times(): Promise<Times> {
    return (await asked(this.probe)) as Times;
  }

  /** Processor time of the longest turn since the last call, in ms. */
  async longestTurn(): Promise<number> {
    return (await asked(this.proxy)) as number;
  }

  /** In MiB. */
  get peak(): number {
    if (!isLinux) return Number.NaN;
    const status = readFileSync(`/proc/${this.proxy.pid}/status`, 'utf8');
    return Math.round(Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]) / 1024);
  }

  forgetPeak(): void {
    if (isLinux) writeFileSync(`/proc/${this.proxy.pid}/clear_refs`, '5');
  }

  stop(): void {
    this.probe.kill('SIGKILL');
    this.proxy.kill('SIGKILL');
  }
}

/** Sends one request; its status, or the error that broke it. */
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

function ms(value: number): string {
  return `${value.toFixed(1)} ms`.padStart(9);
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1] ?? Number.NaN;
}

/** The times of good requests during an attack, and those of the floor at the same time. */
interface Felt {
  readonly times: Times;
  readonly floor: Times;
  readonly turnMs: number;
  readonly peak: number;
  readonly told: string;
}

interface Subjects {
  readonly proxy: Subject;
  readonly floor: Subject;
}

async function during({ proxy, floor }: Subjects, work: () => Promise<string>): Promise<Felt> {
  await sleep(300);
  await Promise.all([proxy.times(), floor.times(), proxy.longestTurn()]);
  proxy.forgetPeak();
  const told = await work();
  await sleep(200);
  const [times, ofFloor] = await Promise.all([proxy.times(), floor.times()]);
  return { times, floor: ofFloor, turnMs: await proxy.longestTurn(), peak: proxy.peak, told };
}

async function calm(subjects: Subjects): Promise<Felt> {
  return await during(subjects, async () => {
    await sleep(calmMs);
    return '';
  });
}

/** The least over the rounds, because other programs of the machine only add. */
interface Figures {
  readonly p50: number;
  /** The worst time, beyond the floor's worst of the same round. */
  readonly stall: number;
}

function print(name: string, felt: readonly Felt[]): Figures {
  const worst = felt.map(({ times }) => times.worst);
  const [p50, least] = [Math.min(...felt.map(({ times }) => times.p50)), Math.min(...worst)];
  const ofFloor = felt.map(({ floor }) => floor.worst);
  const failed = felt.reduce((sum, { times }) => sum + times.failed, 0);
  const turn = median(felt.map(({ turnMs }) => turnMs));
  const peak = Math.max(...felt.map((each) => each.peak));
  console.log(
    `${name.padEnd(36)} p50 ${p50.toFixed(2)} ms  worst${ms(least)} to${ms(median(worst))}  floor${ms(Math.min(...ofFloor))} to${ms(median(ofFloor))}  turn${ms(turn)}  peak ${String(peak).padStart(4)} MiB  ${failed} failed  ${felt.at(-1)?.told}`,
  );
  return { p50, stall: Math.min(...felt.map(({ times, floor }) => times.worst - floor.worst)) };
}

let missed = 0;

function hold(what: string, isHeld: boolean): void {
  if (isHeld) return;
  missed++;
  console.log(`  MISSED: ${what}`);
}

interface Attack {
  readonly name: string;
  readonly mostMs: number;
  readonly body: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

async function stall(
  subjects: Subjects,
  rounds: number,
  { name, mostMs, body, headers }: Attack,
): Promise<void> {
  const felt: Felt[] = [];
  for (let round = 0; round < rounds; round++)
    felt.push(await during(subjects, async () => await post(subjects.proxy.port, body, headers)));
  hold(`at most ${mostMs} ms`, print(name, felt).stall <= mostMs);
}

async function dear(
  subjects: Subjects,
  rounds: number,
  answers: Readonly<Record<string, Bad>>,
): Promise<void> {
  for (const mebibytes of [8, 63]) {
    const mostMs = mebibytes > 8 ? mostStallOfLongMs : mostStallMs;
    for (const [kind, body] of Object.entries(dearBodies(mebibytes * mebibyte)))
      await stall(subjects, rounds, { name: `body, ${mebibytes} MiB, ${kind}`, mostMs, body });
  }
  const body = await compressed(createGzip(), Buffer.alloc(mebibyte), 1024);
  const headers = { 'content-encoding': 'gzip' };
  await stall(subjects, rounds, { name: 'body, gzip of 1 GiB', mostMs: mostStallOfLongMs, body, headers });
  for (const name of Object.keys(answers))
    await stall(subjects, rounds, {
      name: `answer, ${name}`,
      mostMs: mostStallMs,
      body: chat(`x/${name}`, user),
    });
}

/** Idle connections, stopped readers of 5 MB streams, and dripping streams, all at once. */
async function crowd(subject: Subject): Promise<() => void> {
  const sockets: Socket[] = [];
  const open = async (text: string): Promise<Socket> => {
    const socket = connect(subject.port, '127.0.0.1');
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
    await subject.longestTurn();
    await sleep(1_000);
    if ((await subject.longestTurn()) < settledTurnMs) break;
  }
  return () => {
    for (const socket of sockets) socket.destroy();
  };
}

async function burst(port: number): Promise<string> {
  const beganAt = performance.now();
  const body = chat('x/y', user);
  const replies = await Promise.all(Array.from({ length: 3_000 }, async () => await post(port, body)));
  const good = replies.filter((status) => status === '200').length;
  const others = [...new Set(replies.filter((status) => status !== '200'))].join(', ');
  return `${good} of 3,000 answered in ${((performance.now() - beganAt) / 1000).toFixed(1)} s ${others}`;
}

/** Calm, crowded, calm again, a burst, and the time from two seconds after it on. */
async function crowds(subjects: Subjects, rounds: number): Promise<void> {
  const { proxy } = subjects;
  const [calmly, crowded, bursting, after]: [Felt[], Felt[], Felt[], Felt[]] = [[], [], [], []];
  for (let round = 0; round < rounds; round++) {
    calmly.push(await calm(subjects));
    const leave = await crowd(proxy);
    crowded.push(await calm(subjects));
    leave();
    await sleep(2_000);
    calmly.push(await calm(subjects));
    bursting.push(await during(subjects, async () => await burst(proxy.port)));
    await sleep(1_500);
    after.push(await calm(subjects));
  }
  const usual = print('calm', calmly).p50;
  const ratio = print('2,000 idle, 300 stopped, 200 drip', crowded).p50 / usual;
  print('burst of 3,000', bursting);
  const later = print('2 s after it', after).p50 / usual;
  console.log(`p50 beside the calm one: ${ratio.toFixed(2)} crowded, ${later.toFixed(2)} after the burst`);
  hold(`at most ${mostCrowdedRatio}`, Math.max(ratio, later) <= mostCrowdedRatio);
  hold(
    'all of the burst are answered',
    bursting.every(({ told }) => told.startsWith('3000 ')),
  );
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { rounds: { type: 'string', default: '3' } },
    allowPositionals: true,
  });
  const rounds = Number(values.rounds);
  const answers = await bombs();
  const upstream = onProcessor(1, ['test/bench/hostile.mjs'], {});
  const [upstreamPort] = (await once(upstream, 'message')) as [number];
  upstream.send(answers);
  const subjects: Subjects = {
    proxy: await Subject.start('dist/cli.js', upstreamPort),
    floor: await Subject.start('test/bench/floor.mjs', upstreamPort),
  };
  // The attacker takes the time that the prober leaves of its processor.
  if (isLinux) spawnSync('taskset', ['-acp', '1', String(process.pid)]);
  setPriority(10);
  try {
    const part = positionals[0] ?? 'all';
    console.log(`${rounds} rounds; load of the machine ${loadavg()[0]?.toFixed(2)} before`);
    if (part !== 'crowds') await dear(subjects, rounds, answers);
    if (part !== 'dear') await crowds(subjects, rounds);
    console.log(`load ${loadavg()[0]?.toFixed(2)} at the end; ${missed} missed`);
  } finally {
    subjects.proxy.stop();
    subjects.floor.stop();
    upstream.kill('SIGKILL');
  }
  process.exitCode = missed === 0 ? 0 : 1;
}

void main();
