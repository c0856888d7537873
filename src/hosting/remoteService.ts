// What views and commands use in every window, host or follower: the service as it is seen over HTTP.
import * as v from 'valibot';
import { DisposableStore, type Disposable } from '../base/disposable';
import { Emitter, type Event } from '../base/event';
import type { Log } from '../base/log';
import type { KeyCheck } from '../service/keyCheck';
import { freshState } from '../service/freshState';
import type { History } from '../service/history';
import { labelled } from '../service/labelled';
import { judgeSavedState, type RestoreResult } from '../service/restoreResult';
import type { Settings } from '../service/settings';
import type { ExchangeView, ProxyState, Snapshot } from '../service/snapshot';
import type { UnlockTarget } from '../service/unlock';
import { askHost, type HostQuestion, type HostReply } from './askHost';
import type { HostView } from './hostView';
import type { WindowIdentity } from './identity';
import { proxyStateOf } from './place';
import type { Station } from './station';

const commandTimeoutMs = 30_000;
/** Ten minutes for it to begin, and as long as clients wait for an answer. */
const recordTimeoutMs = 20 * 60_000;

export interface RemoteServicePorts {
  readonly station: Station;
  readonly view: HostView;
  readonly identity: WindowIdentity;
  readonly log: Log;
  /** How many keys this window knows of: what counts while there is no host. */
  readonly keyCount: () => number;
}

export class RemoteService implements Disposable {
  private readonly owned = new DisposableStore();
  private readonly changed: Emitter<void>;
  private readonly stateChanged: Emitter<unknown>;
  private readonly saved: unknown[] = [];
  private shown = '';

  constructor(private readonly ports: RemoteServicePorts) {
    const { station, view, log } = ports;
    this.changed = this.owned.add(new Emitter((error) => log.error('A view failed.', error)));
    this.stateChanged = this.owned.add(new Emitter((error) => log.error('Saving failed.', error)));
    this.owned.add(view.onDidChange(() => this.changed.fire()));
    this.owned.add(
      view.onDidChangeState((state) => {
        if (this.isHosting) this.stateChanged.fire(state);
      }),
    );
    this.owned.add(view.onDidForget(() => this.saved.splice(0)));
    this.owned.add(station.onDidChange(() => this.tellPlace()));
  }

  /** Something in `snapshot()` has changed. */
  get onDidChange(): Event<void> {
    return this.changed.event;
  }

  get onDidFinishExchange(): Event<ExchangeView> {
    return this.ports.view.onDidFinishExchange;
  }

  /** State to be saved: told in the window that hosts alone. */
  get onDidChangeState(): Event<unknown> {
    return this.stateChanged.event;
  }

  /** Whether it is this window that serves. */
  get isHosting(): boolean {
    return this.ports.station.place.kind === 'hosting';
  }

  /** Resolves with `running`, in this window or another, or with `failed` and why. */
  async start(): Promise<ProxyState> {
    this.ports.station.start();
    for (;;) {
      const { proxy } = this.snapshot();
      if (proxy.kind !== 'starting') return proxy;
      await this.nextChange();
    }
  }

  /** Resolves when the proxy is stopped, for all windows. */
  async stop(drainMs = 2_000): Promise<void> {
    await this.ports.station.stop(drainMs);
  }

  configure(settings: Settings): void {
    this.ports.station.configure(settings);
  }

  /** As the host has it, with this window's own place; what was seen last while there is none. */
  snapshot(): Snapshot {
    const { station, view, keyCount } = this.ports;
    const live = view.isLive ? view.snapshot : null;
    const proxy = proxyStateOf(station.place, live, station.port);
    if (live !== null) return { ...live, proxy };
    // Keys come and go without a host too.
    const last = view.snapshot ?? emptySnapshot;
    return { ...last, proxy, wheel: { ...last.wheel, keys: keyCount() } };
  }

  /** Newest first, at most 500. */
  activity(): readonly ExchangeView[] {
    const { history, snapshot } = this.ports.view;
    return labelled(history.newestFirst(), snapshot?.accounts ?? []);
  }

  /** What was, as far as this window knows it. */
  get history(): History {
    return this.ports.view.history;
  }

  /** What `activity()` gives is another, not only more. */
  get onDidChangeHistory(): Event<void> {
    return this.ports.view.onDidChangeHistory;
  }

  async checkKey(key: string): Promise<KeyCheck> {
    const reply = await this.ask({
      name: 'check-key',
      sealedAs: 'checkKey',
      body: { key },
      timeoutMs: commandTimeoutMs,
    });
    const check = v.safeParse(checkSchema, reply?.body);
    return check.success ? check.output : { kind: 'unreachable', detail: 'the proxy does not run' };
  }

  /** Resolves when what is left has been read again: of one key, or of one key an account. */
  async refresh(keyId?: string): Promise<void> {
    await this.ask({ name: 'refresh', body: { keyId }, timeoutMs: commandTimeoutMs });
  }

  /** Lifts locks that the user knows better of; views show it when it is done. */
  unlock(target: UnlockTarget): void {
    void this.ask({ name: 'unlock', body: target, timeoutMs: commandTimeoutMs });
  }

  /** Counts and past requests are gone, but for what is known of the keys that are there. Resolves to whether the proxy knows nothing more. */
  async forget(): Promise<boolean> {
    const isServed = this.snapshot().proxy.kind === 'running';
    const reply = await this.ask({ name: 'forget', body: {}, timeoutMs: commandTimeoutMs });
    if (reply?.status === 200) return true;
    this.ports.view.forget();
    return !isServed;
  }

  /** Resolves with the next exchange in text once it is over; null if none came within ten minutes, or the host has gone. */
  async recordNext(): Promise<string | null> {
    const reply = await this.ask({
      name: 'record',
      answerSealedAs: 'recorded',
      body: {},
      timeoutMs: recordTimeoutMs,
    });
    const recorded = v.safeParse(recordedSchema, reply?.body);
    return recorded.success ? recorded.output.text : null;
  }

  /** Takes in what was saved, for when this window hosts; to be called before `start`, once for each place. */
  restore(raw: unknown): RestoreResult {
    const result = judgeSavedState(raw);
    if (result.kind === 'restored') this.saved.push(raw);
    return result;
  }

  /** What a host of this window begins with: what was saved, and what was heard last. */
  get states(): readonly unknown[] {
    const { state, snapshot } = this.ports.view;
    return state === null ? this.saved : [...this.saved, freshState(state, snapshot)];
  }

  /** As it was heard last; undefined where no host was heard yet. */
  savedState(): unknown {
    const { state, snapshot } = this.ports.view;
    return state === null ? undefined : freshState(state, snapshot);
  }

  /** One request to the host, wherever it is. */
  async ask(question: HostQuestion): Promise<HostReply | null> {
    return await askHost(this.ports.station.port, this.ports.identity, question);
  }

  dispose(): void {
    this.owned.dispose();
  }

  private tellPlace(): void {
    const proxy = JSON.stringify(this.snapshot().proxy);
    if (proxy === this.shown) return;
    this.shown = proxy;
    this.changed.fire();
  }

  private async nextChange(): Promise<void> {
    await new Promise<void>((resolve) => {
      const listening = this.onDidChange(() => {
        listening.dispose();
        resolve();
      });
    });
  }
}

const recordedSchema = v.object({ text: v.nullable(v.string()) });

// Our own host's answer: its kind is checked, its figures are not.
const checkSchema = v.custom<KeyCheck>(
  (value) => typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string',
);

const emptySnapshot: Snapshot = {
  protocol: 1,
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
    lastRefusalAtMs: null,
  },
  accounts: [],
  busyModels: [],
};
