// What comes of adding a key.
import type { KeyCheck } from './keyCheck';

export type AddResult =
  /** `stored` false: the vault refused, the key lasts until this window closes, unless the vault keeps it by then. `check` may be `unreachable`. */
  | { readonly kind: 'added'; readonly keyId: string; readonly stored: boolean; readonly check: KeyCheck }
  | { readonly kind: 'duplicate'; readonly label: string }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'management' }
  | { readonly kind: 'bad' };
