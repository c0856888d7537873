// Finds which program has the port, then follows the host, hosts itself, or shows the program that is in the way.
import { wait, type Clock } from '../base/clock';
import { DisposableStore, type Disposable } from '../base/disposable';
import { Emitter, type Event } from '../base/event';
import type { Log } from '../base/log';
import type { Settings } from '../service/settings';
import type { Hold } from './hold';
import type { ReadEnd } from './hostEvents';
import { askHost, identify, isFree, type HostLine, type Who } from './hostLine';
import type { Hosting } from './hosting';
import { isNewer, protocol, type WindowIdentity } from './identity';
import { aftermathOf, blockedBy, lookAgainMs, type Place } from './place';

/** Time for the host to bind a changed port, before followers try. */
const movedPauseMs = 300;
/** The first pause after finding a stranger, doubled each time; short at first, as it may be a slow host. */
const strangerPauseMs = 500;
const longestLookAgainMs = 60_000;
/** During such a pause the port is tried this often. */
const freeLookMs = 1_000;
const failurePauseMs = 1_000;
const askTimeoutMs = 3_000;
/** The range of a short pause, which is random, so that windows that lost the same host do not all try at once. */
const soonestMs = 20;
const latestMs = 200;
/** Time after the drain for cut answers to send their end. */
const closeLateMs = 1_000;
/** Tries to stop a host: the first, and one more each for a busy host and a broken connection. */
const mostStopTries = 3;

export interface StationPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  readonly identity: WindowIdentity;
  readonly hold: Hold;
  readonly hosting: Hosting;
  /** Reads the host's stream until it ends; calls `onWhole` when the host's whole state was read. */
  readonly read: (line: HostLine, signal: AbortSignal, onWhole: () => void) => Promise<ReadEnd>;
}

export class Station implements Disposable {
  /** The present place; `looking` until the port was asked for the first time. */
  private current: Place = { kind: 'looking' };
  private readonly owned = new DisposableStore();
  private readonly changed = this.owned.add(
    new Emitter<void>((error) => this.ports.log.error('A listener of the station failed.', error)),
  );
  readonly onDidChange: Event<void> = this.changed.event;
  private readonly closing = new AbortController();
  private readonly rounds: Rounds;
  private loop: Promise<void> | null = null;
  private mayHost = false;
  private hasTakenOver = false;
  private isMoved = false;
  private looks = 0;
  /** Whether a bind has failed once; else a success proves nothing, as some systems allow 127.0.0.1 beside 0.0.0.0. */
  private isPortCheckReliable = false;

  constructor(
    private readonly ports: StationPorts,
    private settings: Settings,
  ) {
    this.rounds = new Rounds(ports.clock, ports.random);
    this.owned.add(ports.hold.onDidChange(() => this.obey()));
  }

  get place(): Place {
    return this.current;
  }

  get port(): number {
    return this.settings.port;
  }

  /** Begins to look; without `mayHost` it hosts only after it has followed a host. Returns at once. */
  open(mayHost: boolean): void {
    this.mayHost ||= mayHost;
    if (this.loop !== null) return;
    this.loop = this.run();
  }

  /** Ends the hold of all windows and begins to look. Returns at once. */
  start(): void {
    this.ports.hold.release();
    this.looks = 0;
    this.open(true);
    if (this.current.kind === 'hosting' || this.current.kind === 'following') return;
    this.set({ kind: 'looking' });
    this.rounds.nudge();
  }

  /** Stops the proxy for all windows until one starts it. Resolves when the port is free; running answers may go on. If the host cannot be stopped, nothing changes. */
  async stop(drainMs = this.settings.drainSeconds * 1000): Promise<void> {
    const { hold, hosting, log } = this.ports;
    hold.take();
    if (hosting.isOn) await hosting.leave('stopped', drainMs);
    else if (await this.stopHost()) this.set({ kind: 'stopped' });
    else {
      hold.release();
      log.error('The window that runs the proxy could not be told to stop it.');
      return;
    }
    this.rounds.nudge();
  }

