// Nonces that a host has given out: each is good for one request, soon.
import { newNonce } from './proof';
import type { Clock } from '../base/clock';

const mostKept = 1_000;
const goodForMs = 30_000;

export class HostNonces {
  private readonly given = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  give(): string {
    const nonce = newNonce();
    this.given.set(nonce, this.clock.nowMs());
    const [oldest] = this.given.keys();
    if (this.given.size > mostKept && oldest !== undefined) this.given.delete(oldest);
    return nonce;
  }

  /** True once for each nonce that was given in the last 30 s. */
  take(nonce: string): boolean {
    const givenAtMs = this.given.get(nonce);
    this.given.delete(nonce);
    return givenAtMs !== undefined && Math.abs(this.clock.nowMs() - givenAtMs) < goodForMs;
  }
}
