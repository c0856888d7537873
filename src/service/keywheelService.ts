// The proxy with its keys, counts and history: its inputs and outputs are plain values, so it can run in another thread.
import { randomUUID } from 'node:crypto';
import { Alarm, Pace, type Clock } from '../base/clock';
import { DisposableStore, type Disposable } from '../base/disposable';
import { Emitter, type Event } from '../base/event';
import type { Log } from '../base/log';
import { Secret } from '../base/secret';
import { zoneOf } from '../keys/calendar';
import { Pool, type PoolOptions, type UnlockTarget } from '../keys/pool';
import { isNewerState, readSaved, type SavedState } from '../keys/savedState';
import type { SavedRead } from '../base/json';
import type { AnswerCopy } from '../proxy/answer/answer';
import { AttemptLimit, mostRepeats } from '../proxy/attemptLimit';
import type { ExchangePorts, ExchangeSettings } from '../proxy/runningExchange';
import type { ExchangeReport } from '../proxy/report';
import type { AdmissionRules, RequestHead } from '../proxy/request/admission';
import type { Plan } from '../proxy/request/plan';
import { Server, type LocalAnswer, type ServerPorts } from '../proxy/server';
import { StreamFailures } from '../proxy/streamFailures';
import { networkProxyFor } from '../proxy/upstream/networkRoute';
import { Upstream } from '../proxy/upstream/upstream';
import { buildSnapshot, nextEndMs } from './buildSnapshot';
import { History } from './history/history';
import { readKey } from './keyring/keyCheck';
import { answerLocally } from './localRoutes';
import { PortListener } from './portListener';
import { keyOf, type StoredKey } from './keyring/storedKey';
import { activeForMs, Readings } from './readings';
import { Recorder } from './recorder';
import { defaultSettings, type Settings } from './settings';
import type { ExchangeView, ProxyState, Snapshot } from './snapshot';

export interface ServicePorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  /** Answers requests between windows, before the proxy key is checked. */
  readonly routes?: ServerPorts['routes'];
  /** Answers before the built-in local routes; null if it has no route for the request. */
  readonly answerFirst?: (
    request: RequestHead,
    rules: AdmissionRules,
  ) => LocalAnswer | Promise<LocalAnswer> | null;
  /** Host names that clients may use beyond loopback; none: any. */
  readonly allowedHosts?: readonly string[];
  /** Gives a receiver for a copy of an exchange that no user records; null if none is wanted. */
  readonly follow?: (plan: Plan) => AnswerCopy | null;
}

/** Allowances are read often for this long after a window reports that a user looks; it reports again within this time. */
const watchedForMs = 90_000;
/** Views are told of changes at most this often, as changes come in bursts. */
const changeEveryMs = 100;
/** State is saved at most this often; a killed process loses the counts since the last write. */
const saveEveryMs = 450;

/** A shorter key can be guessed: a local program can try thousands a second. */
const shortProxyKey = 16;

export class KeywheelService implements Disposable {
  private settings: Settings = defaultSettings;
  private exchangeSettings = exchangeSettingsOf(defaultSettings);
  private readonly pool: Pool;
  private upstream: Upstream;
  private readonly readings: Readings;
  private readonly server: Server;
  private readonly listener: PortListener;
  private readonly owned = new DisposableStore();
  private readonly onError = (error: unknown): void =>
    this.ports.log.error('A listener of the service failed.', error);
  private readonly changed = this.owned.add(new Emitter<void>(this.onError));
  private readonly finished = this.owned.add(new Emitter<ExchangeView>(this.onError));
  private readonly stateChanged = this.owned.add(new Emitter<void>(this.onError));
  /** Something in `snapshot()` has changed; at most ten times a second. */
  readonly onDidChange: Event<void> = this.changed.event;
  readonly onDidFinishExchange: Event<ExchangeView> = this.finished.event;
  /** `savedState()` has changed; at most about twice a second. */
  readonly onDidChangeState: Event<void> = this.stateChanged.event;
  /** A random key until the vault has given the real one: until then no client's key matches. */
  private proxyKey = new Secret(randomUUID());
  private open: () => void = () => undefined;
  /** Holds requests until the proxy key is set; null from then on. */
  private opening: Promise<void> | null = new Promise((resolve) => (this.open = resolve));
  private readonly attemptLimit: AttemptLimit;
  private readonly keylessLimit: AttemptLimit;
  private readonly repeatLimit: AttemptLimit;
  private readonly streamFailures = new StreamFailures();
  /** The restored state, until the first keys are set; then the pool takes it over. */
  private earlier: SavedState | null = null;
  private hasHadKeys = false;
  /** The revision of the counts: of two records the higher revision wins. */
  private revision = 0;
  /** Past requests, for views and for the next start. */
  readonly history: History;
  /** Records one exchange on request. */
  readonly recorder: Recorder;
  private readonly changePace: Pace;
  /** Tells views again when a day, a lock or a full minute of the last snapshot ends. */
  private readonly ending: Alarm;
  private readonly saving: Pace;
  private paidRefusedAtMs: number | null = null;
  private readonly isFreeOnly = (): boolean => this.settings.freeOnly;

