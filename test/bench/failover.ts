/**
 * Measures a client's answers while its model fails and has a fallback: sixteen ways to fail, each against the built
 * `dist/cli.js` in a process of its own. `--runs N`, `--timeouts SECONDS` (first token and idle), `--free`, `--json`.
 */
import { spawn } from 'node:child_process';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { CliProcess } from '../support/cliProcess';
import { answerText, FailoverUpstream, totalTokens, type Failing } from '../support/failoverUpstream';

const proxyKey = 'bench-proxy-key-0123456789abcdef';
const keys = Array.from({ length: 5 }, (_, nth) => `sk-or-v1-${String(nth).padStart(64, '0')}`);
/** Most proxies that run at once, and most that start at once, because a start takes a processor for itself. */
const mostAtOnce = 20;
const mostStarting = 2;
const patiences = [30, 120] as const;

/**
 * `pass`: the whole right answer in time · `partial`: later than the goal · `safe`: an honest error · `fail`: a truncated
 * answer that looks whole, a wrong one, or none before the client gave up.
 */
type Verdict = 'pass' | 'partial' | 'safe' | 'fail';

interface Scenario {
  readonly name: string;
  readonly failing: Failing;
  /** Until the first word; default 6 s. */
  readonly goalMs?: number;
  readonly rejectsPrefill?: boolean;
  /** The error itself is the right answer, after one attempt. */
  readonly isError?: boolean;
  /** Requests, one every 3 s; default 1. */
  readonly requests?: number;
  /** The fallback's name and usage are part of the right answer. */
  readonly byFallback?: boolean;
}

const scenarios: readonly Scenario[] = [
  { name: '429 with Retry-After: 2', failing: 'retryAfter2' },
  { name: '429 for ever', failing: 'busyForEver' },
  { name: '503 for ever', failing: 'downForEver' },
  { name: '500 once', failing: 'internalOnce' },
  { name: 'reset before the head', failing: 'reset' },
  { name: 'no answer', failing: 'silent', goalMs: 120_000 },
  { name: 'first token after 20 s', failing: 'firstTokenLate', goalMs: 15_000 },
  { name: 'cut after 40 of 60 words', failing: 'cut' },
  { name: 'stall after 20 words', failing: 'stall', goalMs: 120_000 },
  { name: 'broken JSON in the middle', failing: 'brokenJson' },
  { name: 'no [DONE]', failing: 'noDone' },
  { name: '400 context length', failing: 'contextLength' },
  { name: '400 content filter', failing: 'contentFilter', isError: true },
  { name: 'cut, fallback rejects prefill', failing: 'cut', rejectsPrefill: true },
  { name: 'down for 60 s, 20 requests', failing: 'downFor60s', requests: 20 },
  { name: "503, fallback's name and usage", failing: 'downForEver', byFallback: true },
];

interface Models {
  readonly primary: string;
  readonly fallback: string;
}
const paidModels: Models = { primary: 'vendor/primary', fallback: 'vendor/fallback' };
const freeModels: Models = { primary: 'vendor/primary:free', fallback: 'vendor/fallback:free' };
const freeToPaid: Models = { primary: 'vendor/primary:free', fallback: 'vendor/fallback' };

/** A built command line in front of a stand-in for OpenRouter of its own. */
class Setup implements AsyncDisposable {
  private constructor(
    readonly upstream: FailoverUpstream,
    readonly port: number,
    private readonly cli: CliProcess,
  ) {}

  static async start(
    scenario: Scenario,
    { primary, fallback }: Models,
    timeouts: string | null,
  ): Promise<Setup> {
    const upstream = await FailoverUpstream.start(scenario.failing, scenario.rejectsPrefill ?? false);
    const env = {
      OPENROUTER_KEYS: keys.join(','),
      OPENROUTER_BASE_URL: upstream.baseUrl,
      PROXY_API_KEY: proxyKey,
      PORT: '0',
      FALLBACK_MODELS: JSON.stringify({ [`${primary.replace(':free', '')}*`]: [fallback] }),
      FIRST_TOKEN_TIMEOUT_SECONDS: timeouts ?? '',
      IDLE_TIMEOUT_SECONDS: timeouts ?? '',
    };
    const cli = new CliProcess(
      spawn(process.execPath, ['dist/cli.js'], { env, stdio: ['ignore', 'pipe', 'pipe'] }),
    );
    const port = await cli.listening();
    // Runs the code once before the measurement, which then contains no time of the compiler.
    await ask({ port, exchange: 'warm', model: 'vendor/warm', stream: true, patienceMs: 30_000 });
    return new Setup(upstream, port, cli);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cli.kill('SIGKILL');
    this.upstream.close();
  }
}

