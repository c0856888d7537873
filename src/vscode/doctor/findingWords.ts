// What the texts of all findings are made of; no vscode.
import type { Finding } from '../../service/doctor/finding';

/** What a finding's button does. */
export type Remedy =
  | 'startProxy'
  | 'openPortSetting'
  | 'openProxySettings'
  | 'addKey'
  | 'removeKey'
  | 'connectClient'
  | 'showLog';

export interface FindingText {
  readonly text: string;
  /** What to do, or null where there is nothing to be done. */
  readonly advice: string | null;
  readonly remedy: Remedy | null;
}

/** The findings of these codes. */
export type Of<Code extends Finding['code']> = Finding & { readonly code: Code };

export function said(text: string, advice: string | null = null, remedy: Remedy | null = null): FindingText {
  return { text, advice, remedy };
}
