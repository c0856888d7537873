// Keeps the keys of a window and of the host the same: the higher revision wins.
import * as v from 'valibot';
import { DisposableStore, type Disposable } from '../base/disposable';
import { Emitter, type Event } from '../base/event';
import type { Log } from '../base/log';
import { keySetSchema, noKeys, rebase, type KeySet } from '../service/keyring/storedKey';
import type { Keyring } from '../service/keyring/keyring';
import type { KeywheelService } from '../service/keywheelService';
import type { HostQuestion, HostReply } from './hostLine';

const mostTries = 3;
const answerTimeoutMs = 5_000;

export interface KeySharePorts {
  readonly keyring: Keyring;
  readonly ask: (question: HostQuestion) => Promise<HostReply | null>;
  readonly log: Log;
}

/** A window's side: a change here goes to the host. */
export class KeyShare implements Disposable {
  private readonly owned = new DisposableStore();
  /** The last set that this window and the host both had. */
  private agreed: KeySet = noKeys;
  private last: Promise<void> = Promise.resolve();
  private isConnected = false;

  constructor(private readonly ports: KeySharePorts) {
    this.owned.add(ports.keyring.onDidChange(() => this.offer()));
  }

  /** The host's set, at the beginning of its stream and whenever it changes. */
  heard(raw: unknown): void {
    const { keyring, log } = this.ports;
    const read = v.safeParse(keySetSchema, raw);
    if (!read.success) {
      log.warn('The keys of the host cannot be read.');
      return;
    }
    const set = read.output;
    this.isConnected = true;
    if (set.revision >= keyring.keySet.revision) {
      this.agreed = set;
      keyring.adopt(set);
    } else this.offer();
  }

  /** There is no host now: changes wait for the next one. */
  lost(): void {
    this.isConnected = false;
  }

  /** Resolves when the host has what this window has, or cannot be reached. */
  async settled(): Promise<void> {
    await this.last;
  }

  dispose(): void {
    this.owned.dispose();
  }

  private offer(): void {
    if (!this.isConnected || this.ports.keyring.keySet.revision <= this.agreed.revision) return;
    this.last = this.last
      .then(() => this.push())
      .catch((error: unknown) => this.ports.log.error('The keys could not be given to the host.', error));
  }

  private async push(): Promise<void> {
    const { keyring, ask } = this.ports;
    for (let attempt = 1; attempt <= mostTries; attempt++) {
      const mine = keyring.keySet;
      if (mine.revision <= this.agreed.revision) return;
      const reply = await ask({ name: 'keys', body: mine, timeoutMs: answerTimeoutMs });
      const theirs = v.safeParse(keySetSchema, reply?.body);
      // No host: the next one gets the set when its stream begins.
      if (reply === null || !theirs.success) return;
      const merged =
        reply.status === 200 || this.agreed.revision < 0
          ? theirs.output
          : rebase(this.agreed, mine, theirs.output);
      this.agreed = theirs.output;
      keyring.adopt(merged);
    }
  }
}

/** The host's side: the newest set that any window gave it. */
export class SharedKeys {
  private set: KeySet = noKeys;
  private readonly changed = new Emitter<void>((error) =>
    this.log.error('A listener of the keys failed.', error),
  );
  readonly onDidChange: Event<void> = this.changed.event;

  constructor(
    private readonly service: Pick<KeywheelService, 'setKeys' | 'setProxyKey'>,
    private readonly log: Log,
  ) {}

  get current(): KeySet {
    return this.set;
  }

  /** True if the set is newer than the known one; the proxy uses it from now on. */
  offer(set: KeySet): boolean {
    if (set.revision <= this.set.revision) return false;
    this.set = set;
    this.service.setKeys(set.keys);
    if (set.proxyKey !== null) this.service.setProxyKey(set.proxyKey);
    this.changed.fire();
    return true;
  }
}