/** Bounds the number of tasks that run at once. */
class Gate {
  private readonly waiting: (() => void)[] = [];

  constructor(private left: number) {}

  async run<T>(use: () => Promise<T>): Promise<T> {
    if (this.left > 0) this.left--;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      return await use();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.left++;
      else next();
    }
  }
}

const starting = new Gate(mostStarting);

interface Got {
  readonly status: number;
  readonly text: string;
  readonly firstWordMs: number | null;
  readonly ms: number;
  /** An error answer, an error event, or a connection that ended before its answer. */
  readonly isError: boolean;
  readonly isFinished: boolean;
  readonly hasGivenUp: boolean;
  readonly model: string | null;
  readonly tokens: number | null;
}

const chunkSchema = v.object({
  error: v.optional(v.unknown()),
  model: v.optional(v.string()),
  usage: v.optional(v.nullable(v.object({ total_tokens: v.number() }))),
  choices: v.optional(
    v.array(
      v.object({
        delta: v.optional(v.object({ content: v.optional(v.nullable(v.string())) })),
        message: v.optional(v.object({ content: v.string() })),
        finish_reason: v.optional(v.nullable(v.string())),
      }),
    ),
    [],
  ),
});

interface Question {
  readonly port: number;
  readonly exchange: string;
  readonly model: string;
  readonly stream: boolean;
  readonly patienceMs: number;
}

/** A client that reads leniently, skips what is no JSON, and leaves when its patience is over. */
async function ask({ port, exchange, model, stream, patienceMs }: Question): Promise<Got> {
  const fromMs = performance.now();
  const reader = new Reader(stream, fromMs);
  const body = JSON.stringify({ model, stream, messages: [{ role: 'user', content: exchange }] });
  await new Promise<void>((resolve) => {
    const headers = { authorization: `Bearer ${proxyKey}`, 'content-type': 'application/json' };
    const path = '/api/v1/chat/completions';
    const request = httpRequest({ host: '127.0.0.1', port, method: 'POST', path, headers, agent: false });
    const timer = setTimeout(() => {
      reader.hasGivenUp = true;
      request.destroy();
      resolve();
    }, patienceMs);
    const over = (): void => {
      clearTimeout(timer);
      resolve();
    };
    request.on('error', over).on('response', (response) => {
      response.setEncoding('utf8').on('data', (text: string) => reader.push(text));
      response
        .on('error', () => undefined)
        .on('close', () => {
          reader.end(response);
          over();
        });
    });
    request.end(body);
  });
  return reader.got(performance.now() - fromMs);
}

class Reader {
  hasGivenUp = false;
  private status = 0;
  private body = '';
  private text = '';
  private firstWordMs: number | null = null;
  private isError = false;
  private isFinished = false;
  private isWhole = false;
  private model: string | null = null;
  private tokens: number | null = null;

  constructor(
    private readonly stream: boolean,
    private readonly fromMs: number,
  ) {}

  push(text: string): void {
    this.body += text;
    if (!this.stream) return;
    const events = this.body.split(/\r?\n\r?\n/);
    this.body = events.pop() ?? '';
    for (const event of events) this.take(/^data: (.*)$/m.exec(event)?.[1] ?? '');
  }

  end(response: IncomingMessage): void {
    this.status = response.statusCode ?? 0;
    this.isWhole = response.complete;
    this.take(this.body);
  }

  got(ms: number): Got {
    const { status, text, firstWordMs, isFinished, hasGivenUp, model, tokens } = this;
    const isError = this.isError || status >= 400 || !this.isWhole;
    return { status, text, firstWordMs, ms, isError, isFinished, hasGivenUp, model, tokens };
  }

