// One attempt: sent with a lease, and held until it is clear whether it is an answer.
import { Readable } from 'node:stream';
import * as v from 'valibot';
import type { AccountId } from '../keys/account';
import { isFreeModel } from '../keys/freeModel';
import type { Lease } from '../keys/lease';
import type { RecentEntries } from '../keys/recentEntries';
import { reasonOf } from './errors/outcome';
import type { ExchangeParts, ExchangePorts, ExchangeSettings } from './runningExchange';
import { storyOf } from './errors/errorBody';
import type { AttemptReport, Made } from './report';
import { judge, type Answered, type Failed, type Judged } from './upstream/judge';
import { bytesOf, isQuickRead, type Plan } from './request/plan';
import type { Held } from './upstream/peek';
import type { Reply } from './upstream/reply';
import type { SendResult } from './upstream/dispatchHandler';

/** No client waits longer for an answer's head (undici's default, which most agents use). */
const longestHeadMs = 300_000;
/** Node's fetch, which most clients use, waits 300 s for a head; one that upstream has sent is passed on before that. */
const longestHeadlessMs = 240_000;
/** A body that streams up comes as slowly as its client sends it. */
const longestUploadMs = 3_600_000;

interface Circumstances {
  readonly fresh: boolean;
  readonly hasFallback: boolean;
  /** How long a read may still wait for its head. */
  readonly readHeadMs: number;
}

interface AttemptListener {
  readonly onJudged: (judged: Judged, sentAtMs: number) => void;
  readonly onError: (error: unknown) => void;
}

/** Sends the plan's request once, with the lease's key if any; calls `onJudged` in the same turn in which the result is clear, `onError` with bugs. */
export function attempt(
  plan: Plan,
  lease: Lease | null,
  { own, ports, circumstances }: { own: ExchangeParts; ports: ExchangePorts; circumstances: Circumstances },
  { onJudged, onError }: AttemptListener,
): void {
  const { watch, answer, hold, signal } = own;
  const { clock, upstream, settings } = ports;
  const sentAtMs = clock.elapsedMs();
  /** The instant at which upstream had been sent all of the request: the first token is waited for from then on. */
  let wholeAtMs = sentAtMs;
  const key = lease?.key.secret.reveal() ?? null;
  const bytes = bytesOf(plan);
  const request = {
    method: plan.method,
    path: plan.path,
    headers: headersOf(plan.headers, bytes, key),
    key,
    // A body that streams up is read by its first attempt; a long one is released as soon as it is sent.
    body: plan.body.passing?.() ?? (isLong(bytes) ? inPieces(bytes) : bytes),
    fresh: circumstances.fresh,
    headTimeoutMs: headTimeoutMs(plan, settings, circumstances),
  };
  const steps = {
    onSent: () => lease?.markSent(),
    onUploaded: () => (wholeAtMs = clock.elapsedMs()),
    onInformation: (status: number, headers: readonly string[]) => answer.inform(status, headers),
  };
  const onResult = (sent: SendResult): void => {
    try {
      if ('reply' in sent) lease?.markHead();
      const isQuick = isQuickRead(plan);
      const limits = {
        clock,
        watch,
        key,
        firstTokenAtMs: plan.requestClass === 'free' ? wholeAtMs + settings.firstTokenTimeoutMs : null,
        idleTimeoutMs: isQuick ? circumstances.readHeadMs : settings.idleTimeoutMs,
        isUrgent: circumstances.hasFallback || isQuick,
        headByMs: own.trail.fromMs + longestHeadlessMs,
        onPreamble: () => answer.hasten(),
        hold,
      };
      judge(sent, plan, limits, { onJudged: (judged) => onJudged(judged, sentAtMs), onError });
    } catch (error: unknown) {
      onError(error);
    }
  };
  upstream.dispatch(request, { steps, signal, watch, onResult });
}

/** Ends a losing answer together with its connection. */
export function discard({ reply }: Failed): void {
  reply?.abort(new Error('Discarded.'));
}

/** A body up to this length is sent as a whole: undici holds it until the answer has ended. */
const shortBytes = 1024 * 1024;
/** So small that even a slow line takes one piece long before the time limit of silence. */
const pieceBytes = 64 * 1024;

