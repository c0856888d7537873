// The keys as the host has them: the newest set that any window gave it.
import { Emitter, type Event } from '../base/event';
import type { Log } from '../base/log';
import type { KeywheelService } from '../service/keywheelService';
import { noKeys, type KeySet } from '../service/keySet';

export class SharedKeys {
  private set: KeySet = noKeys;
  private readonly changed: Emitter<KeySet>;

  constructor(
    private readonly service: Pick<KeywheelService, 'setKeys' | 'setProxyKey'>,
    log: Log,
  ) {
    this.changed = new Emitter((error) => log.error('A listener of the keys failed.', error));
  }

  get current(): KeySet {
    return this.set;
  }

  get onDidChange(): Event<KeySet> {
    return this.changed.event;
  }

  /** True if the set is newer than what was known: then the proxy uses it from now on. */
  offer(set: KeySet): boolean {
    if (set.revision <= this.set.revision) return false;
    this.set = set;
    this.service.setKeys(set.keys);
    if (set.proxyKey !== null) this.service.setProxyKey(set.proxyKey);
    this.changed.fire(set);
    return true;
  }
}
