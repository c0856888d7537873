// Keeps this window's keys and the host's the same: the higher revision holds, and a change here goes there.
import * as v from 'valibot';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { Event } from '../base/event';
import type { Log } from '../base/log';
import type { HostQuestion, HostReply } from './askHost';
import { keySetSchema, noKeys, rebase, type KeySet } from '../service/keySet';

const mostTries = 3;
const answerTimeoutMs = 5_000;

/** The keys of this window. */
export interface SharedKeyring {
  readonly keySet: KeySet;
  /** Takes the set over if it is newer; nothing is stored, as whoever changed it has done so. */
  adopt(set: KeySet): void;
  readonly onDidChange: Event<void>;
}

export interface KeySharePorts {
  readonly keyring: SharedKeyring;
  readonly ask: (question: HostQuestion) => Promise<HostReply | null>;
  readonly log: Log;
}

export class KeyShare implements Disposable {
  private readonly owned = new DisposableStore();
  /** What this window and the host had both, last. */
  private agreed: KeySet = noKeys;
  private last: Promise<void> = Promise.resolve();
  private isConnected = false;

  constructor(private readonly ports: KeySharePorts) {
    this.owned.add(ports.keyring.onDidChange(() => this.offer()));
  }

  /** The host's set, at the beginning of its stream and whenever it changes. */
  heard(set: KeySet): void {
    this.isConnected = true;
    const { keyring } = this.ports;
    if (set.revision >= keyring.keySet.revision) {
      this.agreed = set;
      keyring.adopt(set);
    } else this.offer();
  }

  /** There is no host now: changes wait for the next. */
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
      const reply = await ask({
        name: 'keys',
        sealedAs: 'offerKeys',
        answerSealedAs: 'knownKeys',
        body: mine,
        timeoutMs: answerTimeoutMs,
      });
      const theirs = v.safeParse(keySetSchema, reply?.body);
      // No host: the next one is told as soon as its stream begins.
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
