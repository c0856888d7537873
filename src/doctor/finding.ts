// Findings of the doctor: codes and values, without texts for users.
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

/** The values of each code. */
interface Facts {
  served: { port: number; hostedBy: string | null; owner: PortOwner | null };
  notRunning: { port: number; owner: PortOwner | null; isStarting: boolean };
  portFailed: { port: number; failure: ProxyFailure; detail: string; owner: PortOwner | null };
  selfGood: { tookMs: number };
  /** The proxy answers on a plain socket, and not through the extension host's `http`. `got` is a status or a code. */
  selfCaught: { got: string };
  selfSilent: { got: string };
  /** Who asks for `localhost` may reach that program. */
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
  /** Positive: this machine is ahead. */
  clockGood: { aheadMs: number };
  clockOff: { aheadMs: number };
  clockUnknown: object;
  noKeys: object;
  /** The keychain has not given them. */
  keysNotLoaded: { vault: DashboardState['vault'] };
  keyGood: { label: string };
  keyBad: { label: string };
  /** Not one is accepted. */
  keysRefused: { refused: number };
  keyManagement: { label: string };
  keyOff: { label: string };
  keyUnreachable: { label: string; got: string };
  /** OpenRouter, which would check them, does not answer. */
  keysUnchecked: object;
  noLimits: object;
  /** `nextAtMs`: when a slot frees or an allowance comes back, or null if unknown. */
  requestsWait: { waiting: number; nextAtMs: number | null };
  /** The account can serve no free request now, or no paid one. */
  accountHeld: { label: string; account: AccountView };
  noClients: object;
  /** Without the proxy key nobody knows whether they have it. */
  clientsUnchecked: object;
  client: { client: string; file: string | null; state: ConnectionState };
  /** The model of the client's last request. */
  clientAsked: { asked: AskedModel };
  /** The client's last request was not answered. */
  clientRefused: { asked: AskedModel };
  /** It is not the one that was chosen. */
  clientStray: { asked: AskedModel; chosen: string; needsReload: boolean };
  noLeftovers: object;
  leftover: { file: string };
  backupLost: { client: string; file: string };
  /** The check itself failed. */
  checkFailed: { got: string };
}

export type Code = keyof Facts;

/** One finding; with a code, one of that code. */
export type Finding<Of extends Code = Code> = { [C in Of]: { readonly code: C } & Readonly<Facts[C]> }[Of];

export interface Checked {
  readonly check: Check;
  readonly findings: readonly Finding[];
}
