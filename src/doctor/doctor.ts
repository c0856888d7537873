// The doctor: checks everything between a client and OpenRouter, changes nothing, and costs no model request.
import { ask, isKeywheel } from '../base/http';
import type { Endpoint } from '../clients/client';
import type { Connector, KnownConnection } from '../clients/connector';
import { networkProxyFor, type NetworkProxy, type NetworkRoute } from '../proxy/upstream/networkRoute';
import { askUpstream, clockToleranceMs, whoAnswers, type UpstreamAnswer } from '../service/askUpstream';
import type { DashboardState } from '../service/messages';
import { checkKeys, type KeyCheck } from '../service/keyring/keyCheck';
import type { StoredKey } from '../service/keyring/storedKey';
import { canServe, lockOf } from '../service/accountFacts';
import type { AccountView, ExchangeView, Snapshot } from '../service/snapshot';
import { askedModels, requestForOtherModel } from '../clients/connectionNews';
import { checks, type Check, type Checked, type Finding } from './finding';
import { findLeftovers } from './leftovers';
import { portOwner, type SystemProxy } from './system';

type Known = Pick<Snapshot, 'atMs' | 'proxy' | 'accounts' | 'wheel' | 'running' | 'unreached'>;

export interface DoctorPorts {
  readonly platform: NodeJS.Platform;
  readonly snapshot: Known;
  /** Reads the allowances again; resolves with the new snapshot, without the locks and outages that have ended. */
  readonly refresh: () => Promise<Known>;
  readonly vault: DashboardState['vault'];
  /** Newest first. */
  readonly activity: readonly ExchangeView[];
  /** The port of the settings. */
  readonly port: number;
  /** The proxy's endpoint; its proxy key is empty if the vault has not given it. */
  readonly endpoint: Endpoint;
  readonly upstreamUrl: string;
  readonly networkRoute: NetworkRoute;
  readonly systemProxy: (platform: NodeJS.Platform) => Promise<SystemProxy | null>;
  readonly keys: readonly StoredKey[];
  readonly checkKey: (key: string) => Promise<KeyCheck>;
  readonly connector: Pick<Connector, 'places' | 'records' | 'states' | 'needsReload'>;
}

const selfTimeoutMs = 3_000;
const slowHeadMs = 2_000;
/** A request that failed longer ago than this is not reported as a failure. */
const oldMs = 15 * 60_000;

/** All findings in the order of `checks`; a failed check says so, and the others go on. */
export async function examine(ports: DoctorPorts): Promise<readonly Checked[]> {
  const upstream = askUpstream(ports);
  const known = upstream.then(async (answer) =>
    whoAnswers(answer) === 'openRouter' ? await ports.refresh() : ports.snapshot,
  );
  const work: Readonly<Record<Check, () => Promise<readonly Finding[]>>> = {
    port: async () => [await portFinding(ports)],
    self: async () => await selfFindings(ports),
    upstream: async () => await upstreamFindings(await upstream, await known, ports),
    clock: async () => [clockFinding(await upstream)],
    // Without an answer from OpenRouter each key would fail in the same way.
    keys: async () =>
      ports.keys.length === 0 || whoAnswers(await upstream) === 'openRouter'
        ? await keyFindings(ports)
        : [{ code: 'keysUnchecked' }],
    limits: async () => limitFindings(await known),
    clients: async () => await clientFindings(ports),
    leftovers: async () => await findLeftovers(ports.connector.places, await ports.connector.records()),
  };
  const failed = (error: unknown): readonly Finding[] => [
    { code: 'checkFailed', got: error instanceof Error ? error.name : 'unknown' },
  ];
  return await Promise.all(
    checks.map(async (check) => ({ check, findings: await work[check]().catch(failed) })),
  );
}