  constructor(private readonly ports: ServicePorts) {
    const { clock, log } = ports;
    this.recorder = new Recorder(clock);
    this.attemptLimit = new AttemptLimit(clock, () => this.settings.maxUpstreamAttempts);
    this.keylessLimit = new AttemptLimit(clock, () => Math.ceil(this.settings.maxUpstreamAttempts / 4));
    this.repeatLimit = new AttemptLimit(clock, () => mostRepeats(this.server.running.length));
    this.changePace = this.owned.add(new Pace(clock, changeEveryMs, () => this.changed.fire()));
    this.ending = this.owned.add(new Alarm(clock, () => this.changePace.touch()));
    this.saving = this.owned.add(new Pace(clock, saveEveryMs, () => this.fireStateChange()));
    this.pool = this.owned.add(
      new Pool(
        { clock, onChange: () => this.touch(), onReadingWanted: (keyId) => this.readings.want(keyId) },
        poolOptions(this.settings),
      ),
    );
    const timezone = (): string => this.settings.timezone;
    this.history = this.owned.add(new History({ clock, timezone, onError: this.onError, pool: this.pool }));
    this.upstream = this.newUpstream();
    const ask = (key: string): ReturnType<typeof readKey> => readKey(this.upstream, key, clock);
    this.readings = this.owned.add(new Readings({ clock, log, pool: this.pool, ask }));
    this.server = new Server({
      clock,
      log,
      opening: () => this.opening,
      exchange: () => this.exchangePorts(),
      admissionRules: () => this.admissionRules(),
      answerLocally: (request, rules = this.admissionRules()) =>
        ports.answerFirst?.(request, rules) ??
        answerLocally(request, {
          rules,
          pool: this.pool,
          version: ports.version,
          snapshot: () => this.snapshot(),
        }),
      onExchange: (report) => this.noteExchange(report),
      record: (plan) => this.recorder.take(plan) ?? ports.follow?.(plan) ?? null,
      routes: ports.routes,
    });
    this.listener = new PortListener({ log, serve: this.server.serve, onDidChange: () => this.touch() });
  }

  /** Applies settings at once; running answers go on. The port is bound again only if port or host changed; the same settings change nothing. */
  async configure(settings: Settings): Promise<void> {
    const old = this.settings;
    this.settings = settings;
    this.exchangeSettings = exchangeSettingsOf(settings);
    if (networkPathOf(settings) !== networkPathOf(old)) this.replaceUpstream('leave');
    this.pool.configure(poolOptions(settings));
    const isMoved = settings.port !== old.port || settings.host !== old.host;
    if (isMoved && this.listener.isOn) {
      await this.listener.stop();
      await this.start();
    }
  }

