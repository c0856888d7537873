// GET /metrics: counters grow with each exchange that has ended, gauges are set at each scrape.
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { KeywheelService } from '../service/keywheelService';
import type { AccountView, ExchangeView, Snapshot } from '../service/snapshot';

/** Gauges that the library names like counters, and which Prometheus' linter rejects for that: they are left out. */
const misnamed = [
  'nodejs_active_resources_total',
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
];

/** Exchanges are counted in groups of this size, which costs a third of counting each one alone. */
const countedTogether = 64;

export class Metrics implements Disposable {
  private readonly registry = new Registry();
  private readonly owned = new DisposableStore();
  private readonly requests = this.counter('requests_total', 'Requests that have ended.', ['class', 'end']);
  private readonly attempts = this.counter('attempts_total', 'Sends to OpenRouter, by what came of them.', [
    'outcome',
  ]);
  private readonly streams = this.counter('streams_total', 'Streaming requests that have ended.', ['end']);
  private readonly tokens = this.counter('tokens_total', 'Tokens that OpenRouter reported.', ['kind']);
  private readonly cost = this.counter(
    'cost_credits_total',
    'Cost that OpenRouter reported, in credits (US dollars).',
  );
  private readonly firstToken = this.histogram(
    'first_token_seconds',
    'From a request to its first token.',
    [0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120],
  );
  private readonly durations = this.histogram(
    'request_duration_seconds',
    'From a request to its end.',
    [0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300, 600],
  );
  private readonly now: readonly ((snapshot: Snapshot) => void)[];
  private hasProcess = false;
  /** Exchanges that have ended and are not counted yet. */
  private ended: ExchangeView[] = [];

  constructor(
    private readonly service: Pick<KeywheelService, 'snapshot' | 'onDidFinishExchange'>,
    version: string,
  ) {
    this.gauge('info', 'The version that runs.', ['version']).set({ version }, 1);
    const wheel = (name: string, help: string, of: (snapshot: Snapshot) => number) => {
      const gauge = this.gauge(name, help);
      return (snapshot: Snapshot) => gauge.set(of(snapshot));
    };
    const accounts = (name: string, help: string, of: (account: AccountView) => number | null) => {
      const gauge = this.gauge(name, help, ['account']);
      return (snapshot: Snapshot) => {
        // Without this a removed account would keep its line.
        gauge.reset();
        for (const account of snapshot.accounts) {
          const value = of(account);
          if (value !== null) gauge.set({ account: labelOf(account, snapshot) }, value);
        }
      };
    };
    this.now = [
      wheel('requests_waiting', 'Requests that wait for a slot.', ({ wheel: { waiting } }) => waiting),
      wheel('attempts_running', 'Sends to OpenRouter that run.', ({ wheel: { inFlight } }) => inFlight),
      accounts('allowance_left_requests', 'Free requests left today.', ({ day }) => day.left),
      accounts('allowance_used_requests', 'Free requests used today.', ({ day }) => day.used),
      accounts('allowance_limit_requests', 'Free requests a day.', ({ day }) => day.limit),
      accounts('credits_left', 'Credits that the caps of its keys leave.', ({ creditsLeft }) => creditsLeft),
      accounts('account_ready', 'Whether a free request could go now.', ({ state }) =>
        state === 'ready' ? 1 : 0,
      ),
      accounts(
        'allowance_reset_timestamp_seconds',
        'When the allowance resets.',
        ({ day }) => day.resetAtMs / 1000,
      ),
    ];
    this.owned.add(
      service.onDidFinishExchange((exchange) => {
        if (this.ended.push(exchange) >= countedTogether) this.countEnded();
      }),
    );
  }

  /** The present text for Prometheus. */
  async text(): Promise<string> {
    // The library's default metrics, which watch the event loop, are collected only from the first scrape on.
    if (!this.hasProcess) {
      this.hasProcess = true;
      collectDefaultMetrics({ register: this.registry });
      for (const name of misnamed) this.registry.removeSingleMetric(name);
    }
    this.countEnded();
    const snapshot = this.service.snapshot();
    for (const set of this.now) set(snapshot);
    return await this.registry.metrics();
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  dispose(): void {
    this.owned.dispose();
    this.registry.clear();
  }

  private countEnded(): void {
    for (const exchange of this.ended) this.count(exchange);
    this.ended = [];
  }

  private count(exchange: ExchangeView): void {
    const { class: requestClass, end, streaming, attempts, usage } = exchange;
    this.requests.inc({ class: requestClass, end });
    if (streaming) this.streams.inc({ end });
    for (const { outcome } of attempts) this.attempts.inc({ outcome });
    if (usage !== null) {
      this.tokens.inc({ kind: 'prompt' }, usage.promptTokens);
      this.tokens.inc({ kind: 'completion' }, usage.completionTokens);
      this.cost.inc(usage.cost ?? 0);
    }
    const { firstTokenMs, startedAtMs, endedAtMs } = exchange;
    if (firstTokenMs !== null) this.firstToken.observe({ class: requestClass }, firstTokenMs / 1000);
    this.durations.observe({ class: requestClass }, Math.max(endedAtMs - startedAtMs, 0) / 1000);
  }

  private counter(name: string, help: string, labelNames: readonly string[] = []): Counter {
    return new Counter({ name: `keywheel_${name}`, help, labelNames, registers: [this.registry] });
  }

  private gauge(name: string, help: string, labelNames: readonly string[] = []): Gauge {
    return new Gauge({ name: `keywheel_${name}`, help, labelNames, registers: [this.registry] });
  }

  private histogram(name: string, help: string, buckets: number[]): Histogram {
    return new Histogram({
      name: `keywheel_${name}`,
      help,
      labelNames: ['class'],
      buckets,
      registers: [this.registry],
    });
  }
}

/** The account's name, with its id if another account has the same name: else one would hide the other. */
function labelOf({ accountId, name }: AccountView, { accounts }: Snapshot): string {
  const isShared = accounts.some((each) => each.name === name && each.accountId !== accountId);
  return isShared ? `${name} (${accountId})` : name;
}
