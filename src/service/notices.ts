// What is worth a word to people who do not look: found by comparing each snapshot with those before. Pure.
import type { KeyHealth, KeyView, Snapshot } from './snapshot';

export type Notice =
  | { readonly kind: 'allUsed'; readonly untilMs: number }
  /** `others`: how many keys can still be used. */
  | { readonly kind: 'keyBad'; readonly label: string; readonly others: number };

export type NoticeKind = Notice['kind'];

/** Sees every snapshot of this window from its start on; says each turn for the worse once. */
export class Notices {
  /** Whether something was left, and known to be: what is not read yet says nothing. */
  private hadSomethingLeft = false;
  private readonly healths = new Map<string, KeyHealth>();

  constructor(private readonly startedAtMs: number) {}

  /** What has turned for the worse since the last snapshot. What was so at the start is no news. */
  see(snapshot: Snapshot): readonly Notice[] {
    return [...this.allUsed(snapshot), ...this.badKeys(snapshot)];
  }

  private allUsed({ wheel, accounts }: Snapshot): Notice[] {
    const { freeLeft, freeLimit, resetAtMs } = wheel;
    if (freeLeft > 0) {
      this.hadSomethingLeft ||= accounts.every(({ day }) => day.server !== null || day.own > 0);
      return [];
    }
    // Only who has used it up by requests of now wants to hear of it.
    const isUsed = accounts.some(({ keys }) =>
      keys.some((key) => (key.lastUsedAtMs ?? 0) >= this.startedAtMs),
    );
    if (!this.hadSomethingLeft || !isUsed || freeLimit === 0 || resetAtMs === null) return [];
    this.hadSomethingLeft = false;
    return [{ kind: 'allUsed', untilMs: resetAtMs }];
  }

  private badKeys({ accounts }: Snapshot): Notice[] {
    const keys = accounts.flatMap((account) => account.keys);
    const turned = keys.filter(
      (key) => key.enabled && key.health === 'bad' && this.healths.get(key.keyId) === 'good',
    );
    this.healths.clear();
    for (const { keyId, health } of keys) this.healths.set(keyId, health);
    const others = keys.filter(isUsable).length;
    return turned.map(({ label }) => ({ kind: 'keyBad', label, others }));
  }
}

function isUsable({ enabled, health }: KeyView): boolean {
  return enabled && (health === 'good' || health === 'unchecked');
}
