// The doctor: checks everything between a client and OpenRouter, changes nothing, and costs no model request.
import { ask, isKeywheel } from '../base/http';
import type { Endpoint } from '../clients/client';
import type { Connector, KnownConnection } from '../clients/connector';
import { proxyOnTheWay, type NetworkProxy, type WayOut } from '../proxy/upstream/wayOut';
import { askUpstream, clockToleranceMs, isOpenRouter, type UpstreamAnswer } from '../service/askUpstream';
import { checkKeys, type KeyCheck } from '../service/keyring/keyCheck';
import type { StoredKey } from '../service/keyring/storedKey';
import type { ExchangeView, Snapshot } from '../service/snapshot';
import { askedModels, strayRequest } from '../clients/connectionNews';
import { checks, type Check, type Checked, type Finding } from './finding';
import { findLeftovers } from './leftovers';
import { portOwner, type SystemProxy } from './system';

export interface DoctorPorts {
  readonly platform: NodeJS.Platform;
  readonly snapshot: Pick<Snapshot, 'proxy' | 'accounts' | 'wheel' | 'running' | 'unreached'>;
  /** Newest first. */
  readonly activity: readonly ExchangeView[];
  /** The port of the settings. */
  readonly port: number;
  readonly endpoint: Endpoint;
  readonly upstreamUrl: string;
  readonly wayOut: WayOut;
  readonly systemProxy: (platform: NodeJS.Platform) => Promise<SystemProxy | null>;
  readonly keys: readonly StoredKey[];
  readonly checkKey: (key: string) => Promise<KeyCheck>;
  readonly connector: Pick<Connector, 'places' | 'records' | 'states' | 'needsReload'>;
}

const selfTimeoutMs = 3_000;
const slowHeadMs = 2_000;

/** All findings in the order of `checks`; a failed check says so, and the others go on. */
export async function examine(ports: DoctorPorts): Promise<readonly Checked[]> {
  const upstream = askUpstream(ports);
  const work: Readonly<Record<Check, () => Promise<readonly Finding[]>>> = {
    port: async () => [await portFinding(ports)],
    self: async () => await selfFindings(ports),
    upstream: async () => await upstreamFindings(await upstream, ports),
    clock: async () => [clockFinding(await upstream)],
    // If OpenRouter is out of reach, each key would fail alike.
    keys: async () =>
      (await upstream).kind === 'failed' && ports.keys.length > 0
        ? [{ code: 'keysUnchecked' }]
        : await keyFindings(ports),
    limits: () => Promise.resolve(limitFindings(ports.snapshot)),
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
      return { code: 'notRunning', port, owner };
  }
}

/** None while no proxy runs: the check of the port says so. */
async function selfFindings({ snapshot: { proxy }, endpoint }: DoctorPorts): Promise<readonly Finding[]> {
  if (proxy.kind !== 'running') return [];
  const url = `${endpoint.origin}/health`;
  const bare = await ask({ url, way: 'bare', timeoutMs: selfTimeoutMs });
  if (bare.kind === 'failed') return [{ code: 'selfSilent', got: bare.code }];
  const answer = await ask({ url, timeoutMs: selfTimeoutMs });
  if (answer.kind === 'failed') return [{ code: 'selfCaught', got: answer.code }];
  if (!isKeywheel(answer)) return [{ code: 'selfCaught', got: String(answer.status) }];
  return [{ code: 'selfGood', tookMs: answer.tookMs }];
}

async function upstreamFindings(answer: UpstreamAnswer, ports: DoctorPorts): Promise<readonly Finding[]> {
  const { upstreamUrl, wayOut, platform } = ports;
  const proxy = proxyOnTheWay(upstreamUrl, wayOut);
  const found = proxy === null ? await ports.systemProxy(platform) : null;
  return [
    upstreamFinding(answer),
    ...wayFindings(proxy),
    ...(proxy !== null && !wayOut.isStrict ? [{ code: 'wayUnverified' } as const] : []),
    ...(found === null ? [] : [{ code: 'systemProxyUnused', found } as const]),
  ];
}

/** None for a proxy without a valid URL: `upstreamFinding` says so. */
function wayFindings(proxy: NetworkProxy | null): readonly Finding[] {
  if (proxy === null) return [{ code: 'wayDirect' }];
  return proxy.host === null ? [] : [{ code: 'wayByProxy', proxy: proxy.host }];
}

function upstreamFinding(answer: UpstreamAnswer): Finding {
  if (answer.kind === 'failed') return { code: 'upstreamFailed', got: answer.code };
  const { status, connectMs, headMs } = answer;
  if (!isOpenRouter(answer)) return { code: 'upstreamStrange', status };
  return { code: headMs > slowHeadMs ? 'upstreamSlow' : 'upstreamGood', connectMs, headMs };
}

function clockFinding(answer: UpstreamAnswer): Finding {
  const aheadMs = answer.kind === 'answer' ? answer.aheadMs : null;
  if (aheadMs === null) return { code: 'clockUnknown' };
  return { code: Math.abs(aheadMs) > clockToleranceMs ? 'clockOff' : 'clockGood', aheadMs };
}

async function keyFindings({ keys, checkKey }: DoctorPorts): Promise<readonly Finding[]> {
  if (keys.length === 0) return [{ code: 'noKeys' }];
  return await checkKeys(keys, async (key) => await keyFinding(key, checkKey));
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

function limitFindings(snapshot: DoctorPorts['snapshot']): readonly Finding[] {
  const { accounts, wheel, running, unreached } = snapshot;
  const { waiting } = wheel;
  const held = accounts.filter(({ state }) => state !== 'ready' && state !== 'off');
  const times = held.flatMap(({ untilMs }) => untilMs ?? []);
  const nextAtMs = held.length < accounts.length || times.length === 0 ? null : Math.min(...times);
  const findings = [
    ...(unreached === undefined ? [] : [{ code: 'unreached', running, unreached } as const]),
    ...(waiting > 0 ? [{ code: 'requestsWait', waiting, nextAtMs } as const] : []),
    ...held.map((account) => ({ code: 'accountHeld', label: account.name, account }) as const),
  ];
  return accounts.length > 0 && findings.length === 0 ? [{ code: 'noLimits' }] : findings;
}

async function clientFindings(ports: DoctorPorts): Promise<readonly Finding[]> {
  const states = await ports.connector.states(ports.endpoint);
  if (states.length === 0) return [{ code: 'noClients' }];
  const known = [...new Map(states.map((each) => [each.client.id, each])).values()];
  return [
    ...states.map(({ client, record, state }): Finding => {
      const file = record.way === 'file' ? record.file : null;
      return { code: 'client', client: client.name, file, state };
    }),
    ...known.flatMap((each) => askedFinding(each, ports)),
  ];
}

/** Which model the client really requests. */
function askedFinding({ client, record }: KnownConnection, ports: DoctorPorts): readonly Finding[] {
  const { model: chosen } = record;
  const asked = askedModels(client, record, ports.activity);
  const [last] = asked;
  if (last === undefined) return [];
  // An earlier stray does not count if the client has requested the chosen model since.
  const isStray = last.model !== chosen && strayRequest(chosen, asked) !== null;
  if (chosen === null || !isStray) return [{ code: 'clientAsked', asked: last }];
  return [{ code: 'clientStray', asked: last, chosen, needsReload: ports.connector.needsReload(client) }];
}
