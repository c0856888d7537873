// What a key turns out to be before it is taken in.
import { accountIdOf } from '../keys/roster';
import type { KeyAnswer } from './keyReader';
import { keyOf, plainKey } from './storedKey';

export type KeyCheck =
  /** A key that can run models; null where the server does not tell. */
  | {
      readonly kind: 'good';
      readonly accountId: string;
      readonly freeLimit: number | null;
      readonly freeUsed: number | null;
      readonly capLeft: number | null;
    }
  | { readonly kind: 'management' }
  | { readonly kind: 'bad' }
  | { readonly kind: 'unreachable'; readonly detail: string };

export function keyCheckOf(key: string, answer: KeyAnswer): KeyCheck {
  switch (answer.kind) {
    case 'refused':
      return { kind: 'bad' };
    case 'unreachable':
      return answer;
    case 'read': {
      const { daily, accountRef, isManagement, capLeft } = answer.reading;
      if (isManagement) return { kind: 'management' };
      const accountId = accountIdOf(keyOf(plainKey(key)), accountRef);
      return {
        kind: 'good',
        accountId,
        freeLimit: daily?.limit ?? null,
        freeUsed: daily?.used ?? null,
        capLeft,
      };
    }
  }
}
