// Which accounts the server should be asked about, because requests wait for them or were denied.
import type { KeyId } from '../base/secret';
import type { Account } from './account';
import type { Wheel, Wish } from './wheel';

/** Who was denied lately may come again: doubt is followed up for so long without anybody waiting. */
const interestMs = 120_000;

/** Where a reading is worth asking for, one key that may ask; the accounts note that they are asked. */
export function keysToAsk(accounts: Iterable<Account>, nowMs: number): readonly KeyId[] {
  const keyIds: KeyId[] = [];
  for (const account of accounts) {
    const state = account.keys.find((each) => each.serves('unmetered')) ?? account.keys[0];
    if (state === undefined || account.readingWantedAtMs(nowMs) > nowMs) continue;
    account.ledger.doubt.asked(nowMs);
    keyIds.push(state.key.keyId);
  }
  return keyIds;
}

export class Inquiry {
  private deniedAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly wheel: Wheel,
    private readonly want: (keyId: KeyId) => void,
  ) {}

  /** A free request could not be served: asks at once, and later where that will tell more. */
  denied(nowMs: number): void {
    this.deniedAtMs = nowMs;
    this.ask(this.wheel.roster.accounts, nowMs);
  }

  /** Asks about those of the accounts that only our own sum calls used up, and about those that may be open again. */
  ask(accounts: Iterable<Account>, nowMs: number): void {
    for (const keyId of keysToAsk(accounts, nowMs)) {
      const account = this.wheel.roster.accountOf(keyId);
      if (account !== null) this.wheel.refresh(account, nowMs);
      this.want(keyId);
    }
  }

  /** The same for all accounts, if anybody is interested. */
  askAgain(nowMs: number, waiting: readonly Wish[]): void {
    if (this.isOfInterest(nowMs, waiting)) this.ask(this.wheel.roster.accounts, nowMs);
  }

  /** When there is something to be asked again, or a reading that does not come is to be waited for no longer; else Infinity. */
  nextMs(nowMs: number, waiting: readonly Wish[]): number {
    return this.isOfInterest(nowMs, waiting) ? this.wheel.nextDoubtMs(nowMs) : Number.POSITIVE_INFINITY;
  }

  private isOfInterest(nowMs: number, waiting: readonly Wish[]): boolean {
    if (Math.abs(nowMs - this.deniedAtMs) < interestMs) return true;
    return waiting.some(({ requestClass }) => requestClass === 'free');
  }
}