  /** Replaces the list of keys, in the user's order. Keys that are new, or that moved to another account, are read again. */
  setKeys(keys: readonly StoredKey[]): void {
    const before = this.pool.roster.owners;
    const isFirst = keys.length > 0 && !this.hasHadKeys;
    const isFresh = isFirst && this.earlier === null;
    if (isFirst) {
      this.hasHadKeys = true;
      if (this.earlier !== null) this.pool.restore(this.earlier);
      this.earlier = null;
    }
    this.pool.setKeys(keys.map(keyOf));
    const now = this.pool.roster.owners;
    const fresh = [...now.keys()].filter((keyId) => before.get(keyId) !== now.get(keyId));
    if (fresh.length === keys.length) this.readings.wantAll();
    else for (const keyId of fresh) this.readings.want(keyId);
    if (isFresh) this.pool.awaitReadings(this.readings.first());
  }

  setProxyKey(proxyKey: string): void {
    if (proxyKey.length < shortProxyKey) {
      this.ports.log.warn(
        `The proxy key has fewer than ${shortProxyKey} characters: other programs may guess it.`,
      );
    }
    this.proxyKey = new Secret(proxyKey);
    this.opening = null;
    this.open();
  }

  /** Takes over a saved record, before the keys are set; of several the newest wins. An unreadable one changes nothing. */
  restore(raw: unknown): SavedRead<SavedState> {
    const read = readSaved(raw);
    if (read.kind === 'good' && (this.earlier === null || isNewerState(read.state, this.earlier))) {
      this.earlier = read.state;
      this.revision = Math.max(this.revision, read.state.revision);
    }
    return read;
  }

  /** Binds the port; resolves with `running` or `failed`. */
  async start(): Promise<ProxyState> {
    this.upstream.warm();
    this.server.open();
    this.pool.closeAt(Number.POSITIVE_INFINITY);
    return await this.readings.after(this.listener.start(this.settings.host, this.settings.port));
  }

  /** Frees the port at once. Requests go on for `drainMs`, but those whose turn comes after `turnsMs` are refused; then those without an answer are refused, and running answers end with an in-stream error. */
  async stop(drainMs = this.settings.drainSeconds * 1000, turnsMs = drainMs): Promise<void> {
    const freed = this.listener.stop();
    this.pool.closeAt(this.ports.clock.elapsedMs() + turnsMs);
    await this.server.drain(drainMs, () => this.replaceUpstream('close'));
    await freed;
  }

  /** To be called after a suspend: connections may be dead, and readings are old. */
  woke(): void {
    this.changedNetwork();
    this.pool.rejudge();
    this.readings.wantAll();
  }

  /** To be called after a change of networks: closes idle connections and resolves upstream's address again. */
  changedNetwork(): void {
    this.upstream.reachability.release();
    this.upstream.retire();
    this.upstream.warm();
  }

  /** Reads again one key, or one key an account, even if upstream was just unreachable; resolves when that is done. */
  async refresh(keyId?: string): Promise<void> {
    this.upstream.reachability.release();
    if (keyId === undefined) this.readings.wantAll();
    else this.readings.want(keyId);
    await this.readings.settled();
  }

  /** To be called while a user looks at the allowances: they are read often for the next 90 s. */
  watched(): void {
    this.readings.active(watchedForMs);
  }

  /** Lifts the target's locks at the user's request. */
  unlock(target: UnlockTarget): void {
    this.pool.unlock(target);
  }

  /** Cancels the exchange at the user's request; false if it has ended already. */
  cancel(requestId: string): boolean {
    return this.server.cancel(requestId);
  }

  /** Deletes counts and past requests, but not what is known of the present keys. */
  forget(): void {
    this.paidRefusedAtMs = null;
    this.earlier = null;
    this.history.clear();
    this.pool.forget();
    this.changePace.touch();
    // Told at once: windows must not hand the counts that they saved before to the next host.
    this.fireStateChange();
  }

  /** Adds an exchange of the previous host to the history, unless it is there. */
  noteLate(late: ExchangeView): void {
    const isThis = ({ startedAtMs, endedAtMs }: ExchangeView): boolean =>
      startedAtMs === late.startedAtMs && endedAtMs === late.endedAtMs;
    if (!this.activity().some(isThis)) this.finished.fire(this.history.add(late));
  }

