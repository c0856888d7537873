// The common parts of the http tests: the service in this process, a simulated OpenRouter, and clients on real sockets.
import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import OpenAI from 'openai';
import type { Clock } from '../../src/base/clock';
import { SystemClock } from '../../src/base/clock';
import { TextLog } from '../../src/base/log';
import { KeywheelService } from '../../src/service/keywheelService';
import type { StoredKey } from '../../src/service/keyring/storedKey';
import { defaultSettings, type Settings } from '../../src/service/settings';
import type { AccountOptions } from '../simulator/limits/account';
import type { RequestRecord } from '../simulator/record';
import { Simulator, type SimulatorOptions } from '../simulator/simulator';
import type { SimulatorClock } from '../simulator/clock';
import { ManualClock } from '../support/manualClock';
import { ask, type Asked, type Reply } from './client';

export const PROXY_KEY = 'kw-proxy-canary-0123456789abcdef';
export const FREE = 'x/y:free';
export const PAID = 'x/y';

/** A key as long as a real one: `sk-or-v1-` and 64 characters. */
export function keyFor(name: string): string {
  return `sk-or-v1-${name.padStart(64, '0')}`;
}

/** Accounts of one key each, with 50 a day unless told otherwise. */
export function accountsOf(
  ...names: readonly (string | Partial<AccountOptions>)[]
): readonly AccountOptions[] {
  return names.map((name) =>
    typeof name === 'string'
      ? { name, keys: [keyFor(name)] }
      : { ...name, name: name.name ?? 'a', keys: name.keys ?? [keyFor(name.name ?? 'a')] },
  );
}

export interface StartOptions {
  /** Default: `a` and `b`, one key each, that have credits. */
  readonly accounts?: readonly AccountOptions[];
  readonly settings?: Partial<Settings>;
  /** Default: a manual one, which simulator and proxy share. */
  readonly clock?: Clock;
  readonly simulator?: SimulatorOptions;
  /** The keys that the proxy gets; default all of the accounts. */
  readonly keys?: readonly StoredKey[];
  /** Whether the first readings are waited for; default true. */
  readonly isRead?: boolean;
}

/** A running proxy with its simulated upstream, and helpers for tests. */
export class Rig {
  readonly lines: string[] = [];
  private constructor(
    readonly clock: Clock,
    readonly simulator: Simulator,
    readonly service: KeywheelService,
    readonly port: number,
    lines: string[],
  ) {
    this.lines = lines;
  }

  static async start(options: StartOptions = {}): Promise<Rig> {
    const clock = options.clock ?? new ManualClock();
    const delays = clock instanceof ManualClock ? 'clock' : 'real';
    const accounts = options.accounts ?? accountsOf({ name: 'a', credits: 5 }, { name: 'b', credits: 5 });
    const upstreamClock = simulatorClock(clock);
    const simulator = await Simulator.start({ accounts, clock: upstreamClock, delays, ...options.simulator });
    const lines: string[] = [];
    const log = new TextLog((level, line) => lines.push(`${level} ${line}`));
    const service = new KeywheelService({ clock, log, version: '0.0.0' });
    await service.configure({
      ...defaultSettings,
      port: 0,
      upstreamUrl: simulator.baseUrl,
      timezone: 'UTC',
      ...options.settings,
    });
    service.setProxyKey(PROXY_KEY);
    const state = await service.start();
    assert.ok(state.kind === 'running');
    const port = Number(new URL(state.baseUrl).port);
    const rig = new Rig(clock, simulator, service, port, lines);
    service.setKeys(options.keys ?? accounts.flatMap(storedKeys));
    if (options.isRead ?? true) await rig.drive(service.refresh());
    simulator.forget();
    return rig;
  }

  /** Stops everything; throws if a lease, a wait or a bug is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    await quiet();
    const { waiting, inFlight } = this.service.snapshot().wheel;
    this.service.dispose();
    await this.simulator.stop();
    assert.deepEqual({ waiting, inFlight }, { waiting: 0, inFlight: 0 });
    assert.deepEqual(
      this.lines.filter((line) => line.startsWith('error ')),
      [],
    );
  }

  get manual(): ManualClock {
    assert.ok(this.clock instanceof ManualClock);
    return this.clock;
  }

  /** A request of the proxy's client; resolves when its answer has ended, in whatever way. Time does not move. */
  ask(asked: Asked = {}): Promise<Reply> {
    return ask(this.port, { proxyKey: PROXY_KEY, ...asked });
  }

