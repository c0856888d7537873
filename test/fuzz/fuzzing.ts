/** Runs seeded cases against the command line as a process of its own, and tells every rule that was broken. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { ChildProcess } from 'node:child_process';
import type { CliBundle } from '../support/cliProcess';
import { answerCase } from './answerCases';
import { Chance } from './chance';
import { readMessages } from './messages';
import { jsonAnswer, keyAnswer, RawUpstream, TAG, type Given, type Seen } from './rawUpstream';
import { requestCase, type RequestCase } from './requestCases';

export type Part = 'requests' | 'answers';

/** The run goes on until both are reached. */
export interface FuzzLength {
  readonly durationMs: number;
  readonly leastCases: number;
}

export interface Fuzzed {
  readonly cases: number;
  readonly upstreamRequests: number;
  /** Cases by the status of their first answer; `none` where the connection was closed without one. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly faults: readonly string[];
  /** MiB by minute, from the first one's end on; empty where the system does not tell. */
  readonly rssAnonMiB: readonly number[];
}

const proxyKey = 'kw-fuzz-proxy-canary-0123456789abcdef';
const upstreamKeys = Array.from(
  { length: 400 },
  (_, index) => `sk-or-v1-fuzz-canary-${String(index).padStart(43, '0')}`,
);
const atOnce: Readonly<Record<Part, number>> = { requests: 128, answers: 384 };
/** A connection that is still open so long after its client has sent all is a fault. */
const hangMs = 60_000;

export async function fuzz(
  bundle: CliBundle,
  part: Part,
  { seed, durationMs, leastCases }: FuzzLength & { readonly seed: number },
): Promise<Fuzzed> {
  const chance = new Chance(seed);
  const upstream = await RawUpstream.start({
    proxyKey,
    keys: upstreamKeys,
    answer: part === 'requests' ? usualAnswer : strangeAnswers(new Chance(seed + 1)),
  });
  const proxy = await Proxy.start(bundle, upstream.baseUrl);
  const faults: string[] = [];
  const statuses: Record<string, number> = {};
  const rssAnonMiB: number[] = [];
  const startedAtMs = performance.now();
  let cases = 0;
  const run = async (): Promise<void> => {
    const goesOn = (): boolean => performance.now() - startedAtMs < durationMs || cases < leastCases;
    while (goesOn() && faults.length < 20 && proxy.isAlive()) {
      const number = cases++;
      const one =
        part === 'requests'
          ? requestCase(chance, number, proxy.port, proxyKey)
          : usualRequest(chance, number, proxy.port);
      const { status, fault } = await converse(proxy.port, one, number);
      if (part === 'requests' && one.isAnswered && status === 'none' && proxy.isAlive())
        faults.push(`case ${number}: no answer`);
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (fault !== null) {
        const sent = JSON.stringify(Buffer.concat(one.pieces).toString('latin1').slice(0, 2_000));
        faults.push(`case ${number}: ${fault}${part === 'requests' ? `, to ${sent}` : ''}`);
      }
    }
  };
  const watch = setInterval(() => rssAnonMiB.push(...proxy.rssAnonMiB()), 60_000);
  await Promise.all(Array.from({ length: atOnce[part] }, run));
  clearInterval(watch);
  if (!proxy.isAlive()) faults.push(`the proxy has ended: ${proxy.lastLines}`);
  else if (!(await proxy.answers())) faults.push('the proxy does not answer any more');
  faults.push(...upstream.faults, ...proxy.faults);
  const { requests: upstreamRequests } = upstream;
  await proxy.stop();
  upstream.stop();
  return { cases, upstreamRequests, statuses, faults, rssAnonMiB };
}

/** Sends all pieces, waits for an answer and the quiet after it, ends its side, and reads until the connection closes. */
async function converse(
  port: number,
  { pieces, mayBeHeads, isAnswered, isMutant }: RequestCase,
  number: number,
): Promise<{ readonly status: string; readonly fault: string | null }> {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  // The end comes soon after a mutant, because the proxy may wait for the rest of its head for long.
  let quiet = setTimeout(() => socket.end(), isAnswered ? hangMs / 2 : 100);
  socket
    .on('error', () => undefined)
    .on('data', (bytes: Buffer) => {
      chunks.push(bytes);
      clearTimeout(quiet);
      quiet = setTimeout(() => socket.end(), 5);
    });
  for (const piece of pieces) socket.write(piece);
  const end = { isForced: false };
  const hang = setTimeout(() => {
    end.isForced = true;
    socket.destroy();
  }, hangMs);
  await new Promise<void>((resolve) => socket.once('close', () => resolve()));
  clearTimeout(quiet);
  clearTimeout(hang);
  const { heads, text, fault } = readMessages(Buffer.concat(chunks), mayBeHeads);
  const [, code = 'none'] = /^HTTP\/1\.1 (\d+)/.exec(heads[0] ?? '') ?? [];
  const [, refusal] = /^x-keywheel-refusal: (\w+)$/m.exec(heads[0] ?? '') ?? [];
  const status = refusal === undefined ? code : `${code} ${refusal}`;
  if (end.isForced) return { status, fault: 'the connection hangs' };
  const stranger = [...text.matchAll(/"tag":"(\d+)"/g)].find(([, tag]) => tag !== String(number));
  if (stranger !== undefined && !isMutant) return { status, fault: `the answer to case ${stranger[1]}` };
  const secret = [proxyKey, 'fuzz-canary-0000000000'].find((each) => text.includes(each));
  // A refusal may repeat the words that the case sent, but no secret.
  if (secret !== undefined) return { status, fault: `a secret in ${JSON.stringify(text.slice(0, 2_000))}` };
  return { status, fault: fault === null ? null : `${fault} in ${JSON.stringify(text.slice(0, 2_000))}` };
}