  snapshot(): Snapshot {
    const { pool, paidRefusedAtMs, upstream } = this;
    const { timezone } = this.settings;
    const { unreached } = upstream.reachability;
    const { running } = this.server;
    const proxy = this.listener.state;
    const snapshot = buildSnapshot({ pool, proxy, timezone, paidRefusedAtMs, unreached, running });
    this.ending.set(this.ports.clock.elapsedMs() + nextEndMs(snapshot) - snapshot.atMs);
    return snapshot;
  }

  /** Newest first, at most 500. */
  activity(): readonly ExchangeView[] {
    return this.history.newestFirst();
  }

  savedState(): unknown {
    return this.earlier ?? { ...this.pool.save(), revision: this.revision };
  }

  dispose(): void {
    this.listener.dispose();
    this.upstream.close();
    this.owned.dispose();
  }

  private admissionRules(): AdmissionRules {
    const { host, allowKeyChanges } = this.settings;
    const { allowedHosts = [] } = this.ports;
    return { boundHost: host, allowedHosts, proxyKey: this.proxyKey, allowKeyChanges };
  }

  private exchangePorts(): ExchangePorts {
    this.readings.active(activeForMs);
    const { pool, upstream, attemptLimit, keylessLimit, repeatLimit, streamFailures } = this;
    return {
      clock: this.ports.clock,
      pool,
      upstream,
      random: Math.random,
      settings: this.exchangeSettings,
      isFreeOnly: this.isFreeOnly,
      attemptLimit,
      keylessLimit,
      repeatLimit,
      streamFailures,
    };
  }

  /** `leave`: running answers go on · `close`: they end with an error. */
  private replaceUpstream(how: 'leave' | 'close'): void {
    this.upstream[how]();
    this.upstream = this.newUpstream();
    this.changePace.touch();
  }

  private newUpstream(): Upstream {
    const { upstreamUrl, networkRoute } = this.settings;
    const proxy = networkProxyFor(upstreamUrl, networkRoute);
    if (proxy !== null) {
      const { host } = proxy;
      this.ports.log.info(
        `OpenRouter is reached through the network proxy ${host ?? 'without a valid URL'}.`,
      );
    }
    return new Upstream(this.ports.clock, this.settings, () => this.changePace.touch());
  }

  private noteExchange(report: ExchangeReport): void {
    if (report.class === 'paid') this.notePaid(report);
    // Keywheel's own request for the list of models.
    const isOwn = report.client === 'Keywheel' && report.class === 'unmetered';
    if (!isOwn) this.finished.fire(this.history.add(report));
    this.touch();
  }

  /** Notes whether an account has the credits for paid requests: none has at status 402, the proxy's own or OpenRouter's. */
  private notePaid({ end, status, endedAtMs }: ExchangeReport): void {
    if (end === 'answered') this.paidRefusedAtMs = null;
    else if (end === 'refused' && status === 402) this.paidRefusedAtMs = endedAtMs;
  }

  private fireStateChange(): void {
    this.revision = Math.max(this.revision + 1, this.ports.clock.wallMs());
    this.stateChanged.fire();
  }

  /** Schedules the events for views and for saving. */
  private touch(): void {
    this.changePace.touch();
    this.saving.touch();
  }
}

/** A text that differs whenever upstream's URL or the network path to it does. */
function networkPathOf({ upstreamUrl, networkRoute }: Settings): string {
  return JSON.stringify([upstreamUrl, networkRoute]);
}

function poolOptions({ timezone, maxWaiting }: Settings): PoolOptions {
  return { zone: zoneOf(timezone), maxWaiting };
}

/** The settings of an exchange, with times in milliseconds. */
function exchangeSettingsOf(settings: Settings): ExchangeSettings {
  return {
    ...settings,
    maxWaitMs: settings.maxWaitSeconds * 1000,
    deadlineMs: settings.deadlineSeconds * 1000,
    firstTokenTimeoutMs: settings.firstTokenTimeoutSeconds * 1000,
    idleTimeoutMs: settings.idleTimeoutSeconds * 1000,
    keepAliveAfterMs: settings.keepAliveAfterSeconds * 1000,
  };
}
