// A day that only our own sum calls used up: when to ask the server, and when to ask it with a real request.
import { lateCountMs } from './ownAttempts';

/** A reading that is asked for this long after our last attempt was sent counts all of them: the longest lag, and the attempt's own journey. */
const surelyCountedMs = lateCountMs + 1_000;
/** How often a doubtful account is asked, at most. */
const askEveryMs = 60_000;
/** How often one that the server calls used up is asked whether that is still so, at most: the user may have bought credits. */
const recheckEveryMs = 5 * 60_000;
/** How long a request waits for a reading. */
const readingWaitMs = 5_000;

export class Doubt {
  /** When a reading was asked for here last, and when the latest one that came was asked for by anybody. */
  private askedAtMs = Number.NEGATIVE_INFINITY;
  private answeredAtMs = Number.NEGATIVE_INFINITY;
  private probedAtMs = Number.NEGATIVE_INFINITY;
  /** The last reading told no count: another one would not either. */
  private isMute = false;

  /** When a reading is worth asking for: at once where there is doubt, and again when it counts all that we sent. `lastUntoldMs`: what was sent until then may be missing in a reading of now. */
  readingWantedAtMs(lastSentAtMs: number, lastUntoldMs: number): number {
    if (this.isMute) return Number.POSITIVE_INFINITY;
    const sureAtMs = lastUntoldMs + surelyCountedMs;
    const soonestMs = this.askedAtMs + askEveryMs;
    // A reading that tells little must not postpone the one that tells all.
    const isTooSoon = this.latestAtMs >= lastSentAtMs || soonestMs + askEveryMs > sureAtMs;
    return isTooSoon ? Math.max(sureAtMs, soonestMs) : soonestMs;
  }

  /** The same for a day that surely was used up at `sinceMs`. */
  recheckWantedAtMs(sinceMs: number): number {
    const sureAtMs = sinceMs + surelyCountedMs;
    return this.latestAtMs < sureAtMs ? sureAtMs : this.latestAtMs + recheckEveryMs;
  }

  /**
   * When a real request may ask: not before a reading could have told, because a refused attempt is counted as well.
   * Where readings tell no count, once a minute.
   */
  probeAtMs(lastUntoldMs: number, nowMs: number): number {
    const nextMs = this.probedAtMs + askEveryMs;
    if (this.isMute) return nextMs;
    const sureAtMs = lastUntoldMs + surelyCountedMs;
    if (this.latestAtMs < sureAtMs) {
      return Math.max(nowMs, sureAtMs, this.askedAtMs + askEveryMs) + readingWaitMs;
    }
    return Math.max(nextMs, this.answeredAtMs >= sureAtMs ? 0 : this.askedAtMs + readingWaitMs);
  }

  /** Whether a reading is on its way that waiting requests should wait for. */
  awaitsReading(nowMs: number): boolean {
    return this.answeredAtMs < this.askedAtMs && nowMs < this.giveUpAtMs;
  }

  /** Until when the last reading that was asked for is waited for. */
  get giveUpAtMs(): number {
    return this.askedAtMs + readingWaitMs;
  }

  asked(nowMs: number): void {
    this.askedAtMs = nowMs;
  }

  answered(askedAtMs: number, toldCount: boolean): void {
    this.answeredAtMs = Math.max(this.answeredAtMs, askedAtMs);
    this.isMute = !toldCount;
  }

  probed(nowMs: number): void {
    this.probedAtMs = nowMs;
  }

  private get latestAtMs(): number {
    return Math.max(this.askedAtMs, this.answeredAtMs);
  }
}