  private take(data: string): void {
    const read = v.safeParse(v.pipe(v.string(), v.parseJson(), chunkSchema), data);
    if (!read.success) return;
    const { error, model, usage, choices } = read.output;
    if (error !== undefined) this.isError = true;
    this.model = model ?? this.model;
    this.tokens = usage?.total_tokens ?? this.tokens;
    for (const { delta, message, finish_reason } of choices) {
      const said = delta?.content ?? message?.content ?? '';
      if (said !== '') this.firstWordMs ??= performance.now() - this.fromMs;
      this.text += said;
      if (finish_reason === 'stop') this.isFinished = true;
    }
  }
}

function verdictOf(
  got: Got,
  { goalMs = 6_000, isError = false, byFallback = false }: Scenario,
  sends: number,
): Verdict {
  if (got.hasGivenUp) return 'fail';
  if (isError && got.status === 400 && sends === 1) return 'pass';
  if (got.text === answerText && got.isFinished && !got.isError) {
    if (byFallback && (got.model?.includes('fallback') !== true || got.tokens !== totalTokens)) return 'fail';
    return (got.firstWordMs ?? got.ms) <= goalMs ? 'pass' : 'partial';
  }
  return got.isError ? 'safe' : 'fail';
}

interface Line {
  readonly name: string;
  readonly stream: boolean;
  readonly patience: number;
  readonly verdict: Verdict;
  /** Of the slowest request: until its first word, or its error. */
  readonly ms: number;
  /** The most of one exchange. */
  readonly primarySends: number;
  readonly billedSends: number;
}

const ranks: readonly Verdict[] = ['pass', 'partial', 'safe', 'fail'];
const pauseMs = 3_000;

/** Both clients at once, each with a model of its own. */
async function play(
  scenario: Scenario,
  models: Models,
  stream: boolean,
  timeouts: string | null,
): Promise<readonly Line[]> {
  await using setup = await starting.run(async () => await Setup.start(scenario, models, timeouts));
  const asking = patiences.map(async (patience): Promise<Line> => {
    const model = models.primary.replace('primary', `primary-${patience}`);
    const all: Promise<{ readonly got: Got; readonly exchange: string }>[] = [];
    for (let nth = 0; nth < (scenario.requests ?? 1); nth++) {
      if (nth > 0) await sleep(pauseMs);
      const exchange = `exchange ${patience} ${nth}`;
      const question = { port: setup.port, exchange, model, stream, patienceMs: patience * 1_000 };
      all.push(ask(question).then((got) => ({ got, exchange })));
    }
    const told = (await Promise.all(all)).map(({ got, exchange }) => {
      const { primary, billed } = setup.upstream.countsOf(exchange);
      const verdict = verdictOf(got, scenario, primary);
      const isServed = verdict === 'pass' || verdict === 'partial';
      return { verdict, ms: isServed ? (got.firstWordMs ?? got.ms) : got.ms, primary, billed };
    });
    const worst = told.reduce((one, other) =>
      ranks.indexOf(other.verdict) > ranks.indexOf(one.verdict) ? other : one,
    );
    return {
      name: scenario.name,
      stream,
      patience,
      verdict: worst.verdict,
      ms: Math.max(...told.map(({ ms }) => ms)),
      primarySends: Math.max(...told.map(({ primary }) => primary)),
      billedSends: Math.max(...told.map(({ billed }) => billed)),
    };
  });
  return await Promise.all(asking);
}

/** Runs the tasks in random order, so many at once; results are in the order of the tasks. */
async function inParallel<T>(tasks: readonly (() => Promise<T>)[]): Promise<readonly T[]> {
  const gate = new Gate(mostAtOnce);
  const shuffled = tasks
    .map((run, index) => ({ run, index, place: Math.random() }))
    .sort((one, other) => one.place - other.place);
  const done = await Promise.all(
    shuffled.map(async ({ run, index }) => ({ index, result: await gate.run(run) })),
  );
  return done.sort((one, other) => one.index - other.index).map(({ result }) => result);
}

