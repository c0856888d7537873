// Who has the port: nobody, our host, ours on another machine, another product's Keywheel, or a stranger.
import { addressText, type Health, type WindowIdentity } from './identity';
import { answerTimeoutMs, knock, type HostLine, type Knock } from './hostLine';
import { healthProof, sameProof } from './proof';

export type Who =
  | { readonly kind: 'nobody' }
  /** Proven, on this machine; whoever gets the line disposes it. */
  | { readonly kind: 'ours'; readonly health: Health; readonly line: HostLine }
  /** A port that was forwarded: its proxy is none of ours to follow. */
  | { readonly kind: 'otherMachine'; readonly machine: string }
  | { readonly kind: 'otherProduct'; readonly product: string }
  | { readonly kind: 'stranger'; readonly how: 'silent' | 'broken' | 'other' | 'unproven' };

/** Answers within two seconds; nothing secret leaves. 127.0.0.1 decides, as whoever has that has the port. */
export async function identify(
  port: number,
  self: WindowIdentity,
  timeoutMs = answerTimeoutMs,
): Promise<Who> {
  return judge(await knock('127.0.0.1', port, timeoutMs), addressText('127.0.0.1', port), self);
}

/** Who has the other loopback family's port, for a word in the log; `ours` is disposed. */
export async function identifyIpv6(
  port: number,
  self: WindowIdentity,
  timeoutMs = answerTimeoutMs,
): Promise<Who['kind']> {
  const who = judge(await knock('::1', port, timeoutMs), addressText('::1', port), self);
  if (who.kind === 'ours') who.line.dispose();
  return who.kind;
}

function judge(knocked: Knock, address: string, self: WindowIdentity): Who {
  switch (knocked.kind) {
    case 'nobody':
      return { kind: 'nobody' };
    case 'silent':
    case 'broken':
    case 'other':
      return { kind: 'stranger', how: knocked.kind };
    case 'answered':
      break;
  }
  const { health, line } = knocked;
  const isProven = isMadeWithOurs(health, line, self);
  if (isProven && health.machineId === self.machineId && health.address === address) {
    return { kind: 'ours', health, line };
  }
  line.dispose();
  if (isProven && health.machineId !== self.machineId) {
    return { kind: 'otherMachine', machine: health.machine };
  }
  return judgeOther(health, self);
}

/** Whether a holder of our secret made the proof for this nonce, wherever it is. */
function isMadeWithOurs(health: Health, line: HostLine, { secret }: WindowIdentity): boolean {
  const { machineId, address, proof } = health;
  return sameProof(proof, healthProof(secret, { nonce: line.nonce, address, machineId }));
}

/** What it says of itself is believed for a message and for nothing else. */
function judgeOther(health: Health, self: WindowIdentity): Who {
  // Our own id without a proof for this address: an imitation, or a relay.
  if (health.machineId === self.machineId) return { kind: 'stranger', how: 'unproven' };
  if (health.product !== self.product) return { kind: 'otherProduct', product: health.product };
  if (health.machine !== self.machine) return { kind: 'otherMachine', machine: health.machine };
  return { kind: 'otherProduct', product: health.product };
}
