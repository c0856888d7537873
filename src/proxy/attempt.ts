// One attempt: sent with a lease, looked at until it is clear what it is.
import type { Readable } from 'node:stream';
import type { Clock } from '../base/clock';
import type { Lease } from '../keys/lease';
import type { Body } from './bodies';
import { judge, type Judged } from './judge';
import type { Plan } from './plan';
import type { Sent } from './sending';
import { inPieces, isLong } from './upload';
import type { Upstream } from './upstream';

/** No client waits longer for an answer's head (undici's default, which most agents run on). */
const longestHeadMs = 300_000;
/** A body that passes through comes as slowly as its client sends it. */
const longestUploadMs = 3_600_000;

export interface AttemptPorts {
  readonly clock: Clock;
  readonly upstream: Upstream;
  readonly firstTokenTimeoutMs: number;
  readonly idleTimeoutMs: number;
}

export interface Attempted {
  readonly sent: Sent;
  readonly judged: Judged;
  readonly sentAtMs: number;
}

/** Sends the plan's request once, with the lease's key (none without a lease); never rejects. */
export async function attempt(
  plan: Plan,
  lease: Lease | null,
  ports: AttemptPorts & { readonly fresh: boolean },
  signal: AbortSignal,
): Promise<Attempted> {
  const { clock, upstream, firstTokenTimeoutMs, idleTimeoutMs, fresh } = ports;
  const sentAtMs = clock.nowMs();
  let wholeAtMs = sentAtMs;
  const sent = await upstream.send(
    {
      method: plan.method,
      path: plan.path,
      headers: headersOf(plan, lease),
      body: bodyOf(plan.body),
      fresh,
      headTimeoutMs: headTimeoutMs(plan, ports),
    },
    { onSent: () => lease?.markSent(), onUploaded: () => (wholeAtMs = clock.nowMs()) },
    signal,
  );
  if ('reply' in sent) lease?.markHead();
  const judged = await judge(sent, plan, { clock, wholeAtMs, firstTokenTimeoutMs, idleTimeoutMs });
  return { sent, judged, sentAtMs };
}

/** What is left of a losing answer is not waited for: a connection that has not ended goes with it. */
export function discard({ sent }: Attempted): void {
  if ('reply' in sent) sent.reply.abort(new Error('Discarded.'));
}

/** A body that passes through is read by its first attempt; a long one is let go as soon as it is sent. */
function bodyOf({ bytes, passing }: Body): Buffer | Readable | null {
  if (passing !== null) return passing();
  return isLong(bytes) ? inPieces(bytes) : bytes;
}

function headersOf(plan: Plan, lease: Lease | null): readonly string[] {
  const { bytes } = plan.body;
  const length = isLong(bytes) ? ['content-length', String(bytes.length)] : [];
  const key = lease === null ? [] : ['Authorization', `Bearer ${lease.key.secret.reveal()}`];
  return [...plan.headers, ...length, ...key];
}

/** A stream's head comes before its first token; what is made whole, or once, takes as long as its client waits. */
function headTimeoutMs(plan: Plan, { firstTokenTimeoutMs, idleTimeoutMs }: AttemptPorts): number {
  if (plan.body.passing !== null) return longestUploadMs;
  if (!plan.streaming || plan.kind !== 'models') return longestHeadMs;
  return plan.requestClass === 'free' ? firstTokenTimeoutMs : idleTimeoutMs;
}
