// Runs the actions of views on keys and accounts; a removal can be undone for ten seconds.
import type { Clock } from '../../base/clock';
import type { Disposable } from '../../base/disposable';
import { Emitter, type Event } from '../../base/event';
import type { Log } from '../../base/log';
import { keyIdOf } from '../../base/secret';
import type { Keyring } from './keyring';
import type { KeywheelService } from '../keywheelService';
import type { Act, DashboardState, Target } from '../messages';
import type { StoredKey } from './storedKey';

/** How long a removal can be undone. */
const undoMs = 10_000;

export interface KeyActionPorts {
  readonly service: Pick<KeywheelService, 'snapshot' | 'refresh' | 'unlock'>;
  readonly keyring: Pick<Keyring, 'keys' | 'update' | 'remove' | 'put' | 'reorder'>;
  readonly clock: Clock;
  readonly log: Log;
}

interface Removal {
  readonly stored: StoredKey;
  readonly position: number;
  readonly timer: Disposable;
}

export class KeyActions implements Disposable {
  private readonly changed = new Emitter<void>((error) =>
    this.ports.log.error('A listener of the key actions failed.', error),
  );
  /** `removed` has changed. */
  readonly onDidChange: Event<void> = this.changed.event;
  private readonly removals = new Map<string, Removal>();

  constructor(private readonly ports: KeyActionPorts) {}

  /** Removed keys whose removal can still be undone, oldest first. */
  get removed(): DashboardState['removed'] {
    return [...this.removals].map(([keyId, { stored }]) => ({ keyId, label: stored.label }));
  }

  /** Resolves to whether there is such a key or account; rejects, and changes nothing, if the vault fails. */
  async run(target: Target, act: Act): Promise<boolean> {
    const { service, keyring } = this.ports;
    const { accounts } = service.snapshot();
    const keyIds = 'keyId' in target ? [target.keyId] : idsOf(accounts.filter((each) => isIn(each, target)));
    switch (act.kind) {
      case 'update':
        return await keyring.update(keyIds, act.change);
      case 'check':
        await Promise.all(keyIds.map(async (keyId) => await service.refresh(keyId)));
        break;
      case 'unlock':
        if ('accountId' in target) service.unlock(target);
        for (const keyId of keyIds) service.unlock({ keyId });
        break;
      case 'move':
        await keyring.reorder(orderAfterMove(accounts, target, act.by));
        break;
      case 'remove':
        for (const keyId of keyIds) if (!(await this.remove(keyId))) return false;
        break;
      case 'undo':
        for (const keyId of keyIds) if (!(await this.undo(keyId))) return false;
        break;
    }
    return keyIds.length > 0;
  }

  /** Ends the time in which removals can be undone. */
  forgetRemoved(): void {
    for (const keyId of [...this.removals.keys()]) this.forget(keyId);
  }

  dispose(): void {
    this.changed.dispose();
    this.forgetRemoved();
  }

  private async remove(keyId: string): Promise<boolean> {
    const { keyring, clock } = this.ports;
    const position = keyring.keys.findIndex(({ key }) => keyIdOf(key) === keyId);
    const stored = await keyring.remove(keyId);
    if (stored === null) return false;
    const timer = clock.after(undoMs, () => this.forget(keyId));
    this.removals.set(keyId, { stored, position, timer });
    this.changed.fire();
    return true;
  }

  private async undo(keyId: string): Promise<boolean> {
    const removal = this.removals.get(keyId);
    if (removal === undefined) return false;
    await this.ports.keyring.put(removal.stored, removal.position);
    this.forget(keyId);
    return true;
  }

  private forget(keyId: string): void {
    this.removals.get(keyId)?.timer.dispose();
    if (this.removals.delete(keyId)) this.changed.fire();
  }
}

interface Group {
  readonly accountId: string;
  readonly keys: readonly { readonly keyId: string }[];
}

/**
 * The ids of all keys after a key has changed places with its neighbor in the account, or an account with the account
 * beside it. An account's only key moves with the account.
 */
export function orderAfterMove(groups: readonly Group[], target: Target, by: -1 | 1): readonly string[] {
  const index = groups.findIndex((group) => isIn(group, target));
  const keys = groups[index]?.keys ?? [];
  if ('accountId' in target || keys.length < 2) return idsOf(swapped(groups, index, by));
  const position = keys.findIndex(({ keyId }) => keyId === target.keyId);
  return idsOf(
    groups.map((group, at) => (at === index ? { ...group, keys: swapped(keys, position, by) } : group)),
  );
}

function isIn({ accountId, keys }: Group, target: Target): boolean {
  return 'keyId' in target
    ? keys.some(({ keyId }) => keyId === target.keyId)
    : accountId === target.accountId;
}

function swapped<T>(list: readonly T[], index: number, by: -1 | 1): T[] {
  const result = [...list];
  const [one, other] = [result[index], result[index + by]];
  if (one === undefined || other === undefined) return result;
  result[index] = other;
  result[index + by] = one;
  return result;
}

function idsOf(groups: readonly Group[]): readonly string[] {
  return groups.flatMap(({ keys }) => keys.map(({ keyId }) => keyId));
}
