// The actions of views on keys and accounts; a removal can be undone for ten seconds.
import type { Clock } from '../../base/clock';
import type { Disposable } from '../../base/disposable';
import { Emitter, type Event } from '../../base/event';
import type { Log } from '../../base/log';
import { keyIdOf } from '../../base/secret';
import type { Keyring } from './keyring';
import type { KeywheelService } from '../keywheelService';
import type { AccountAct, DashboardState, KeyAct } from '../messages';
import type { StoredKey } from './storedKey';

/** How long a removal can be undone. */
const undoMs = 10_000;

export interface KeyActionPorts {
  readonly service: Pick<KeywheelService, 'snapshot' | 'refresh' | 'unlock'>;
  readonly keyring: Pick<Keyring, 'keys' | 'update' | 'remove' | 'put' | 'reorder'>;
  readonly clock: Clock;
  readonly log: Log;
}

type RemovedKey = DashboardState['removed'][number];

interface Removal extends RemovedKey {
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

  /** The oldest first. */
  get removed(): DashboardState['removed'] {
    return [...this.removals.values()].map(({ keyId, label, untilMs }) => ({ keyId, label, untilMs }));
  }

  /** Resolves to whether there is such a key; rejects, and changes nothing, if the vault fails. */
  async onKey(keyId: string, act: KeyAct): Promise<boolean> {
    const { service, keyring } = this.ports;
    switch (act.kind) {
      case 'update':
        return await keyring.update([keyId], act.change);
      case 'check':
        await service.refresh(keyId);
        return true;
      case 'unlock':
        service.unlock({ keyId });
        return true;
      case 'move':
        await keyring.reorder(orderAfterMove(service.snapshot().accounts, keyId, act.by));
        return true;
      case 'remove':
        return await this.remove(keyId);
      case 'undo':
        return await this.undo(keyId);
    }
  }

  async onAccount(accountId: string, act: AccountAct): Promise<boolean> {
    const { service, keyring } = this.ports;
    const { accounts } = service.snapshot();
    const account = accounts.find((each) => each.accountId === accountId);
    if (account === undefined) return false;
    switch (act.kind) {
      case 'rename': {
        const keyIds = account.keys.map(({ keyId }) => keyId);
        return await keyring.update(keyIds, { accountName: act.name || null });
      }
      case 'check':
        await Promise.all(account.keys.map(async ({ keyId }) => await service.refresh(keyId)));
        return true;
      case 'unlock':
        service.unlock({ accountId });
        for (const { keyId } of account.keys) service.unlock({ keyId });
        return true;
      case 'move':
        await keyring.reorder(orderAfterAccountMove(accounts, accountId, act.by));
        return true;
    }
  }

  /** Removals can no longer be undone. */
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
    const untilMs = clock.wallMs() + undoMs;
    this.removals.set(keyId, { keyId, label: stored.label, untilMs, stored, position, timer });
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

type Groups = readonly { readonly accountId: string; readonly keys: readonly { readonly keyId: string }[] }[];

/** All ids after the key has changed places with its neighbour in the account; an account's only key moves with the account. */
export function orderAfterMove(groups: Groups, keyId: string, by: -1 | 1): readonly string[] {
  const index = groups.findIndex(({ keys }) => keys.some((key) => key.keyId === keyId));
  const group = groups[index];
  if (group === undefined) return idsOf(groups);
  if (group.keys.length === 1) return idsOf(swapped(groups, index, by));
  const position = group.keys.findIndex((key) => key.keyId === keyId);
  const moved = { ...group, keys: swapped(group.keys, position, by) };
  return idsOf(groups.map((each, place) => (place === index ? moved : each)));
}

/** The same for an account with all its keys. */
export function orderAfterAccountMove(groups: Groups, accountId: string, by: -1 | 1): readonly string[] {
  const index = groups.findIndex((group) => group.accountId === accountId);
  return idsOf(swapped(groups, index, by));
}

function swapped<T>(list: readonly T[], index: number, by: -1 | 1): T[] {
  const result = [...list];
  const [one, other] = [result[index], result[index + by]];
  if (one === undefined || other === undefined) return result;
  result[index] = other;
  result[index + by] = one;
  return result;
}

function idsOf(groups: Groups): readonly string[] {
  return groups.flatMap(({ keys }) => keys.map(({ keyId }) => keyId));
}
