// What the doctor can find: codes and values; words and advice are made where people read them.
import type { ConnectionState } from '../clients/fileConnections';
import type { ProxyFailure } from '../snapshot';
import type { PortOwner } from './portOwner';

export const checks = ['port', 'self', 'upstream', 'clock', 'keys', 'clients', 'leftovers'] as const;

export type Check = (typeof checks)[number];

export type Finding =
  | {
      readonly code: 'served';
      readonly port: number;
      readonly hostedBy: string | null;
      readonly owner: PortOwner | null;
    }
  | { readonly code: 'notRunning'; readonly port: number; readonly owner: PortOwner | null }
  | {
      readonly code: 'portFailed';
      readonly port: number;
      readonly failure: ProxyFailure;
      readonly detail: string;
      readonly owner: PortOwner | null;
    }
  | { readonly code: 'selfGood'; readonly tookMs: number }
  /** The proxy answers on a plain socket, and not through the extension host's `http`. `got` is a status or a code. */
  | { readonly code: 'selfCaught'; readonly got: string }
  | { readonly code: 'selfSilent'; readonly got: string }
  | { readonly code: 'upstreamGood'; readonly connectMs: number; readonly headMs: number }
  | { readonly code: 'upstreamSlow'; readonly connectMs: number; readonly headMs: number }
  | { readonly code: 'upstreamStrange'; readonly status: number }
  | { readonly code: 'upstreamFailed'; readonly got: string }
  /** Positive: this machine is ahead. */
  | { readonly code: 'clockGood'; readonly aheadMs: number }
  | { readonly code: 'clockOff'; readonly aheadMs: number }
  | { readonly code: 'clockUnknown' }
  | { readonly code: 'noKeys' }
  | { readonly code: 'keyGood' | 'keyBad' | 'keyManagement' | 'keyOff'; readonly label: string }
  | { readonly code: 'keyUnreachable'; readonly label: string; readonly got: string }
  | { readonly code: 'noClients' }
  | {
      readonly code: 'client';
      readonly client: string;
      readonly file: string | null;
      readonly state: ConnectionState;
    }
  | { readonly code: 'noLeftovers' }
  | { readonly code: 'leftover'; readonly file: string }
  | { readonly code: 'backupLost'; readonly client: string; readonly file: string }
  /** The check itself failed. */
  | { readonly code: 'checkFailed'; readonly got: string };

export interface Checked {
  readonly check: Check;
  readonly findings: readonly Finding[];
}

export type Tone = 'good' | 'note' | 'warn' | 'bad';

/** How bad it is: `warn` will hurt, `bad` does. */
export function toneOf(finding: Finding): Tone {
  switch (finding.code) {
    case 'served':
    case 'selfGood':
    case 'upstreamGood':
    case 'clockGood':
    case 'keyGood':
    case 'noLeftovers':
      return 'good';
    case 'noClients':
    case 'keyOff':
    case 'clockUnknown':
    case 'leftover':
      return 'note';
    case 'notRunning':
    case 'upstreamSlow':
    case 'upstreamStrange':
    case 'clockOff':
    case 'keyUnreachable':
    case 'backupLost':
    case 'checkFailed':
      return 'warn';
    case 'portFailed':
      return finding.failure === 'keywheelThere' ? 'note' : 'bad';
    case 'client':
      return clientTone(finding.state);
    case 'selfCaught':
    case 'selfSilent':
    case 'upstreamFailed':
    case 'noKeys':
    case 'keyBad':
    case 'keyManagement':
      return 'bad';
  }
}

function clientTone(state: ConnectionState): Tone {
  switch (state) {
    case 'current':
      return 'good';
    case 'outdated':
    case 'damaged':
      return 'bad';
    case 'changed':
    case 'missing':
    case 'unknown':
      return 'warn';
  }
}