async function portFinding({ snapshot: { proxy }, port: set, platform }: DoctorPorts): Promise<Finding> {
  const port = proxy.kind === 'running' || proxy.kind === 'failed' ? proxy.port : set;
  const owner = await portOwner(port, platform);
  switch (proxy.kind) {
    case 'running':
      return { code: 'served', port, hostedBy: proxy.hostedBy ?? null, owner };
    case 'failed':
      return { code: 'portFailed', port, failure: proxy.code, detail: proxy.detail, owner };
    case 'stopped':
    case 'starting':
      return { code: 'notRunning', port, owner, isStarting: proxy.kind === 'starting' };
  }
}

/** The proxy's own answer; no finding while no proxy runs, as the check of the port reports that. */
async function selfFindings({ snapshot: { proxy }, endpoint }: DoctorPorts): Promise<readonly Finding[]> {
  if (proxy.kind !== 'running') return [];
  const url = `${endpoint.origin}/health`;
  const bare = await ask({ url, way: 'bare', timeoutMs: selfTimeoutMs });
  if (bare.kind === 'failed') return [{ code: 'selfSilent', got: bare.code }];
  const answer = await ask({ url, timeoutMs: selfTimeoutMs });
  if (answer.kind === 'failed') return [{ code: 'selfCaught', got: answer.code }];
  if (!isKeywheel(answer)) return [{ code: 'selfCaught', got: String(answer.status) }];
  const { port } = proxy;
  const other = await ask({ url: `http://[::1]:${port}/health`, way: 'bare', timeoutMs: selfTimeoutMs });
  // The request fails without IPv6 and without a program at that address.
  const isStranger = other.kind === 'answer' && !isKeywheel(other);
  const good = { code: 'selfGood', tookMs: answer.tookMs } as const;
  return isStranger ? [good, { code: 'strangerOnIpv6', port }] : [good];
}

async function upstreamFindings(
  answer: UpstreamAnswer,
  known: Known,
  ports: DoctorPorts,
): Promise<readonly Finding[]> {
  const { upstreamUrl, networkRoute, platform } = ports;
  const proxy = networkProxyFor(upstreamUrl, networkRoute);
  const found = proxy === null ? await ports.systemProxy(platform) : null;
  return [
    ...reachFindings(answer, known),
    ...wayFindings(proxy),
    ...(proxy !== null && !networkRoute.isStrict ? [{ code: 'wayUnverified' } as const] : []),
    ...(found === null ? [] : [{ code: 'systemProxyUnused', found } as const]),
  ];
}

/** Whether upstream is reached. One outage is reported once, by the proxy's state, which has more details. */
function reachFindings(answer: UpstreamAnswer, { unreached, running }: Known): readonly Finding[] {
  if (unreached === undefined) return [upstreamFinding(answer)];
  if (answer.kind === 'answer') return [upstreamFinding(answer), { code: 'unreached', running, unreached }];
  return [{ code: 'unreached', running, unreached: { ...unreached, code: answer.code } }];
}

/** The way to upstream; no finding for a network proxy without a valid URL, as `upstreamFinding` reports that. */
function wayFindings(proxy: NetworkProxy | null): readonly Finding[] {
  if (proxy === null) return [{ code: 'wayDirect' }];
  return proxy.host === null ? [] : [{ code: 'wayByProxy', proxy: proxy.host }];
}

function upstreamFinding(answer: UpstreamAnswer): Finding {
  if (answer.kind === 'failed') return { code: 'upstreamFailed', got: answer.code };
  const { status, connectMs, headMs } = answer;
  const who = whoAnswers(answer);
  if (who !== 'openRouter')
    return { code: who === 'trouble' ? 'upstreamTroubled' : 'upstreamStrange', status };
  return { code: headMs > slowHeadMs ? 'upstreamSlow' : 'upstreamGood', connectMs, headMs };
}

function clockFinding(answer: UpstreamAnswer): Finding {
  const aheadMs = answer.kind === 'answer' ? answer.aheadMs : null;
  if (aheadMs === null) return { code: 'clockUnknown' };
  return { code: Math.abs(aheadMs) > clockToleranceMs ? 'clockOff' : 'clockGood', aheadMs };
}

