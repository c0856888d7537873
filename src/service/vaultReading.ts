// How the vault does: it is read, and read again after it has refused, as a locked keychain may be unlocked later.
import type { Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import type { Log } from '../base/log';
import type { SecretVault, VaultContents, VaultHealth } from './ports';

export interface VaultReadingPorts {
  readonly vault: SecretVault;
  readonly clock: Clock;
  readonly log: Log;
  readonly onHealth: () => void;
  /** Whether it has kept all that it was given: one that can be read may still refuse that. */
  readonly isWhole: () => boolean;
  /** It may keep now what it has refused, or be read; `hasRead`: it was. */
  readonly tryAgain: (hasRead: boolean) => void;
}

const slowVaultMs = 5_000;
/** A keychain may ask the user each time: not often. */
const firstRetryMs = 30_000;
const longestRetryMs = 600_000;
/** Two windows hear of each other's tries: a change brings the next one forward, but not to at once. */
const shareOnChange = 1 / 12;

export class VaultReading implements Disposable {
  private state: VaultHealth = { kind: 'loading' };
  private retryMs = firstRetryMs;
  private hasRead = false;
  private isRefusing = false;
  /** Runs while the vault is read. */
  private slow: Disposable | null = null;
  private refusedAtMs = Number.NEGATIVE_INFINITY;
  /** Runs while what was refused is to be read again. */
  private retry: Disposable | null = null;
  private readonly listening: Disposable | null;
  private isDisposed = false;

  constructor(private readonly ports: VaultReadingPorts) {
    // Who hears of a change can read, or so it seems.
    this.listening = ports.vault.onDidChange?.(() => this.retrySooner()) ?? null;
  }

  get health(): VaultHealth {
    return this.state;
  }

  /** What `take` makes of what the vault holds, or null where the vault refuses. Never rejects. */
  async read<T>(take: (contents: VaultContents) => T): Promise<T | null> {
    const { vault, clock, log } = this.ports;
    this.slow?.dispose();
    this.slow = clock.after(slowVaultMs, () => this.setHealth({ kind: 'slow' }));
    try {
      const contents = await vault.load();
      this.slow.dispose();
      const taken = take(contents);
      for (const name of contents.damaged)
        log.warn(`The record ${name} of the vault is no key; it is left alone.`);
      this.hasRead = true;
      if (this.ports.isWhole() || !this.isRefusing) this.well();
      return taken;
    } catch (error: unknown) {
      this.slow.dispose();
      this.hasRead = false;
      this.refused(error);
      return null;
    }
  }

  /** The vault has kept something: what it refused is tried again at once. */
  kept(): void {
    if (this.isRefusing && this.hasRead && this.ports.isWhole()) this.well();
    this.retryNow();
  }

  /** The vault refuses; it is asked again later. */
  refused(error: unknown): void {
    this.ports.log.error('The vault does not keep secrets.', error);
    this.setHealth({ kind: 'refused', detail: error instanceof Error ? error.message : String(error) });
    this.isRefusing = true;
    this.refusedAtMs = this.ports.clock.nowMs();
    this.retryLater();
  }

  dispose(): void {
    this.isDisposed = true;
    this.slow?.dispose();
    this.listening?.dispose();
    this.retry?.dispose();
    this.retry = null;
  }

  private retryLater(): void {
    if (this.isDisposed || this.retry !== null) return;
    this.retry = this.ports.clock.after(this.retryMs, () => this.retryNow());
    this.retryMs = Math.min(2 * this.retryMs, longestRetryMs);
  }

  private retrySooner(): void {
    if (this.retry === null) return;
    const { clock } = this.ports;
    const calmMs = this.retryMs * shareOnChange;
    // A clock that was set back must not make it longer.
    const waitMs = Math.min(calmMs, Math.max(0, this.refusedAtMs + calmMs - clock.nowMs()));
    this.retry.dispose();
    this.retry = clock.after(waitMs, () => this.retryNow());
  }

  private well(): void {
    this.isRefusing = false;
    this.retryMs = firstRetryMs;
    this.setHealth({ kind: 'ok' });
  }

  private retryNow(): void {
    if (this.retry === null) return;
    this.retry.dispose();
    this.retry = null;
    this.ports.tryAgain(this.hasRead);
  }

  private setHealth(health: VaultHealth): void {
    this.state = health;
    this.ports.onHealth();
  }
}
