// The findings of the doctor: codes and values, without texts for users.
import type { AskedModel } from '../clients/connectionNews';
import type { ConnectionState } from '../clients/fileConnections';
import type { DashboardState } from '../service/messages';
import type { AccountView, ProxyFailure, Snapshot } from '../service/snapshot';
import type { PortOwner, SystemProxy } from './system';

export const checks = [
  'port',
  'self',
  'upstream',
  'clock',
  'keys',
  'limits',
  'clients',
  'leftovers',
] as const;

export type Check = (typeof checks)[number];

/** The values that a finding of each code has. */
interface Facts {
  served: { port: number; hostedBy: string | null; owner: PortOwner | null };
  notRunning: { port: number; owner: PortOwner | null; isStarting: boolean };
  portFailed: { port: number; failure: ProxyFailure; detail: string; owner: PortOwner | null };
  selfGood: { tookMs: number };
  /** The proxy answers on a plain socket, but not through the extension host's `http`. `got` is a status or a code. */
  selfCaught: { got: string };
  selfSilent: { got: string };
  /** Another program has `[::1]`: clients that connect to `localhost` may reach it. */
  strangerOnIpv6: { port: number };
  upstreamGood: { connectMs: number; headMs: number };
  upstreamSlow: { connectMs: number; headMs: number };
  upstreamStrange: { status: number };
  upstreamTroubled: { status: number };
  upstreamFailed: { got: string };
  /** The proxy did not reach OpenRouter; it tries the running requests again. */
  unreached: Required<Pick<Snapshot, 'running' | 'unreached'>>;
  wayDirect: object;
  /** `proxy` is its host and port. */
  wayByProxy: { proxy: string };
  wayUnverified: object;
  systemProxyUnused: { found: SystemProxy };
  /** `aheadMs` is positive if this machine's clock is ahead. */
  clockGood: { aheadMs: number };
  clockOff: { aheadMs: number };
  clockUnknown: object;
  noKeys: object;
  /** The keychain has not given the keys. */
  keysNotLoaded: { vault: DashboardState['vault'] };
  keyGood: { label: string };
  keyBad: { label: string };
  /** OpenRouter accepts no key at all; `refused` is their number. */
  keysRefused: { refused: number };
  keyManagement: { label: string };
  keyOff: { label: string };
  keyUnreachable: { label: string; got: string };
  /** Keys are not checked, as OpenRouter does not answer. */
  keysUnchecked: object;
  noLimits: object;
  /** `nextAtMs`: when a slot frees or an allowance comes back, or null if unknown. */
  requestsWait: { waiting: number; nextAtMs: number | null };
  /** The account can serve no free request now, or no paid one. */
  accountHeld: { label: string; account: AccountView };
  noClients: object;
  /** Clients are not checked, as the proxy key is not known yet. */
  clientsUnchecked: object;
  client: { client: string; file: string | null; state: ConnectionState };
  /** The model of the client's last request. */
  clientAsked: { asked: AskedModel };
  /** The client's last request was not answered. */
  clientRefused: { asked: AskedModel };
  /** The client requests another model than the chosen one. */
  clientStray: { asked: AskedModel; chosen: string; needsReload: boolean };
  noLeftovers: object;
  leftover: { file: string };
  backupLost: { client: string; file: string };
  /** The check itself failed. */
  checkFailed: { got: string };
}

export type Code = keyof Facts;

/** A finding of any code, or of the code `Of`. */
export type Finding<Of extends Code = Code> = { [C in Of]: { readonly code: C } & Readonly<Facts[C]> }[Of];

export interface Checked {
  readonly check: Check;
  readonly findings: readonly Finding[];
}
