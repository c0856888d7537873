// Tells one bad key from upstream's bad minute: several accounts refused at once are nobody's fault here.
import type { Account } from './account';
import type { KeyState } from './keyState';

const incidentMs = 60_000;

interface RefusedKey {
  readonly account: Account;
  readonly state: KeyState;
  readonly atMs: number;
}

export class Incidents {
  private recent: RefusedKey[] = [];

  /** Notes a 401; returns the keys of an incident (two accounts or more within a minute), or none. */
  refused(account: Account, state: KeyState, nowMs: number): readonly KeyState[] {
    this.recent = this.recent.filter(
      (entry) => Math.abs(nowMs - entry.atMs) < incidentMs && entry.state !== state,
    );
    this.recent.push({ account, state, atMs: nowMs });
    const accounts = new Set(this.recent.map((entry) => entry.account.current));
    return accounts.size < 2 ? [] : this.recent.map((entry) => entry.state);
  }

  /** A key was accepted: what was refused before it was the keys' own fault, not upstream's. */
  accepted(state: KeyState): void {
    if (this.recent.length > 0) this.recent = this.recent.filter((entry) => entry.state !== state);
  }
}