  /** Applies settings; running answers go on, also when the port moves. */
  configure(settings: Settings): void {
    const isMoved = settings.port !== this.settings.port;
    this.settings = settings;
    this.ports.hosting.configure(settings);
    if (!isMoved || this.ports.hosting.isOn) return;
    this.isMoved = true;
    this.looks = 0;
    this.rounds.nudge();
  }

  /** Ends hosting and following. The port is free at once, answers may go on for `drainMs`; then it resolves. */
  async close(drainMs: number): Promise<void> {
    const { hosting, clock } = this.ports;
    this.leave();
    await hosting.leave('closing', drainMs);
    // Answers of a proxy that was stopped before may take longer than that: they are not waited for.
    const late = new Promise<void>((resolve) => void clock.after(drainMs + closeLateMs, resolve));
    await Promise.race([hosting.drained, late]);
  }

  dispose(): void {
    this.leave();
    this.owned.dispose();
  }

  private leave(): void {
    this.closing.abort(new Error('The window closes.'));
    this.rounds.nudge();
  }

  /** A host that could not be told to stop sees the hold once it runs again. */
  private obey(): void {
    const { hold, hosting } = this.ports;
    if (!hold.isHeld) this.rounds.nudge();
    else if (hosting.isOn) void hosting.leave('stopped', this.settings.drainSeconds * 1000);
  }

  /** Asks the host to stop; resolves to whether no proven host has the port any more. */
  private async stopHost(): Promise<boolean> {
    const { identity } = this.ports;
    for (let tries = 1; tries <= mostStopTries; tries++) {
      const reply = await askHost(this.port, identity, { name: 'stop', body: {}, timeoutMs: askTimeoutMs });
      if (reply?.status === 200) return true;
      const who = await identify(this.port, identity);
      if (who.kind !== 'ours') return true;
      who.line.dispose();
    }
    return false;
  }

  private async run(): Promise<void> {
    while (!this.closing.signal.aborted) {
      try {
        await this.step(this.rounds.begin());
      } catch (error: unknown) {
        this.ports.log.error('Looking for the proxy failed.', error);
        await this.rounds.pause(failurePauseMs);
      }
    }
  }

  private async step(signal: AbortSignal): Promise<void> {
    const { hold, identity } = this.ports;
    if (hold.isHeld) {
      hold.join();
      this.set({ kind: 'stopped' });
      await this.rounds.pause(null);
      return;
    }
    if (this.isMoved) await this.rounds.pause(movedPauseMs);
    this.isMoved = false;
    const who = await identify(this.port, identity);
    // The result is ignored if the window was stopped, moved or closed meanwhile.
    if (signal.aborted) {
      if (who.kind === 'ours') who.line.dispose();
      return;
    }
    switch (who.kind) {
      case 'nobody':
        await this.hostOrWait();
        return;
      case 'ours':
        await this.follow(who, signal);
        return;
      case 'otherMachine':
      case 'otherProduct':
      case 'stranger':
        await this.standAside(who, signal);
    }
  }

  private async standAside(
    who: Exclude<Who, { kind: 'nobody' | 'ours' }>,
    signal: AbortSignal,
  ): Promise<void> {
    const isStranger = who.kind === 'stranger';
    // A broken connection may come from a host that is about to end: the first one is not shown.
    if (isStranger && who.how === 'broken' && this.looks++ === 0) {
      await this.rounds.pauseShortly();
      return;
    }
    const place = blockedBy(who);
    if (this.current.kind !== 'blocked') {
      this.ports.log.warn(`Port ${this.port} is not ours: ${place.code} (${place.detail}).`);
    }
    this.set(place);
    const pauseMs = isStranger ? strangerPauseMs * 2 ** this.looks++ : lookAgainMs;
    // A program that answers is known; one that does not may be a host that is frozen for a while.
    const longestMs = isStranger && who.how === 'other' ? longestLookAgainMs : lookAgainMs;
    await this.pauseWhileTaken(Math.min(pauseMs, longestMs), signal);
  }

