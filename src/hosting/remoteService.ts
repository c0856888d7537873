// The service for views and commands of every window, host or follower: it reads the host's stream and sends requests.
import * as v from 'valibot';
import type { Clock } from '../base/clock';
import { DisposableStore, type Disposable } from '../base/disposable';
import { Emitter, type Event } from '../base/event';
import type { Log } from '../base/log';
import { History } from '../service/history/history';
import { labelled } from '../service/history/activity';
import type { KeywheelService } from '../service/keywheelService';
import { newerCounts, readSaved } from '../service/saved/stateKeeping';
import type { Settings } from '../service/settings';
import type { ExchangeView, ProxyState, Snapshot } from '../service/snapshot';
import { changed, type HostEvent } from './hostEvents';
import { askHost, type HostCommand, type HostQuestion, type HostReply } from './hostLine';
import type { WindowIdentity } from './identity';
import { proxyStateOf } from './place';
import type { Station } from './station';

const commandTimeoutMs = 30_000;
/** Ten minutes for the exchange to begin, and ten for the longest time that a client waits for an answer. */
const recordTimeoutMs = 20 * 60_000;

export interface RemoteServicePorts {
  readonly station: Pick<Station, 'place' | 'port' | 'onDidChange' | 'start' | 'stop' | 'configure'>;
  readonly identity: WindowIdentity;
  readonly clock: Clock;
  readonly log: Log;
  /** The number of keys in this window's vault, which is shown while there is no host. */
  readonly keyCount: () => number;
}

export class RemoteService implements Disposable {
  /** Past requests, received from the host. */
  readonly history: History;
  /** The host's last snapshot; null before the first host. */
  private received: Snapshot | null = null;
  /** When the last snapshot came, on the scale of `elapsedMs`. */
  private receivedAtMs = 0;
  private receivedState: unknown = null;
  /** Whether this window reads a host's stream now. */
  private isLive = false;
  /** The newest saved record of the counts, to be handed over when this window hosts. */
  private saved: unknown = null;
  /** Whether this window was the last host it knows: then it saves counts and history. */
  private hasServedLast = false;
  /** Exchanges that ended after this window's worker had stopped, and that no host knows of. */
  private readonly late: ExchangeView[] = [];
  private shownProxy = '';
  private readonly owned = new DisposableStore();
  private readonly onError = (error: unknown): void => this.ports.log.error('A view failed.', error);
  private readonly changed = this.owned.add(new Emitter<void>(this.onError));
  private readonly historyChanged = this.owned.add(new Emitter<void>(this.onError));
  private readonly finished = this.owned.add(new Emitter<ExchangeView>(this.onError));
  private readonly stateChanged = this.owned.add(
    new Emitter<void>((error) => this.ports.log.error('Saving failed.', error)),
  );
  /** Something in `snapshot()` has changed. */
  readonly onDidChange: Event<void> = this.changed.event;
  readonly onDidFinishExchange: Event<ExchangeView> = this.finished.event;
  /** `savedState()` has changed; fires only in the window that hosts. */
  readonly onDidChangeState: Event<void> = this.stateChanged.event;
  /** All of `activity()` may have changed; a single new exchange fires `onDidFinishExchange` instead. */
  readonly onDidChangeHistory: Event<void> = this.historyChanged.event;

  constructor(private readonly ports: RemoteServicePorts) {
    const { station, clock } = ports;
    this.history = this.owned.add(
      new History({
        clock,
        nowMs: () => this.nowMs(),
        timezone: () => this.received?.timezone ?? '',
        onError: this.onError,
        isOurs: () => this.hasServedLast,
      }),
    );
    this.owned.add(this.history.onDidReplace(() => this.historyChanged.fire()));
    this.owned.add(station.onDidChange(() => this.notePlace()));
  }

  /** Whether this window is the host. */
  get isHosting(): boolean {
    return this.ports.station.place.kind === 'hosting';
  }

