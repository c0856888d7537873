// The proxy and all that it knows: plain values in and out, so that it can run in another thread.
import type { Clock } from '../base/clock';
import { DisposableStore, type Disposable } from '../base/disposable';
import { Emitter, type Event } from '../base/event';
import type { Log } from '../base/log';
import { Pool } from '../keys/pool';
import { saveWheel } from '../keys/savedState';
import type { ExchangePorts } from '../proxy/exchange';
import type { ExchangeReport } from '../proxy/report';
import { Server, type ServerPorts } from '../proxy/server';
import { Upstream } from '../proxy/upstream';
import { buildSnapshot } from './buildSnapshot';
import { Earlier } from './earlier';
import { exchangeSettings, zoneOf } from './exchangeSettings';
import { forget } from './forget';
import { History } from './history';
import { keyCheckOf, type KeyCheck } from './keyCheck';
import { readKey } from './keyReader';
import { keyStatus } from './keyStatus';
import { Listening } from './listening';
import type { StoredKey } from './ports';
import { Pace } from './pace';
import { ProxyKeyGate } from './proxyKey';
import { Readings } from './readings';
import { Recorder } from './recorder';
import type { RestoreResult } from './restoreResult';
import { defaultSettings, type Settings } from './settings';
import type { ExchangeView, ProxyState, Snapshot } from './snapshot';
import { keyOf } from './storedKey';
import { unlock, type UnlockTarget } from './unlock';

export interface ServicePorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  /** Answers what is the windows' own business, before clients are asked for the proxy key. */
  readonly routes?: ServerPorts['routes'];
}

/** Changes come in bursts: views are told at most this often, and state is saved at most that often. */
const tellEveryMs = 100;
/** With the time that a write takes, a kill loses what happened in its last second at most. */
const saveEveryMs = 900;

export class KeywheelService implements Disposable {
  private settings: Settings = defaultSettings;
  private readonly pool: Pool;
  private upstream: Upstream;
  private readonly readings: Readings;
  private readonly server: Server;
  private readonly listening: Listening;
  private readonly owned = new DisposableStore();
  private readonly changed: Emitter<void>;
  private readonly finished: Emitter<ExchangeView>;
  private readonly stateChanged: Emitter<unknown>;
  private readonly gate = new ProxyKeyGate();
  private readonly earlier = new Earlier();
  /** What was, for views and for the next start. */
  readonly history: History;
  /** Writes one exchange down when asked to. */
  readonly recorder: Recorder;
  private readonly telling: Pace;
  private readonly saving: Pace;
  private lastRefusalAtMs: number | null = null;

  constructor(private readonly ports: ServicePorts) {
    const { clock, log } = ports;
    const onError = (error: unknown): void => log.error('A listener of the service failed.', error);
    this.recorder = new Recorder(clock);
    this.changed = this.owned.add(new Emitter<void>(onError));
    this.finished = this.owned.add(new Emitter<ExchangeView>(onError));
    this.stateChanged = this.owned.add(new Emitter<unknown>(onError));
    this.telling = this.owned.add(new Pace(clock, tellEveryMs, () => this.changed.fire()));
    this.saving = this.owned.add(
      new Pace(clock, saveEveryMs, () => this.stateChanged.fire(this.savedState())),
    );
    const { maxWaiting } = this.settings;
    this.pool = this.owned.add(new Pool({ clock, onError }, { zone: zoneOf(this.settings), maxWaiting }));
    this.history = this.owned.add(new History({ clock, onError, wheel: this.pool.wheel }));
    this.upstream = new Upstream(clock, this.settings.upstreamUrl);
    const ask = (key: string): ReturnType<typeof readKey> => readKey(this.upstream, key, clock);
    this.readings = this.owned.add(new Readings({ clock, log, pool: this.pool, ask }));
    this.server = new Server({
      clock,
      log,
      opening: () => this.gate.opening,
      exchange: () => this.exchangePorts(),
      local: () => ({
        door: { boundHost: this.settings.host, proxyKey: this.gate.secret },
        pool: this.pool,
        version: ports.version,
        status: () => keyStatus(this.snapshot()),
      }),
      keepAliveAfterMs: () => this.settings.keepAliveAfterSeconds * 1000,
      onExchange: (report) => this.noteExchange(report),
      record: (plan) => this.recorder.take(plan),
      routes: ports.routes,
    });
    this.listening = new Listening({ log, serve: this.server.serve, onDidChange: () => this.touch() });
    this.pool.onEvent((event) => {
      if (event.kind === 'readingWanted') this.readings.want(event.keyId);
      else this.touch();
    });
  }

  /** Something in `snapshot()` has changed; at most ten times a second. */
  get onDidChange(): Event<void> {
    return this.changed.event;
  }

  get onDidFinishExchange(): Event<ExchangeView> {
    return this.finished.event;
  }

  /** State to be saved; at most once a second. */
  get onDidChangeState(): Event<unknown> {
    return this.stateChanged.event;
  }