function isLong(bytes: Buffer | null): bytes is Buffer {
  return bytes !== null && bytes.length > shortBytes;
}

/** A stream of the body, with an event `piece` for each piece that is taken; no other part of the stream holds the body. */
function inPieces(body: Buffer): Readable {
  const stream: Readable = Readable.from(
    pieces(body, () => stream.emit('piece')),
    { objectMode: false },
  );
  return stream;
}

function* pieces(body: Buffer, onPiece: () => void): Generator<Buffer> {
  for (let from = 0; from < body.length; from += pieceBytes) {
    onPiece();
    yield body.subarray(from, from + pieceBytes);
  }
}

function headersOf(planned: readonly string[], bytes: Buffer | null, key: string | null): string[] {
  const headers = [...planned];
  if (isLong(bytes)) headers.push('content-length', String(bytes.length));
  if (key !== null) headers.push('Authorization', `Bearer ${key}`);
  return headers;
}

/**
 * How long the answer's head may take. A stream's head comes before its first token; a silent read is given up soon; an
 * answer that is made as a whole, or once, may take as long as its client waits, unless another model could answer.
 */
function headTimeoutMs(
  plan: Plan,
  { firstTokenTimeoutMs, idleTimeoutMs }: ExchangeSettings,
  { readHeadMs, hasFallback }: Circumstances,
): number {
  if (plan.body.passing !== null) return longestUploadMs;
  if (isQuickRead(plan)) return readHeadMs;
  if (plan.kind !== 'models' || (!plan.streaming && !hasFallback)) return longestHeadMs;
  if (!plan.streaming || plan.requestClass !== 'free') return idleTimeoutMs;
  return hasFallback ? Math.min(firstTokenTimeoutMs, idleTimeoutMs) : firstTokenTimeoutMs;
}

export function attemptReportOf(
  { reply, outcome, error }: Judged,
  lease: Lease | null,
): Omit<AttemptReport, 'atMs' | 'waitedMs'> {
  const attempted = {
    keyId: lease?.key.keyId ?? '',
    keyLabel: lease?.key.label ?? '',
    status: error?.status ?? reply?.status ?? null,
    outcome: reasonOf(outcome),
    previous: [],
  };
  return error === null ? attempted : { ...attempted, ...storyOf(error.body) };
}

const beginningBytes = 4096;
const longestId = 200;

/** Whether a free model answered a request that was planned as paid: a preset may be free. */
export function isServedFree({ requestClass }: Plan, answered: Answered): boolean {
  return requestClass === 'paid' && isFreeModel(servedModel(answered) ?? '');
}

/** The model that answers, as far as the answer, or its held beginning, names it. */
function servedModel({ held, value }: Answered): string | null {
  const named = v.safeParse(naming, value);
  if (named.success) return named.output.model;
  const beginning = held.event?.data ?? held.text?.toString('latin1', 0, beginningBytes) ?? '';
  return /"model"\s*:\s*"([^"\\]{1,200})"/.exec(beginning)?.[1] ?? null;
}

const naming = v.object({ model: v.string() });

/** Remembers the account that made the things which the answer names, and returns them: only that account can read them later. */
export function learnMakers(
  makers: RecentEntries<AccountId>,
  accountId: AccountId,
  answered: { readonly plan: Plan; readonly reply: Reply; readonly held: Held; readonly nowMs: number },
): Made[] {
  const { plan, reply, held, nowMs } = answered;
  const made = plan.makesThing ? idIn(held) : null;
  // A thing that was made earlier, and is found here.
  const found = reply.status < 300 ? plan.thing : null;
  const ids = [reply.generation, made, found].filter(isId);
  for (const id of ids) makers.set(id, accountId, nowMs);
  return ids.map((id) => ({ id, accountId }));
}

function idIn(held: Held): string | null {
  return /"id"\s*:\s*"([^"\\]{1,200})"/.exec(held.text?.toString('utf8') ?? '')?.[1] ?? null;
}

function isId(id: string | null): id is string {
  return id !== null && id.length <= longestId;
}