function usualRequest(chance: Chance, number: number, port: number): RequestCase {
  const body = JSON.stringify({
    model: `x/y${number % 5_000}`,
    stream: chance.happens(0.5),
    messages: [{ role: 'user', content: 'Hi' }],
  });
  const path = chance.of([
    '/api/v1/chat/completions',
    '/api/v1/chat/completions',
    '/api/v1/messages',
    '/api/v1/responses',
    '/api/v1/embeddings',
  ]);
  const head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${proxyKey}\r\nContent-Type: application/json\r\n${TAG}: ${number}\r\nContent-Length: ${body.length}\r\n\r\n`;
  return { pieces: [Buffer.from(head + body)], mayBeHeads: false, isAnswered: true, isMutant: false };
}

function usualAnswer({ path, tag, body }: Seen): Given {
  if (path === '/api/v1/key') return keyAnswer;
  if (!body.includes('"stream":true')) return jsonAnswer({ tag, choices: [{ message: { content: 'Hi' } }] });
  const events = `data: ${JSON.stringify({ tag, choices: [{ delta: { content: 'Hi' } }] })}\n\ndata: [DONE]\n\n`;
  const head = `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: ${events.length}\r\n\r\n`;
  return { pieces: [Buffer.from(head + events)], close: 'no' };
}

/** Two of three answers are strange; if all were, most requests would wait in vain. */
function strangeAnswers(chance: Chance): (seen: Seen) => Given {
  return (seen) =>
    seen.path === '/api/v1/key' || chance.happens(0.33) ? usualAnswer(seen) : answerCase(chance);
}

class Proxy {
  readonly faults: string[] = [];
  port = 0;
  lastLines = '';

  private constructor(private readonly child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => this.read(text));
    }
  }

  static async start(bundle: CliBundle, upstreamUrl: string): Promise<Proxy> {
    const proxy = new Proxy(
      bundle.spawn({
        OPENROUTER_KEYS: upstreamKeys.join(','),
        PROXY_API_KEY: proxyKey,
        OPENROUTER_BASE_URL: upstreamUrl,
        ...{
          PORT: '0',
          LOG_LEVEL: 'debug',
          LOG_FORMAT: 'text',
          MAX_WAIT_SECONDS: '0',
          DEADLINE_SECONDS: '2',
          IDLE_TIMEOUT_SECONDS: '2',
        },
      }),
    );
    while (proxy.port === 0) {
      if (!proxy.isAlive()) throw new Error(`The proxy did not start: ${proxy.lastLines}`);
      await delay(10);
    }
    return proxy;
  }

  isAlive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  async answers(): Promise<boolean> {
    const answer = await fetch(`http://127.0.0.1:${this.port}/health`, {
      signal: AbortSignal.timeout(60_000),
    }).catch(() => null);
    return answer?.status === 200;
  }

  /** The process's own memory; empty where the system does not tell it. */
  rssAnonMiB(): readonly number[] {
    if (process.platform !== 'linux' || !this.isAlive()) return [];
    const kib = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.child.pid}/status`, 'utf8'))?.[1];
    return kib === undefined ? [] : [Math.round(Number(kib) / 1_024)];
  }

  async stop(): Promise<void> {
    if (!this.isAlive()) return;
    const ended = once(this.child, 'close');
    this.child.kill('SIGTERM');
    const late = setTimeout(() => this.child.kill('SIGKILL'), 60_000);
    await ended;
    clearTimeout(late);
  }

  private read(text: string): void {
    this.port ||= Number(/Base URL: +http:\/\/\S+:(\d+)\//.exec(text)?.[1] ?? 0);
    const lines = this.lastLines + text;
    for (const secret of [proxyKey, 'fuzz-canary-0000000000'])
      if (lines.includes(secret)) this.blame('a secret', lines);
    if (/^\d{4}-\d\d-\S+Z error |"level":"error"|Bug in request|Unhandled|Uncaught/m.test(text))
      this.blame('an error', text);
    this.lastLines = lines.slice(-1_000);
  }

  private blame(what: string, text: string): void {
    if (this.faults.length < 20) this.faults.push(`${what} in the log: ${text.slice(0, 3_000)}`);
  }
}
