// Measures the cost of a request through the proxy, beside the least proxy on Node (floor.mjs), nginx and Portkey's gateway
// where they are installed. Rounds are interleaved, and only ratios are valid for other machines.
// `npm run bench -- --rounds 5 --seconds 6 --requests 200000 --json`; load by wrk. Linux, because it reads /proc. `--readme`
// writes README's table anew.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, request, type IncomingMessage } from 'node:http';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { freePort } from '../support/freePort';

const proxyKey = 'kw-bench-bench-bench-bench';
const chat = '/api/v1/chat/completions';
const portkey = 'node_modules/@portkey-ai/gateway/build/start-server.js';
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '6' },
    requests: { type: 'string', default: '200000' },
    json: { type: 'boolean', default: false },
    readme: { type: 'boolean', default: false },
  },
});

interface Subject {
  readonly name: string;
  readonly process: ChildProcess;
  readonly url: string;
}

/** Processor times in microseconds, delays in milliseconds, times of one connection in microseconds. */
type Figures = Record<string, number>;

async function start(
  name: string,
  [program = '', ...args]: string[],
  env: NodeJS.ProcessEnv,
): Promise<Subject> {
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const url = `http://127.0.0.1:${env.PORT}${chat}`;
  for (let tries = 0; tries < 100; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    if (await answers(url)) return { name, process: child, url };
  }
  throw new Error(`${name} does not listen.`);
}

async function answers(url: string): Promise<boolean> {
  return await new Promise((resolve) => {
    request(url, { method: 'HEAD' }, (reply) => resolve(reply.resume().statusCode !== undefined))
      .on('error', () => resolve(false))
      .end();
  });
}

/** User and system time of the process and its children so far (proc(5), fields 14 and 15, in ticks of 10 ms). */
function cpuUs({ process: { pid } }: Subject): number {
  const children = spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' }).stdout.split('\n');
  return [String(pid), ...children.filter((child) => child !== '')].reduce((sum, each) => {
    const fields = readFileSync(`/proc/${each}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return sum + (Number(fields[11]) + Number(fields[12])) * 10_000;
  }, 0);
}

/** Memory of its own, in MiB. */
function ownMiB({ process: { pid } }: Subject): number {
  return Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

interface Load {
  readonly requests: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

function load(url: string, script: string, connections: number, seconds: number): Load {
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '-s', script, url];
  const { stdout } = spawnSync('wrk', args, { encoding: 'utf8' });
  if (/Non-2xx|Socket errors: connect [1-9]/.test(stdout)) throw new Error(`Bad answers:\n${stdout}`);
  return {
    requests: Number(/(\d+) requests in/.exec(stdout)?.[1]),
    p50Us: microseconds(/^\s+50%\s+(\S+)/m.exec(stdout)?.[1]),
    p99Us: microseconds(/^\s+99%\s+(\S+)/m.exec(stdout)?.[1]),
  };
}

function microseconds(told = ''): number {
  const factor = told.endsWith('us') ? 1 : told.endsWith('ms') ? 1_000 : 1_000_000;
  return Number.parseFloat(told) * factor;
}

interface Streamed {
  readonly firstMs: number;
  readonly delaysMs: readonly number[];
}

async function stream(url: string, agent: Agent): Promise<Streamed> {
  const fromMs = performance.now();
  return await new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${proxyKey}` };
    const asked = request(url, { agent, method: 'POST', headers }, (reply: IncomingMessage) => {
      let firstMs = 0;
      const delaysMs: number[] = [];
      reply.setEncoding('latin1');
      reply.on('data', (chunk: string) => {
        const now = process.hrtime.bigint();
        if (firstMs === 0) firstMs = performance.now() - fromMs;
        for (const [, at = '0'] of chunk.matchAll(/"content":"(\d+)"/g))
          delaysMs.push(Number(now - BigInt(at)) / 1e6);
      });
      reply.on('end', () => resolve({ firstMs, delaysMs })).on('error', reject);
    });
    asked
      .on('error', reject)
      .end('{"model":"a/b","stream":true,"messages":[{"role":"user","content":"Hi"}]}');
  });
}

async function streams(subject: Subject, count: number): Promise<Figures> {
  const agent = new Agent({ keepAlive: true });
  await stream(subject.url, agent);
  const fromUs = cpuUs(subject);
  const all = await Promise.all(Array.from({ length: count }, async () => await stream(subject.url, agent)));
  const usedUs = cpuUs(subject) - fromUs;
  agent.destroy();
  const delays = all.flatMap(({ delaysMs }) => delaysMs);
  return {
    [`µs an event, ${count} streams`]: usedUs / delays.length,
    [`p99 delay ms, ${count} streams`]: quantile(delays, 0.99),
    [`first byte ms, ${count} streams`]: quantile(
      all.map(({ firstMs }) => firstMs),
      0.5,
    ),
  };
}

