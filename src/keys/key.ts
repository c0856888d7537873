// One OpenRouter key as the rooms below know it.
import type { KeyId, Secret } from '../base/secret';

/** Which requests may spend the key's credits: `auto` both classes, `only` paid ones, `never` free ones alone. */
export type PaidUse = 'auto' | 'only' | 'never';

export interface Key {
  readonly keyId: KeyId;
  readonly secret: Secret;
  readonly label: string;
  /** Such as `sk-or-v1-…1c96`. */
  readonly masked: string;
  /** The user's own daily limit, or null. */
  readonly dailyLimit: number | null;
  /** The user's own name of the account, or null. */
  readonly accountName: string | null;
  readonly paidUse: PaidUse;
  readonly enabled: boolean;
}
