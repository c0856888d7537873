// Finds who has the port: nobody, our host, a Keywheel on another machine or of another product, or a stranger.
import { Agent } from 'node:http';
import * as v from 'valibot';
import { ask, type Answer } from '../base/ask';
import { Secret } from '../base/secret';
import { HostLine } from './hostLine';
import { addressText, healthSchema, type Health, type WindowIdentity } from './identity';
import { healthProof, machineMark, newNonce } from './proof';

/** For the whole answer to `/health`. */
const answerTimeoutMs = 2_000;
const mostHealthCharacters = 8_192;
const healthText = v.pipe(v.string(), v.parseJson(), healthSchema);

/** `silent`: no answer in time · `broken`: it closed the connection · `other`: it is no Keywheel · `unproven`: it claims to be ours. */
export type Stranger = 'silent' | 'broken' | 'other' | 'unproven';

export type Who =
  | { readonly kind: 'nobody' }
  /** Proven, on this machine; the caller disposes the line. */
  | { readonly kind: 'ours'; readonly version: string; readonly window: string; readonly line: HostLine }
  /** By a forwarded port; its proxy is not followed. */
  | { readonly kind: 'otherMachine' }
  | { readonly kind: 'otherProduct'; readonly product: string }
  | { readonly kind: 'stranger'; readonly how: Stranger };

/** Sends a nonce and nothing else; never rejects. 127.0.0.1 decides who has the port. */
export async function identify(
  port: number,
  self: WindowIdentity,
  host: '127.0.0.1' | '::1' = '127.0.0.1',
): Promise<Who> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const nonce = newNonce();
  const answer = await ask({
    url: `http://${host === '::1' ? '[::1]' : host}:${port}/health?nonce=${nonce}`,
    way: agent,
    timeoutMs: answerTimeoutMs,
    mostCharacters: mostHealthCharacters,
  });
  const health = healthIn(answer);
  if (health === null) {
    agent.destroy();
    return answer.kind === 'failed' ? silenceOf(answer.code) : { kind: 'stranger', how: 'other' };
  }
  const { hostNonce } = health;
  const line = new HostLine(agent, { host, port, secret: self.secret, nonce, hostNonce });
  const who = judge(health, line, addressText(host, port), self);
  if (who.kind !== 'ours') line.dispose();
  return who;
}

function healthIn(answer: Answer): Health | null {
  if (answer.kind === 'failed' || answer.status !== 200) return null;
  const read = v.safeParse(healthText, answer.text);
  return read.success ? read.output : null;
}

function silenceOf(code: string): Who {
  switch (code) {
    case 'ECONNREFUSED':
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
      return { kind: 'nobody' };
    default:
      return { kind: 'stranger', how: code === 'timeout' ? 'silent' : 'broken' };
  }
}

function judge(health: Health, line: HostLine, address: string, self: WindowIdentity): Who {
  const { machineId, product, version } = health;
  const claim = { nonce: line.nonce, address: health.address, machineId };
  const isProven = new Secret(healthProof(self.secret, claim)).matches(health.proof);
  const isOurId = machineId === self.machineId;
  if (isProven && isOurId && health.address === address) {
    const window = line.seal().open('window', health.sealedWindow);
    return { kind: 'ours', version, window: typeof window === 'string' ? window : '', line };
  }
  if (isProven && !isOurId) return { kind: 'otherMachine' };
  // Our machine id without a proof for this address: an imitation, or a relay.
  if (isOurId) return { kind: 'stranger', how: 'unproven' };
  // Unproven values are only shown in a message.
  const isHere = health.machineMark === machineMark(self.machine, line.nonce);
  return product === self.product && !isHere ? { kind: 'otherMachine' } : { kind: 'otherProduct', product };
}