async function measure(subject: Subject, script: string, directUs: Load): Promise<Figures> {
  const seconds = Number(options.seconds);
  load(subject.url, script, 32, 2);
  const figures: Figures = {};
  for (const connections of [32, 256]) {
    const fromUs = cpuUs(subject);
    const { requests } = load(subject.url, script, connections, seconds);
    figures[`µs a request, ${connections} connections`] = (cpuUs(subject) - fromUs) / requests;
  }
  const { p50Us, p99Us } = load(subject.url, script, 1, seconds);
  figures['added p50 µs'] = p50Us - directUs.p50Us;
  figures['added p99 µs'] = p99Us - directUs.p99Us;
  return {
    ...figures,
    ...(await streams(subject, 50)),
    ...(await streams(subject, 500)),
    'RssAnon MiB': ownMiB(subject),
  };
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

async function subjects(upstream: string, folder: string): Promise<Subject[]> {
  const port = async (): Promise<string> => String(await freePort());
  const PORT = await port();
  const all = [
    await start('floor', [process.execPath, 'test/bench/floor.mjs'], { UPSTREAM: upstream, PORT }),
  ];
  const keys = ['a', 'b', 'c'].map((each) => `sk-or-v1-${each.repeat(64)}`).join(',');
  const own = { OPENROUTER_KEYS: keys, PROXY_API_KEY: proxyKey, HOST: '127.0.0.1', LOG_LEVEL: 'warning' };
  const base = { OPENROUTER_BASE_URL: `${upstream}/api/v1`, STATE_FILE: path.join(folder, 'state.json') };
  all.push(
    await start('keywheel', [process.execPath, 'dist/cli.js'], { ...own, ...base, PORT: await port() }),
  );
  if (spawnSync('nginx', ['-v']).error === undefined) {
    const nginxPort = await port();
    const config = path.join(folder, 'nginx.conf');
    writeFileSync(config, nginxConfig(folder, nginxPort, upstream.replace('http://', '')));
    all.push(await start('nginx', ['nginx', '-c', config, '-p', folder], { PORT: nginxPort }));
  }
  if (existsSync(portkey)) {
    const portkeyPort = await port();
    all.push(
      await start('portkey', [process.execPath, portkey, `--port=${portkeyPort}`], { PORT: portkeyPort }),
    );
  }
  return all;
}

function nginxConfig(folder: string, port: string, upstream: string): string {
  return `worker_processes 1; daemon off; pid ${folder}/pid; error_log ${folder}/errors;
events { worker_connections 4096; }
http { access_log off; upstream up { server ${upstream}; keepalive 512; }
server { listen 127.0.0.1:${port}; location / { proxy_pass http://up; proxy_http_version 1.1;
proxy_set_header Connection ""; proxy_set_header Authorization "Bearer k"; proxy_buffering off; } } }`;
}

/** Whether memory grows with requests, once all tables are made. */
function soak(subject: Subject, script: string): Figures {
  const wanted = Number(options.requests);
  const half = (): number => {
    for (let sent = 0; sent < wanted / 2;) sent += load(subject.url, script, 32, 5).requests;
    return ownMiB(subject);
  };
  return { 'RssAnon MiB at half': half(), [`RssAnon MiB after ${wanted} requests`]: half() };
}

function print(rows: ReadonlyMap<string, readonly Figures[]>): void {
  const floor = rows.get('floor') ?? [];
  const names = Object.keys(floor[0] ?? {});
  const of = (figures: readonly Figures[], name: string): number =>
    quantile(
      figures.map((each) => each[name] ?? Number.NaN),
      0.5,
    );
  const medians = [...rows].map(
    ([subject, figures]) =>
      [subject, Object.fromEntries(names.map((name) => [name, of(figures, name)]))] as const,
  );
  if (options.json) {
    console.log(
      JSON.stringify(
        {
          at: new Date().toISOString(),
          machine: machine(),
          medians: Object.fromEntries(medians),
          rounds: Object.fromEntries(rows),
        },
        null,
        2,
      ),
    );
    return;
  }
  console.log(`${measuredOn(floor.length)}; medians (least to most), ratio to the floor\n`);
  const line = (cells: readonly string[]): void => console.log(`| ${cells.join(' | ')} |`);
  line(['', ...rows.keys()]);
  line(['---', ...[...rows.keys()].map(() => '---')]);
  for (const name of names) {
    line([
      name,
      ...[...rows].map(([subject, figures]) => {
        const values = figures.map((each) => each[name] ?? Number.NaN);
        const spread = `${of(figures, name).toFixed(1)} (${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)})`;
        return subject === 'floor'
          ? spread
          : `${spread}, ${(of(figures, name) / of(floor, name)).toFixed(2)} ×`;
      }),
    ]);
  }
  if (options.readme) writeReadme(new Map(medians), measuredOn(floor.length));
}

/** The figures in README, with their words and units. */
const told: readonly (readonly [name: string, words: string, unit: string])[] = [
  ['µs a request, 32 connections', 'processor time a request, 32 connections', 'µs'],
  ['added p50 µs', 'added to an answer, one connection, median', 'µs'],
  ['µs an event, 50 streams', 'processor time an event of 50 streams', 'µs'],
  ['p99 delay ms, 50 streams', 'delay of an event of 50 streams, 99th percentile', 'ms'],
  ['RssAnon MiB', 'memory of its own after the load', 'MiB'],
];

function writeReadme(medians: ReadonlyMap<string, Figures>, measured: string): void {
  const marks = ['<!-- measured by: npm run bench -- --readme -->', '<!-- end of measured -->'] as const;
  const readme = readFileSync('README.md', 'utf8');
  const from = readme.indexOf(marks[0]) + marks[0].length;
  const to = readme.indexOf(marks[1]);
  if (to < from) throw new Error(`README.md has no place for the table: ${marks.join(' … ')}`);
  const floor = medians.get('floor') ?? {};
  const cell = (figures: Figures, name: string, unit: string): string => {
    const value = figures[name] ?? Number.NaN;
    const ratio = figures === floor ? '' : `, ${(value / (floor[name] ?? Number.NaN)).toFixed(1)} ×`;
    return `${value.toFixed(value < 10 ? 1 : 0)} ${unit}${ratio}`;
  };
  const rows = [
    ['', ...medians.keys()],
    ['---', ...[...medians.keys()].map(() => '---:')],
    ...told.map(([name, words, unit]) => [
      words,
      ...[...medians.values()].map((each) => cell(each, name, unit)),
    ]),
  ];
  const table = rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  writeFileSync('README.md', `${readme.slice(0, from)}\n\n${measured}:\n\n${table}\n\n${readme.slice(to)}`);
  spawnSync(process.execPath, ['node_modules/prettier/bin/prettier.cjs', '--write', 'README.md']);
}

function measuredOn(rounds: number): string {
  return `${new Date().toISOString().slice(0, 10)}, ${machine()}, ${rounds} interleaved rounds in one run`;
}

function machine(): string {
  return `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}`;
}

async function main(): Promise<void> {
  if (spawnSync('wrk', ['-v']).error !== undefined)
    throw new Error('Install wrk first (Debian: apt-get install wrk).');
  const folder = mkdtempSync(path.join(tmpdir(), 'keywheel-bench-'));
  const script = path.join(folder, 'post.lua');
  writeFileSync(
    script,
    `wrk.method = "POST"
wrk.body = '{"model":"a/b","messages":[{"role":"user","content":"${'hello '.repeat(300)}"}]}'
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer ${proxyKey}"
wrk.headers["x-portkey-provider"] = "openrouter"`,
  );
  const upstreamPort = String(await freePort());
  const running = [
    await start('upstream', [process.execPath, 'test/bench/standIn.mjs'], { PORT: upstreamPort }),
  ];
  try {
    const upstreamUrl = running[0]?.url ?? '';
    load(upstreamUrl, script, 32, 2);
    const measured = await subjects(`http://127.0.0.1:${upstreamPort}`, folder);
    running.push(...measured);
    const rows = new Map(measured.map(({ name }) => [name, [] as Figures[]]));
    for (const subject of measured)
      console.error(`idle: ${subject.name} ${ownMiB(subject).toFixed(0)} MiB RssAnon`);
    for (let round = 0; round < Number(options.rounds); round++) {
      const direct = load(upstreamUrl, script, 1, Number(options.seconds));
      for (const subject of measured) rows.get(subject.name)?.push(await measure(subject, script, direct));
    }
    print(rows);
    if (Number(options.requests) > 0)
      for (const subject of measured.filter(({ name }) => name === 'floor' || name === 'keywheel'))
        console.error(subject.name, soak(subject, script));
  } finally {
    for (const { process: child } of running) child.kill();
  }
}

void main();
