// One window's times as the host: a worker each, whose stream it reads as every other window does.
import { wait, type Clock } from '../base/clock';
import { DisposableStore, type Disposable } from '../base/disposable';
import { Emitter, type Event } from '../base/event';
import type { Log } from '../base/log';
import type { Settings } from '../service/settings';
import type { ProxyFailure, ProxyState } from '../service/snapshot';
import type { Claim } from './claim';
import type { ProvenHost, ReadEnd } from './eventReader';
import type { ByeReason } from './hostEvents';
import { identify, identifyIpv6 } from './identify';
import type { WindowIdentity } from './identity';
import type { Handover, HostingEnd, WorkerHost } from './workerHost';
import type { ShownLevel } from './workerMessages';

const readAgainMs = 50;
/** As long as the worker itself gives where another window ends it. */
const usualDrainMs = 2_000;
/** A worker that fails once is a mishap, three times is worth a word. */
const failuresToTell = 3;

export interface HostingPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly identity: WindowIdentity;
  readonly claim: Claim;
  readonly spawn: () => WorkerHost;
  readonly handover: () => Promise<Handover>;
  readonly read: (host: ProvenHost, signal: AbortSignal) => Promise<ReadEnd>;
  /** The worker has failed three times in this window. */
  readonly onTrouble: () => void;
}

/** `notBound`: the system does not give the port to anybody here. */
export type HostEnd =
  | { readonly kind: HostingEnd | 'waiting' }
  | { readonly kind: 'notBound'; readonly code: ProxyFailure; readonly detail: string };

export class Hosting implements Disposable {
  private worker: WorkerHost | null = null;
  private draining: Promise<void> = Promise.resolve();
  private failures = 0;
  private readonly owned = new DisposableStore();
  private readonly bound: Emitter<void>;

  constructor(private readonly ports: HostingPorts) {
    this.bound = this.owned.add(
      new Emitter((error) => ports.log.error('A listener of the hosting failed.', error)),
    );
  }

  get onDidBind(): Event<void> {
    return this.bound.event;
  }

  get isOn(): boolean {
    return this.worker !== null;
  }

  /** Resolves when this window serves no more, or could not begin to; `waiting` at once while another window begins to. */
  async host(settings: Settings): Promise<HostEnd> {
    const { handover, spawn, claim } = this.ports;
    if (!claim.take()) return { kind: 'waiting' };
    const worker = spawn();
    this.worker = worker;
    let end: HostEnd = { kind: 'crashed' };
    try {
      const proxy = await worker.start(settings, handover()).finally(() => claim.release());
      if (proxy.kind === 'running') {
        this.bound.fire();
        void this.tellIpv6(settings.port);
        end = { kind: await this.readWhileServing(worker) };
      } else end = endOf(proxy);
    } finally {
      this.worker = null;
      this.part(worker, end);
    }
    return end;
  }

  configure(settings: Settings): void {
    this.worker?.configure(settings);
  }

  setLogLevel(level: ShownLevel): void {
    this.worker?.setLogLevel(level);
  }

  /** Resolves when the port is free; answers may go on for `drainMs`, behind. */
  async leave(reason: ByeReason, drainMs: number): Promise<void> {
    const { worker } = this;
    if (worker === null) return;
    worker.leave(reason, drainMs);
    this.drainBehind(worker, drainMs);
    await worker.ended;
  }

  /** Resolves when the last answer has ended or was cut. */
  async drained(): Promise<void> {
    await this.draining;
  }

  dispose(): void {
    this.worker?.dispose();
    this.owned.dispose();
  }

  private async readWhileServing(worker: WorkerHost): Promise<HostingEnd> {
    const { clock, identity, read } = this.ports;
    const over = new AbortController();
    const ended = worker.ended.finally(() => over.abort(new Error('It serves no more.')));
    while (!over.signal.aborted) {
      const who = await identify(worker.port, identity);
      if (who.kind === 'ours') await read(who, over.signal);
      await wait(clock, readAgainMs, over.signal).catch(() => undefined);
    }
    return await ended;
  }

  /** One that leaves in order may drain; its thread ends then. */
  private part(worker: WorkerHost, end: HostEnd): void {
    switch (end.kind) {
      case 'stopped':
      case 'retired':
      case 'closing':
        this.drainBehind(worker, usualDrainMs);
        return;
      case 'crashed':
      case 'hung':
        if (++this.failures === failuresToTell) this.ports.onTrouble();
        break;
      case 'portLost':
      case 'notBound':
      case 'waiting':
        break;
    }
    worker.dispose();
  }

  private drainBehind(worker: WorkerHost, drainMs: number): void {
    this.draining = Promise.all([this.draining, worker.drainedWithin(drainMs)]).then(() => undefined);
  }

  private async tellIpv6(port: number): Promise<void> {
    const { identity, log } = this.ports;
    const who = await identifyIpv6(port, identity);
    if (who !== 'ours' && who !== 'nobody') {
      log.warn(`[::1]:${port} is not ours: use 127.0.0.1, not localhost, in base URLs.`);
    }
  }
}

/** Somebody was faster: who that is, is seen at the next look. */
function endOf(proxy: ProxyState): HostEnd {
  if (proxy.kind !== 'failed') return { kind: 'portLost' };
  const { code, detail } = proxy;
  switch (code) {
    case 'portForbidden':
      return { kind: 'notBound', code, detail };
    case 'other':
      return detail === 'crashed' || detail === 'hung'
        ? { kind: detail }
        : { kind: 'notBound', code, detail };
    case 'portInUse':
    case 'keywheelThere':
    case 'otherMachine':
    case 'otherProduct':
    case 'otherVersion':
      return { kind: 'portLost' };
  }
}
