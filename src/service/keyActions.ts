// What views let people do with keys and accounts; a removed key can be brought back for a while.
import type { Clock } from '../base/clock';
import { DisposableStore, type Disposable } from '../base/disposable';
import { Emitter, type Event } from '../base/event';
import type { Log } from '../base/log';
import { keyIdOf } from '../base/secret';
import type { Keyring } from './keyring';
import type { KeywheelService } from './keywheelService';
import { orderAfterAccountMove, orderAfterMove } from './keyOrder';
import type { AccountAct, KeyAct } from './messages';
import type { StoredKey } from './ports';

/** How long a removal can be undone. */
const undoMs = 10_000;

/** A key that can still be brought back. */
export interface RemovedKey {
  readonly keyId: string;
  readonly label: string;
  readonly untilMs: number;
}

export interface KeyActionPorts {
  readonly service: Pick<KeywheelService, 'snapshot' | 'refresh' | 'unlock'>;
  readonly keyring: Pick<Keyring, 'keys' | 'update' | 'remove' | 'restore' | 'reorder'>;
  readonly clock: Clock;
  readonly log: Log;
}

interface Removal extends RemovedKey {
  readonly stored: StoredKey;
  readonly position: number;
  readonly timer: Disposable;
}

export class KeyActions implements Disposable {
  private readonly owned = new DisposableStore();
  private readonly changed: Emitter<void>;
  private readonly removals = new Map<string, Removal>();

  constructor(private readonly ports: KeyActionPorts) {
    this.changed = this.owned.add(
      new Emitter((error) => ports.log.error('A listener of the key actions failed.', error)),
    );
  }

  /** `removed` has changed. */
  get onDidChange(): Event<void> {
    return this.changed.event;
  }

  /** The oldest first. */
  get removed(): readonly RemovedKey[] {
    return [...this.removals.values()].map(({ keyId, label, untilMs }) => ({ keyId, label, untilMs }));
  }

  /** Resolves to whether there is such a key; rejects if the vault refuses, and then nothing has changed. */
  async onKey(keyId: string, act: KeyAct): Promise<boolean> {
    const { service, keyring } = this.ports;
    switch (act.kind) {
      case 'update':
        return await keyring.update(keyId, act.change);
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

  /** What was removed cannot be brought back from here any more. */
  forgetRemoved(): void {
    for (const keyId of [...this.removals.keys()]) this.forget(keyId);
  }

  dispose(): void {
    for (const { timer } of this.removals.values()) timer.dispose();
    this.removals.clear();
    this.owned.dispose();
  }

  private async remove(keyId: string): Promise<boolean> {
    const { keyring, clock } = this.ports;
    const position = keyring.keys.findIndex(({ key }) => keyIdOf(key) === keyId);
    const stored = await keyring.remove(keyId);
    if (stored === null) return false;
    const timer = clock.after(undoMs, () => this.forget(keyId));
    const untilMs = clock.nowMs() + undoMs;
    this.removals.set(keyId, { keyId, label: stored.label, untilMs, stored, position, timer });
    this.changed.fire();
    return true;
  }

  private async undo(keyId: string): Promise<boolean> {
    const removal = this.removals.get(keyId);
    if (removal === undefined) return false;
    this.forget(keyId);
    await this.ports.keyring.restore(removal.stored, removal.position);
    return true;
  }

  private forget(keyId: string): void {
    this.removals.get(keyId)?.timer.dispose();
    if (this.removals.delete(keyId)) this.changed.fire();
  }
}