  /** Applies settings at once, without touching running answers; the port is bound anew only if it or the host changed. */
  async configure(settings: Settings): Promise<void> {
    const old = this.settings;
    this.settings = settings;
    this.pool.maxWaiting = settings.maxWaiting;
    if (zoneOf(settings) !== zoneOf(old)) this.pool.wheel.setZone(zoneOf(settings), this.pool.nowMs());
    if (settings.upstreamUrl !== old.upstreamUrl) this.replaceUpstream('leave');
    this.pool.rejudge();
    const isMoved = settings.port !== old.port || settings.host !== old.host;
    if (isMoved && this.listening.isOn) {
      await this.listening.stop();
      await this.start();
    }
  }

  /** The whole list, in the user's order. Keys that are new, or whose account is another one now, are asked what they have left. */
  setKeys(keys: readonly StoredKey[]): void {
    const { wheel } = this.pool;
    const before = wheel.roster.owners;
    this.pool.setKeys(keys.map(keyOf));
    if (keys.length > 0 && this.earlier.pourInto(wheel, this.pool.nowMs())) this.pool.rejudge();
    const now = wheel.roster.owners;
    const fresh = [...now.keys()].filter((keyId) => before.get(keyId) !== now.get(keyId));
    if (fresh.length === keys.length) this.readings.wantAll();
    else for (const keyId of fresh) this.readings.want(keyId);
  }

  setProxyKey(proxyKey: string): void {
    this.gate.set(proxyKey);
  }

  /** Takes over what was saved, once for each place where it was; to be called before the keys come. What cannot be read is left alone. */
  restore(raw: unknown): RestoreResult {
    return this.earlier.add(raw);
  }

  /** Binds the port: resolves with `running` or `failed`, and rejects for neither. */
  async start(): Promise<ProxyState> {
    this.upstream.warm();
    this.server.open();
    return await this.readings.after(this.listening.start(this.settings.host, this.settings.port));
  }

  /** Gives the port free at once, lets requests go on for `drainMs`, then refuses those without an answer, and ends running answers with an in-stream error. */
  async stop(drainMs = 2_000): Promise<void> {
    const freed = this.listening.stop();
    await this.server.drain(drainMs, () => this.replaceUpstream('close'));
    await freed;
  }

  /** After a suspend: connections may be dead without knowing it, and what is known is old. */
  woke(): void {
    this.changedNetwork();
    this.pool.rejudge();
    this.readings.wantAll();
  }

  /** The way to upstream may be another one: idle connections are closed, and its address is looked up again. */
  changedNetwork(): void {
    this.upstream.retire();
    this.upstream.warm();
  }

  /** Asks `GET /key` for a key that need not be in the list. */
  async checkKey(key: string): Promise<KeyCheck> {
    return keyCheckOf(key, await readKey(this.upstream, key, this.ports.clock));
  }

  /** Resolves when what is left has been read again: of one key, or of one key an account. */
  async refresh(keyId?: string): Promise<void> {
    if (keyId === undefined) this.readings.wantAll();
    else this.readings.want(keyId);
    await this.readings.settled();
  }

  /** Lifts locks that the user knows better of. */
  unlock(target: UnlockTarget): void {
    unlock(this.pool, target);
  }

  /** Counts and past requests are gone, but for what is known of the keys that are there now. */
  forget(): void {
    this.lastRefusalAtMs = null;
    forget({ pool: this.pool, earlier: this.earlier, history: this.history });
  }

  snapshot(): Snapshot {
    const { pool, lastRefusalAtMs } = this;
    const { timezone } = this.settings;
    return buildSnapshot({ pool, proxy: this.listening.state, timezone, lastRefusalAtMs }, pool.nowMs());
  }

  /** Newest first, at most 500. */
  activity(): readonly ExchangeView[] {
    return this.history.newestFirst();
  }

  savedState(): unknown {
    return this.earlier.newest ?? saveWheel(this.pool.wheel, this.pool.nowMs());
  }

  dispose(): void {
    this.listening.dispose();
    this.upstream.close();
    this.owned.dispose();
  }

  private exchangePorts(): ExchangePorts {
    const { pool, upstream, settings } = this;
    const { clock } = this.ports;
    return { clock, pool, upstream, random: Math.random, settings: exchangeSettings(settings) };
  }

  /** `leave`: running answers go on. */
  private replaceUpstream(how: 'leave' | 'close'): void {
    this.upstream[how]();
    this.upstream = new Upstream(this.ports.clock, this.settings.upstreamUrl);
  }

  private noteExchange(report: ExchangeReport): void {
    if (report.refusal === 'accounts_exhausted') this.lastRefusalAtMs = report.endedAtMs;
    this.finished.fire(this.history.add(report));
    this.touch();
  }

  /** Something changed: views and state follow, each at its own pace. */
  private touch(): void {
    this.telling.touch();
    this.saving.touch();
  }
}
