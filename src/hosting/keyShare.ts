// Keeps the keys of a window and of the host the same: the higher revision wins, joined with changes made meanwhile.
import { isDeepStrictEqual } from 'node:util';
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

/** A window's side of the exchange: sends each change of the keyring to the host, and takes over the host's set. */
export class KeyShare implements Disposable {
  private readonly owned = new DisposableStore();
  /** The last set that this window had in common with a host, else with the vault. Differences from it were made here. */
  private agreed: KeySet = noKeys;
  /** The last set that this window sent. */
  private sent: KeySet = noKeys;
  /** The revision of the host's set; null while there is no host: changes wait for the next one. */
  private hosted: number | null = null;
  private last: Promise<void> = Promise.resolve();

  constructor(private readonly ports: KeySharePorts) {
    this.owned.add(ports.keyring.onDidChange(() => this.offer()));
  }

  /** Takes the host's set, which comes at the beginning of its stream and whenever it changes. */
  receive(raw: unknown): void {
    const read = v.safeParse(keySetSchema, raw);
    if (!read.success) {
      this.ports.log.warn('The keys of the host cannot be read.');
      return;
    }
    this.meet(read.output);
    this.offer();
  }

  /** To be called when the host is gone: changes wait for the next one. */
  lost(): void {
    this.hosted = null;
  }

  /** Resolves when the host has this window's set, or cannot be reached. */
  async settled(): Promise<void> {
    await this.last;
  }

  dispose(): void {
    this.owned.dispose();
  }

  /** Takes over the changes in the host's set, and keeps the changes that were made here meanwhile. */
  private meet(theirs: KeySet): void {
    const { keyring } = this.ports;
    const { agreed, sent } = this;
    this.hosted = theirs.revision;
    if (theirs.revision <= agreed.revision) return;
    this.agreed = theirs;
    const isChanged = agreed.revision >= 0 && keyring.keySet.revision > agreed.revision;
    const isNews = isChanged && !isDeepStrictEqual(theirs, sent);
    keyring.adopt(isNews ? rebase(agreed, keyring.keySet, theirs) : theirs);
  }

  private offer(): void {
    const { keyring, log } = this.ports;
    if (this.hosted === null) {
      if (this.agreed.revision < 0 && keyring.health.kind === 'ok') this.agreed = keyring.keySet;
      return;
    }
    if (keyring.keySet.revision <= this.hosted) return;
    this.last = this.last
      .then(() => this.push())
      .catch((error: unknown) => log.error('The keys could not be given to the host.', error));
  }

  private async push(): Promise<void> {
    const { keyring, ask } = this.ports;
    for (let attempt = 1; attempt <= mostTries; attempt++) {
      const { hosted: base } = this;
      if (base === null || keyring.keySet.revision <= base) return;
      this.sent = keyring.keySet;
      const reply = await ask({ name: 'keys', body: { ...this.sent, base }, timeoutMs: answerTimeoutMs });
      const theirs = v.safeParse(keySetSchema, reply?.body);
      // There is no host: the next one gets the set when its stream begins.
      if (!theirs.success) return;
      this.meet(theirs.output);
    }
  }
}

/** The host's side of the exchange: the newest set that any window has sent. */
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

  /**
   * True if the set is newer than the known one; then the proxy uses it. `base` is the revision that the set was made of:
   * false if the known set has another by now, as another window was faster. Windows of earlier builds send no `base`.
   */
  offer(set: KeySet, base = this.set.revision): boolean {
    if (base !== this.set.revision || set.revision <= this.set.revision) return false;
    this.set = set;
    this.service.setKeys(set.keys);
    if (set.proxyKey !== null) this.service.setProxyKey(set.proxyKey);
    this.changed.fire();
    return true;
  }
}