const shortTimeouts = '8';
const timed: readonly Scenario[] = [
  { name: '503', failing: 'downForEver' },
  { name: '429 busy', failing: 'busyForEver' },
  { name: 'reset', failing: 'reset' },
  { name: '504', failing: 'gatewayTimeout' },
  {
    name: `silent (time-out ${shortTimeouts} s)`,
    failing: 'silent',
    goalMs: (Number(shortTimeouts) + 6) * 1_000,
  },
];
const pairs: readonly (readonly [name: string, models: Models])[] = [
  ['free', freeModels],
  ['paid', paidModels],
  ['free to paid', freeToPaid],
];

async function timeFallbacks(): Promise<readonly (Line & { readonly models: string })[]> {
  const tasks = timed.flatMap((scenario) =>
    pairs.flatMap(([name, models]) =>
      [true, false].map((stream) => async () => {
        const timeouts = scenario.failing === 'silent' ? shortTimeouts : null;
        return (await play(scenario, models, stream, timeouts))
          .slice(0, 1)
          .map((line) => ({ ...line, models: name }));
      }),
    ),
  );
  return (await inParallel(tasks)).flat();
}

function countsOf(lines: readonly Line[]): string {
  return ranks.map((rank) => `${lines.filter(({ verdict }) => verdict === rank).length} ${rank}`).join(', ');
}

function printRun(lines: readonly Line[], title: string): void {
  console.log(`\n${title}`);
  const cell = (scenario: Scenario, stream: boolean, patience: number): string => {
    const line = lines.find(
      (each) => each.name === scenario.name && each.stream === stream && each.patience === patience,
    );
    if (line === undefined) return '';
    return `${line.verdict} ${(line.ms / 1_000).toFixed(1)} s (${line.primarySends}/${line.billedSends})`;
  };
  console.table(
    Object.fromEntries(
      scenarios.map((scenario) => [
        scenario.name,
        Object.fromEntries(
          [true, false].flatMap((stream) =>
            patiences.map((patience) => [
              `${stream ? 'streaming' : 'not'}, ${patience} s`,
              cell(scenario, stream, patience),
            ]),
          ),
        ),
      ]),
    ),
  );
  for (const stream of [true, false]) {
    for (const patience of patiences) {
      const own = lines.filter((line) => line.stream === stream && line.patience === patience);
      console.log(`${stream ? 'streaming' : 'not streaming'}, client of ${patience} s: ${countsOf(own)}`);
    }
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '1' },
      timeouts: { type: 'string' },
      free: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const models = values.free ? freeModels : paidModels;
  const timeouts = values.timeouts ?? null;
  const runs: (readonly Line[])[] = [];
  for (let run = 1; run <= Number(values.runs); run++) {
    const tasks = scenarios.flatMap((scenario) =>
      [true, false].map((stream) => async () => await play(scenario, models, stream, timeouts)),
    );
    const lines = (await inParallel(tasks)).flat();
    runs.push(lines);
    const limits = timeouts === null ? 'default time-outs' : `time-outs of ${timeouts} s`;
    if (!values.json)
      printRun(
        lines,
        `Run ${run}, ${values.free ? 'free' : 'paid'} models, ${limits}: verdict, time to the first word (requests to the primary / that may be billed)`,
      );
  }
  const times = await timeFallbacks();
  const isOver = [...runs.flat(), ...times].some(({ billedSends }) => billedSends > 2);
  if (values.json) console.log(JSON.stringify({ runs, times }));
  else {
    console.log('\nTime to the fallback’s answer (requests to the primary / that may be billed)');
    const cells = times.map(({ name, stream, ...line }) => ({
      'the model is': name,
      models: line.models,
      streaming: stream,
      verdict: line.verdict,
      seconds: (line.ms / 1_000).toFixed(1),
      primary: line.primarySends,
      billable: line.billedSends,
    }));
    console.table(cells);
    if (isOver) console.log('A paid exchange was sent more than twice where it may have been billed.');
  }
  const impatient = runs.flat().filter(({ patience }) => patience === patiences[0]);
  const isWrong = runs.flat().some((line) => line.verdict === 'fail' && !impatient.includes(line));
  process.exitCode = isWrong || isOver ? 1 : 0;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
