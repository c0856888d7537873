// `reachReason` without secrets; does not import vscode, so that it can be tested.
import { redact } from '../base/secret';
import { reachReason } from './reachReason';
import type { Translate } from './translate';

/** As `reachReason`; without secrets. */
export function reachText(detail: string, t: Translate): string {
  return redact(reachReason(detail, t));
}