  /** Asks as `ask` does, and moves the clock from timer to timer until the answer has come. */
  async get(asked: Asked = {}): Promise<Reply> {
    return await this.drive(this.ask(asked));
  }

  /** Moves the clock from one timer to the next, sockets quiet in between, until the promise has settled. */
  async drive<T>(promise: Promise<T>, mostMs = 3_600_000): Promise<T> {
    if (!(this.clock instanceof ManualClock)) return await promise;
    const { clock } = this;
    const endMs = clock.elapsedMs() + mostMs;
    const state = { isSettled: false };
    const settle = (): void => void (state.isSettled = true);
    promise.then(settle, settle);
    for (;;) {
      await quiet();
      if (state.isSettled) return await promise;
      if (clock.elapsedMs() >= endMs || clock.nextDueAtMs === Number.POSITIVE_INFINITY) {
        throw new Error(`Still open after ${mostMs} ms of the clock's time`);
      }
      await clock.runTo(clock.nextDueAtMs);
    }
  }

  /** Moves the clock by so much, sockets quiet before and after each timer. */
  async pass(ms: number): Promise<void> {
    const clock = this.manual;
    const endMs = clock.elapsedMs() + ms;
    for (;;) {
      await quiet();
      if (clock.nextDueAtMs >= endMs) break;
      await clock.runTo(clock.nextDueAtMs);
    }
    await clock.runTo(endMs);
    await quiet();
  }

  /** All requests that upstream got, except readings. */
  get attempts(): readonly RequestRecord[] {
    return this.simulator.requests.filter(({ path }) => path !== '/api/v1/key');
  }

  /** The accounts of the attempts, in their order. */
  get accountsTried(): readonly (string | undefined)[] {
    return this.attempts.map(({ accountName }) => accountName);
  }

  /** Milliseconds from each attempt to the next. */
  get gapsMs(): readonly number[] {
    return this.attempts.slice(1).map(({ atMs }, index) => atMs - (this.attempts[index]?.atMs ?? 0));
  }

  openai(): OpenAI {
    return new OpenAI({ baseURL: `http://127.0.0.1:${this.port}/api/v1`, apiKey: PROXY_KEY, maxRetries: 0 });
  }
}

/** Runs `use` with a rig that is stopped, and checked, afterwards. */
export async function withRig(options: StartOptions, use: (rig: Rig) => Promise<void>): Promise<void> {
  await using rig = await Rig.start(options);
  await use(rig);
}

/** Upstream's clock, which stays right when a test sets the clock of this machine. */
function simulatorClock(clock: Clock): SimulatorClock {
  return { nowMs: () => clock.elapsedMs(), after: (delayMs, run) => clock.after(delayMs, run) };
}

/** A rig whose time is the machine's. */
export const realTime = (): Clock => new SystemClock();

function storedKeys({ name, keys }: AccountOptions): readonly StoredKey[] {
  return keys.map((key, index) => ({
    key: typeof key === 'string' ? key : key.key,
    label: `${name}-${index + 1}`,
    dailyLimit: null,
    accountName: null,
    paidUse: 'auto',
    enabled: true,
  }));
}

/** How many rounds without any event on any socket count as quiet. */
const quietRounds = 4;

/** Resolves when nothing moves on this process's sockets any more: all ends of all connections are in it. */
async function quiet(): Promise<void> {
  let calm = 0;
  let seen = eventsSeen();
  while (calm < quietRounds) {
    for (let turn = 0; turn < 6; turn++) await new Promise((resolve) => setImmediate(resolve));
    if (calm === quietRounds - 1) await new Promise((resolve) => setTimeout(resolve, 1));
    const now = eventsSeen();
    calm = now === seen ? calm + 1 : 0;
    seen = now;
  }
}

function eventsSeen(): number {
  return performance.nodeTiming.uvMetricsInfo.events;
}