async function keyFindings({ keys, checkKey, vault }: DoctorPorts): Promise<readonly Finding[]> {
  if (keys.length === 0) return [vault === 'ok' ? { code: 'noKeys' } : { code: 'keysNotLoaded', vault }];
  const findings = await checkKeys(keys, async (key) => await keyFinding(key, checkKey));
  const refused = findings.filter(({ code }) => code === 'keyBad').length;
  // If OpenRouter refuses all keys at once, OpenRouter is at fault, and no key should be removed.
  return refused < 2 || findings.some(({ code }) => code === 'keyGood')
    ? findings
    : [{ code: 'keysRefused', refused }, ...findings.filter(({ code }) => code !== 'keyBad')];
}

async function keyFinding(
  { key, label, enabled }: StoredKey,
  checkKey: DoctorPorts['checkKey'],
): Promise<Finding> {
  if (!enabled) return { code: 'keyOff', label };
  const check = await checkKey(key);
  if (check.kind === 'unreachable') return { code: 'keyUnreachable', label, got: check.detail };
  const codes = { good: 'keyGood', bad: 'keyBad', management: 'keyManagement' } as const;
  return { code: codes[check.kind], label };
}

function limitFindings({ accounts, wheel }: Known): readonly Finding[] {
  const { waiting } = wheel;
  const unavailable = accounts.filter(({ state }) => state !== 'ready' && state !== 'off');
  const times = unavailable.flatMap(({ untilMs }) => untilMs ?? []);
  const nextAtMs = unavailable.length < accounts.length || times.length === 0 ? null : Math.min(...times);
  const findings = [
    ...(waiting > 0 ? [{ code: 'requestsWait', waiting, nextAtMs } as const] : []),
    ...accounts
      .filter(isLimited)
      .map((account) => ({ code: 'accountHeld', label: account.name, account }) as const),
  ];
  return accounts.length > 0 && findings.length === 0 ? [{ code: 'noLimits' }] : findings;
}

/** Whether a lock or limit holds requests back that the check of keys does not report, as it does for refused keys. */
function isLimited(account: AccountView): boolean {
  const on = account.keys.filter(canServe);
  if (on.every(({ locks }) => locks.some(({ reason }) => reason === 'unauthorized'))) return false;
  const paid = lockOf(account, 'paid');
  return account.state !== 'ready' || (paid !== undefined && paid.reason !== 'unauthorized');
}

async function clientFindings(ports: DoctorPorts): Promise<readonly Finding[]> {
  const states = await ports.connector.states(ports.endpoint);
  if (states.length === 0) return [{ code: 'noClients' }];
  if (ports.endpoint.proxyKey === '') return [{ code: 'clientsUnchecked' }];
  const known = [...new Map(states.map((each) => [each.client.id, each])).values()];
  return [
    ...states.map(({ client, record, state }): Finding => {
      const file = record.way === 'file' ? record.file : null;
      return { code: 'client', client: client.name, file, state };
    }),
    ...known.flatMap((each) => askedFinding(each, ports)),
  ];
}

/** The model that the client really requests, and whether its last request failed. */
function askedFinding({ client, record }: KnownConnection, ports: DoctorPorts): readonly Finding[] {
  const { model: chosen } = record;
  const asked = askedModels(client, record, ports.activity);
  const [last] = asked;
  if (last === undefined) return [];
  // An earlier stray does not count if the client has requested the chosen model since.
  const isStray = last.model !== chosen && requestForOtherModel(chosen, asked) !== null;
  if (chosen === null || !isStray) {
    const isAnswered = last.end === 'answered' || last.end === 'cancelled';
    const isOld = ports.snapshot.atMs - last.endedAtMs > oldMs;
    return [{ code: isAnswered || isOld ? 'clientAsked' : 'clientRefused', asked: last }];
  }
  return [{ code: 'clientStray', asked: last, chosen, needsReload: ports.connector.needsReload(client) }];
}
