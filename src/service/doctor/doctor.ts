// The doctor: looks at everything between a client and OpenRouter, changes nothing, and costs no model request.
import type { Clock } from '../../base/clock';
import type { Endpoint, Places } from '../clients/client';
import type { Connector } from '../clients/connector';
import type { KeyCheck } from '../keyCheck';
import type { StoredKey } from '../ports';
import type { ProxyState } from '../snapshot';
import { ask } from './ask';
import { askBare, type BareAnswer } from './askBare';
import { checks, type Check, type Checked, type Finding } from './finding';
import { findLeftovers } from './leftovers';
import { portOwner } from './portOwner';

export interface DoctorPorts {
  readonly clock: Clock;
  readonly platform: NodeJS.Platform;
  readonly places: Places;
  readonly proxy: ProxyState;
  /** The port that is set. */
  readonly port: number;
  readonly endpoint: Endpoint;
  readonly upstreamUrl: string;
  readonly keys: readonly StoredKey[];
  readonly checkKey: (key: string) => Promise<KeyCheck>;
  readonly connector: Pick<Connector, 'records' | 'states'>;
}

const selfTimeoutMs = 3_000;
const upstreamTimeoutMs = 10_000;
const slowHeadMs = 2_000;
/** Resets and waits are judged by this machine's clock. */
const clockToleranceMs = 60_000;
const keysAtOnce = 4;

/** All findings in the order of `checks`; a check that fails says so and spares the others. */
export async function examine(ports: DoctorPorts): Promise<readonly Checked[]> {
  const upstream = askBare(`${ports.upstreamUrl}/key`, upstreamTimeoutMs, ports.clock);
  const work: Readonly<Record<Check, () => Promise<readonly Finding[]>>> = {
    port: async () => [await portFinding(ports)],
    self: async () => await selfFindings(ports),
    upstream: async () => [upstreamFinding(await upstream)],
    clock: async () => [clockFinding(await upstream, ports.clock)],
    keys: async () => await keyFindings(ports),
    clients: async () => await clientFindings(ports),
    leftovers: async () => await findLeftovers(ports.places, await ports.connector.records()),
  };
  return await Promise.all(
    checks.map(async (check) => ({ check, findings: await work[check]().catch(failedCheck) })),
  );
}

function failedCheck(error: unknown): readonly Finding[] {
  return [{ code: 'checkFailed', got: error instanceof Error ? error.name : 'unknown' }];
}

async function portFinding({ proxy, port, platform }: DoctorPorts): Promise<Finding> {
  switch (proxy.kind) {
    case 'running':
      return {
        code: 'served',
        port: proxy.port,
        hostedBy: proxy.hostedBy ?? null,
        owner: await portOwner(proxy.port, platform),
      };
    case 'failed': {
      const { code: failure, detail } = proxy;
      return {
        code: 'portFailed',
        port: proxy.port,
        failure,
        detail,
        owner: await portOwner(proxy.port, platform),
      };
    }
    case 'stopped':
    case 'starting':
      return { code: 'notRunning', port, owner: await portOwner(port, platform) };
  }
}

/** Nothing to find while no proxy runs: the check of the port has said so. */
async function selfFindings({ proxy, endpoint, clock }: DoctorPorts): Promise<readonly Finding[]> {
  if (proxy.kind !== 'running') return [];
  const url = `${endpoint.origin}/health`;
  const bare = await askBare(url, selfTimeoutMs, clock);
  if (bare.kind === 'failed') return [{ code: 'selfSilent', got: bare.code }];
  const answer = await ask({ url, method: 'GET', timeoutMs: selfTimeoutMs }, clock);
  if (answer.kind === 'failed') return [{ code: 'selfCaught', got: answer.code }];
  if (!isKeywheel(answer.text)) return [{ code: 'selfCaught', got: String(answer.status) }];
  return [{ code: 'selfGood', tookMs: answer.tookMs }];
}

function isKeywheel(text: string): boolean {
  return /"program":\s*"keywheel"/.test(text);
}

/** Without a key OpenRouter answers 401: it is there. */
function upstreamFinding(answer: BareAnswer): Finding {
  if (answer.kind === 'failed') return { code: 'upstreamFailed', got: answer.code };
  const { status, connectMs, headMs } = answer;
  if (status !== 401 && status !== 200) return { code: 'upstreamStrange', status };
  return { code: headMs > slowHeadMs ? 'upstreamSlow' : 'upstreamGood', connectMs, headMs };
}

function clockFinding(answer: BareAnswer, clock: Clock): Finding {
  const theirMs = answer.kind === 'answer' ? Date.parse(answer.headers.get('date') ?? '') : NaN;
  if (Number.isNaN(theirMs)) return { code: 'clockUnknown' };
  const aheadMs = clock.nowMs() - theirMs;
  return { code: Math.abs(aheadMs) > clockToleranceMs ? 'clockOff' : 'clockGood', aheadMs };
}

async function keyFindings({ keys, checkKey }: DoctorPorts): Promise<readonly Finding[]> {
  if (keys.length === 0) return [{ code: 'noKeys' }];
  const findings: Finding[] = [];
  for (let from = 0; from < keys.length; from += keysAtOnce) {
    const some = keys.slice(from, from + keysAtOnce);
    findings.push(...(await Promise.all(some.map(async (key) => await keyFinding(key, checkKey)))));
  }
  return findings;
}

async function keyFinding(
  { key, label, enabled }: StoredKey,
  checkKey: DoctorPorts['checkKey'],
): Promise<Finding> {
  if (!enabled) return { code: 'keyOff', label };
  const check = await checkKey(key);
  switch (check.kind) {
    case 'good':
      return { code: 'keyGood', label };
    case 'bad':
      return { code: 'keyBad', label };
    case 'management':
      return { code: 'keyManagement', label };
    case 'unreachable':
      return { code: 'keyUnreachable', label, got: check.detail };
  }
}

async function clientFindings({ connector, endpoint }: DoctorPorts): Promise<readonly Finding[]> {
  const states = await connector.states(endpoint);
  if (states.length === 0) return [{ code: 'noClients' }];
  return states.map(({ client, record, state }) => {
    const file = record.way === 'file' ? record.file : null;
    return { code: 'client', client: client.name, file, state };
  });
}