  /** Resolves with `running`, in this window or another, or with `failed` and the reason. */
  async start(): Promise<ProxyState> {
    this.ports.station.start();
    while (this.snapshot().proxy.kind === 'starting')
      await new Promise<void>((resolve) => {
        const listening = this.onDidChange(() => {
          listening.dispose();
          resolve();
        });
      });
    return this.snapshot().proxy;
  }

  /** Resolves when the proxy is stopped, for all windows. */
  async stop(drainMs?: number): Promise<void> {
    await this.ports.station.stop(drainMs);
  }

  configure(settings: Settings): void {
    this.ports.station.configure(settings);
  }

  /** The host's snapshot, or the last one while there is no host, with the present time and `proxy` for this window. */
  snapshot(): Snapshot {
    const { station, keyCount } = this.ports;
    const live = this.isLive ? this.received : null;
    const proxy = proxyStateOf(station.place, live, station.port);
    const atMs = this.nowMs();
    if (live !== null) return { ...live, atMs, proxy };
    // The keys may have changed since the last snapshot.
    const last = this.received ?? emptySnapshot;
    return { ...last, atMs, proxy, wheel: { ...last.wheel, keys: keyCount() } };
  }

  /** Newest first, at most 500. */
  activity(): readonly ExchangeView[] {
    return labelled(this.history.newestFirst(), this.received?.accounts ?? []);
  }

  /** Resolves when the allowance has been read again, of one key or of one key an account. */
  async refresh(keyId?: string): Promise<void> {
    await this.command('refresh', { keyId });
  }

  /** To be called while the user looks at this window: allowances are read often for a while. */
  watched(): void {
    void this.command('watch');
  }

  /** Lifts the target's locks at the user's request; returns at once, and the next snapshot shows it. */
  unlock(target: Parameters<KeywheelService['unlock']>[0]): void {
    void this.command('unlock', target);
  }

  /** Cancels a running exchange at the user's request; false if it has ended already. */
  async cancel(requestId: string): Promise<boolean> {
    return await this.command('cancel', { requestId });
  }

  /** Empties the list of past requests, for all windows; counts and sums stay. */
  async clearActivity(): Promise<boolean> {
    return await this.command('clearActivity');
  }

  /** Deletes counts and past requests, but not what is known of the present keys. Resolves to whether the proxy has deleted them too. */
  async forget(): Promise<boolean> {
    const isServed = this.snapshot().proxy.kind === 'running';
    if (await this.command('forget')) return true;
    this.forgetReceived();
    return !isServed;
  }

  /** Resolves with the text of the next exchange when it ends; null if none came within ten minutes, or the host is gone. */
  async recordNext(): Promise<string | null> {
    const reply = await this.ask({ name: 'record', body: {}, timeoutMs: recordTimeoutMs });
    const recorded = v.safeParse(recordedSchema, reply?.body);
    return recorded.success ? recorded.output.text : null;
  }

  /** Takes a saved record of the counts, to be handed over when this window hosts; called before `start`. */
  restore(raw: unknown): ReturnType<typeof readSaved> {
    this.saved = newerCounts(this.saved, raw);
    return readSaved(raw);
  }

  /** The record of the counts for a new worker: the newer of the saved record and the host's last one. */
  get handedOver(): unknown {
    return readSaved(this.receivedState).kind === 'good' ? this.receivedState : this.saved;
  }

  /** The host's last record of the counts, if this window served last; else undefined. */
  savedState(): unknown {
    return this.hasServedLast ? (this.receivedState ?? undefined) : undefined;
  }

  /** Takes the newest record of the counts, from the host's stream or from this window's worker. */
  receiveState(state: unknown): void {
    this.receivedState = state;
    if (this.isHosting) this.stateChanged.fire();
  }

  /** Sends the next host an exchange that ended after this window's worker had stopped; keeps it until there is a host. */
  async receiveLate(exchange: ExchangeView): Promise<void> {
    if ((await this.command('late', { exchange })) || !this.hasServedLast) return;
    this.put(exchange);
    this.late.push(exchange);
  }

