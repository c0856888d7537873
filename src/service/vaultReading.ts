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
  /** Reads again what was refused. */
  readonly readAgain: () => void;
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
    const slow = clock.after(slowVaultMs, () => this.setHealth({ kind: 'slow' }));
    try {
      const contents = await vault.load();
      slow.dispose();
      const taken = take(contents);
      for (const name of contents.damaged)
        log.warn(`The record ${name} of the vault is no key; it is left alone.`);
      if (this.ports.isWhole()) this.retryMs = firstRetryMs;
      if (this.ports.isWhole() || this.state.kind !== 'refused') this.setHealth({ kind: 'ok' });
      return taken;
    } catch (error: unknown) {
      slow.dispose();
      this.refused(error);
      return null;
    }
  }

  /** The vault has kept something: what it refused to show is read again at once. */
  kept(): void {
    if (this.ports.isWhole()) this.retryMs = firstRetryMs;
    if (this.retry === null && this.state.kind === 'refused') this.setHealth({ kind: 'ok' });
    this.retryNow();
  }

  /** The vault refuses; it is asked again later. */
  refused(error: unknown): void {
    this.ports.log.error('The vault does not keep secrets.', error);
    this.setHealth({ kind: 'refused', detail: error instanceof Error ? error.message : String(error) });
    this.refusedAtMs = this.ports.clock.nowMs();
    this.retryLater();
  }

  dispose(): void {
    this.isDisposed = true;
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
    const untilMs = this.refusedAtMs + this.retryMs * shareOnChange;
    this.retry.dispose();
    this.retry = this.ports.clock.after(Math.max(0, untilMs - this.ports.clock.nowMs()), () =>
      this.retryNow(),
    );
  }

  private retryNow(): void {
    if (this.retry === null) return;
    this.retry.dispose();
    this.retry = null;
    this.ports.readAgain();
  }

  private setHealth(health: VaultHealth): void {
    this.state = health;
    this.ports.onHealth();
  }
}