  /** Pauses for `pauseMs`, or until the port is free. */
  private async pauseWhileTaken(pauseMs: number, signal: AbortSignal): Promise<void> {
    for (let leftMs = pauseMs; leftMs > 0 && !signal.aborted; leftMs -= freeLookMs) {
      await this.rounds.pause(Math.min(leftMs, freeLookMs));
      if (!(await isFree(this.port))) this.isPortCheckReliable = true;
      else if (this.isPortCheckReliable) return;
    }
  }

  private async hostOrWait(): Promise<void> {
    if (!this.mayHost) {
      this.set({ kind: 'stopped' });
      await this.rounds.pause(lookAgainMs);
      return;
    }
    if (this.current.kind !== 'blocked') this.set({ kind: 'looking' });
    const { hold, hosting } = this.ports;
    const end = await hosting.host(this.settings, () => {
      // Another window may have stopped the proxy while this one began to host and could not be told.
      if (hold.isHeld) void hosting.leave('stopped', 0);
      else this.set({ kind: 'hosting' });
    });
    this.looks = 0;
    await this.after(end);
  }

  private async follow(who: Who & { kind: 'ours' }, signal: AbortSignal): Promise<void> {
    const { window, version, line } = who;
    const takesOver = isNewer(this.ports.identity.version, version) && !this.hasTakenOver && this.mayHost;
    this.mayHost = true;
    this.looks = 0;
    if (who.protocol !== protocol) {
      line.dispose();
      if (takesOver) await this.retire(version);
      else await this.after({ kind: 'otherProtocol' });
      return;
    }
    this.set({ kind: 'following', window });
    // Only the host's stream has the counts and exchanges of the last second: it is read before the takeover.
    const end = await this.ports.read(line, signal, () => {
      if (takesOver) void this.retire(version);
    });
    if (signal.aborted || (takesOver && end === 'retired')) return;
    await this.after({ kind: end });
  }

  /** Asks a host of an older version for the port; only once, as it may refuse. */
  private async retire(hostVersion: string): Promise<void> {
    if (this.hasTakenOver) return;
    this.hasTakenOver = true;
    const { identity, log } = this.ports;
    log.info(`Taking over from version ${hostVersion}.`);
    const body = { version: identity.version };
    await askHost(this.port, identity, { name: 'retire', body, timeoutMs: askTimeoutMs });
  }

  private async after(end: Parameters<typeof aftermathOf>[0]): Promise<void> {
    const { place, pause } = aftermathOf(end);
    this.set(place);
    if (pause === 'short') await this.rounds.pauseShortly();
    else await this.rounds.pause(pause);
  }

  private set(place: Place): void {
    if (JSON.stringify(place) === JSON.stringify(this.current)) return;
    this.current = place;
    this.ports.log.debug(`Place: ${JSON.stringify(place)}.`);
    this.changed.fire();
  }
}

/** The rounds of the loop; `nudge` ends a round and its pause early. */
class Rounds {
  private current = new AbortController();

  constructor(
    private readonly clock: Clock,
    private readonly random: () => number,
  ) {}

  /** Begins a round; `nudge` aborts its signal. */
  begin(): AbortSignal {
    this.current = new AbortController();
    return this.current.signal;
  }

  /** Ends the present round and its pause. */
  nudge(): void {
    this.current.abort(new Error('Something has changed.'));
  }

  async pauseShortly(): Promise<void> {
    await this.pause(soonestMs + this.random() * (latestMs - soonestMs));
  }

  /** Resolves after `pauseMs` or at a nudge; null: only at a nudge. */
  async pause(pauseMs: number | null): Promise<void> {
    try {
      await wait(this.clock, pauseMs ?? Number.POSITIVE_INFINITY, this.current.signal);
    } catch {
      // `nudge` has ended the pause.
    }
  }
}