  /** Sends one request to the host, in this window or another. */
  async ask(question: HostQuestion): Promise<HostReply | null> {
    return await askHost(this.ports.station.port, this.ports.identity, question);
  }

  /** Resolves to whether the host has run the command. */
  private async command(name: HostCommand, body: object = {}): Promise<boolean> {
    return (await this.ask({ name, body, timeoutMs: commandTimeoutMs }))?.status === 200;
  }

  /** Handles an event of the host; an event of an unknown kind changes nothing. */
  receive(event: Exclude<HostEvent, { kind: 'keys' }>): void {
    switch (event.kind) {
      case 'hello':
      case 'beat':
      case 'bye':
        return;
      case 'snapshot':
        this.show(event.snapshot);
        return;
      case 'change':
        if (this.received !== null) this.show(changed(this.received, event.change));
        return;
      case 'forgotten':
        this.forgetReceived();
        return;
      case 'history':
        this.history.receive(event.history);
        return;
      case 'exchange':
        this.put(whole(event.exchange));
        return;
      case 'state':
        this.receiveState(event.state);
    }
  }

  /** To be called when the host is gone: the last snapshot stays visible. */
  lost(): void {
    if (!this.isLive) return;
    this.isLive = false;
    this.changed.fire();
  }

  dispose(): void {
    this.owned.dispose();
  }

  /** The host's wall time, corrected by upstream's dates; before the first host that of this window's clock. */
  private nowMs(): number {
    const { clock } = this.ports;
    return this.received === null
      ? clock.wallMs()
      : this.received.atMs + clock.elapsedMs() - this.receivedAtMs;
  }

  private put(exchange: ExchangeView): void {
    this.history.put(exchange);
    this.finished.fire(exchange);
  }

  /** Drops exchanges, counts and, without a host, the snapshot. */
  private forgetReceived(): void {
    this.saved = null;
    this.receivedState = null;
    this.late.length = 0;
    this.history.clear();
    if (!this.isLive) this.received = null;
    this.changed.fire();
  }

  private show(snapshot: Snapshot): void {
    const hadKeys = this.received !== null && this.received.accounts.length > 0;
    if (snapshot.atMs !== this.received?.atMs) this.receivedAtMs = this.ports.clock.elapsedMs();
    // A host of another version may leave out fields that this version requires.
    this.received = { ...emptySnapshot, ...snapshot, wheel: { ...emptySnapshot.wheel, ...snapshot.wheel } };
    this.isLive = true;
    this.changed.fire();
    // Exchanges get the labels of their keys from the snapshot.
    if (!hadKeys && snapshot.accounts.length > 0) this.historyChanged.fire();
  }

  private notePlace(): void {
    const { kind } = this.ports.station.place;
    if (kind === 'hosting' || kind === 'following') {
      this.hasServedLast = kind === 'hosting';
      for (const exchange of this.late.splice(0)) void this.command('late', { exchange });
    }
    const proxy = JSON.stringify(this.snapshot().proxy);
    if (proxy === this.shownProxy) return;
    this.shownProxy = proxy;
    this.changed.fire();
  }
}

/** The exchange with defaults for the fields that hosts of earlier builds do not send. */
function whole(exchange: ExchangeView): ExchangeView {
  const attempts = exchange.attempts.map((attempt) => ({ ...untold.attempt, ...attempt }));
  return { ...untold.exchange, ...exchange, attempts };
}

const untold = { exchange: { refusal: null, message: null }, attempt: { previous: [] } };

const recordedSchema = v.object({ text: v.nullable(v.string()) });

const emptySnapshot: Snapshot = {
  atMs: 0,
  proxy: { kind: 'stopped' },
  timezone: '',
  wheel: {
    keys: 0,
    accounts: 0,
    freeLeft: 0,
    freeUsed: 0,
    freeLimit: 0,
    resetAtMs: null,
    waiting: 0,
    inFlight: 0,
  },
  accounts: [],
  busyModels: [],
  running: [],
};
