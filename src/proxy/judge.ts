// What an attempt turned out to be: an answer, an error inside a 200, or an error.
import * as v from 'valibot';
import type { Clock } from '../base/clock';
import { errorBody } from './form';
import { outcomeOfFault, classifyError, statusOfError, type Outcome } from './outcome';
import { isEventStream, isJson, isVague, peek, type Held, type PeekLimits, type PeekMode } from './peek';
import type { Plan } from './plan';
import type { Reply } from './reply';
import type { Sent } from './sending';

export interface JudgeLimits {
  readonly clock: Clock;
  /** When upstream had been sent all of the request: the first token is waited for from then on. */
  readonly wholeAtMs: number;
  readonly firstTokenTimeoutMs: number;
  readonly idleTimeoutMs: number;
}

/**
 * `asSent`: what upstream sent, byte for byte or decoded: its headers hold for it · `coded`: the same, in a content coding
 * that cannot be undone here: nothing can be read of it · `ours`: made here of what upstream sent · `standIn`: ours, for
 * one that is longer than what is held: as long as its connection lasts, all of it can be passed on instead.
 */
type HeldErrorKind = 'asSent' | 'coded' | 'ours' | 'standIn';

/** Upstream's error, ready to be given back in its own words. */
export interface HeldError {
  readonly status: number;
  /** The error as JSON (or whatever upstream sent); of a stream its event's data. */
  readonly body: Buffer;
  readonly kind: HeldErrorKind;
}

export interface Judged {
  readonly outcome: Outcome;
  readonly held: Held | null;
  readonly error: HeldError | null;
  /** Whether upstream showed that it worked on the request: it sent comments, or a part of an answer. */
  readonly sawWork: boolean;
}

const longestRaw = 16_384;

/** Looks at what came back, as far as is needed to tell what it is. Never rejects. */
export async function judge(sent: Sent, plan: Plan, limits: JudgeLimits): Promise<Judged> {
  if ('fault' in sent) return faulty(outcomeOfFault(sent.fault), null);
  const { reply } = sent;
  const mode = modeOf(reply, plan);
  const held = await peek(reply, mode, peekLimits(mode, reply, plan, limits));
  if (held.fault !== null && reply.status < 400) return faulty(outcomeOfFault(held.fault), held);
  const error = errorIn(reply, held, mode);
  if (error !== null) return classified(reply, error, { plan, held, nowMs: limits.clock.nowMs() });
  if (isCut(mode, held))
    return faulty(outcomeOfFault({ code: 'cut', cause: new Error('The body ended early.') }), held);
  return { outcome: { kind: 'answer' }, held, error: null, sawWork: held.sawComments };
}

function peekLimits(mode: PeekMode, reply: Reply, plan: Plan, limits: JudgeLimits): PeekLimits {
  const isFreeStream = mode === 'start' && plan.requestClass === 'free';
  return {
    clock: limits.clock,
    firstTokenAtMs: isFreeStream ? limits.wholeAtMs + limits.firstTokenTimeoutMs : null,
    // A whole answer that is being made may take as long as its client waits; an error comes at once.
    idleTimeoutMs: mode === 'start' || reply.status >= 400 ? limits.idleTimeoutMs : null,
  };
}

function modeOf(reply: Reply, plan: Plan): PeekMode {
  if (plan.method === 'HEAD') return 'none';
  if (reply.status >= 400) return 'whole';
  // No content, not modified, and redirects, which are given back and never followed with a key.
  if (reply.status === 204 || reply.status >= 300) return 'none';
  if (plan.kind === 'models') return modeOfModel(reply.headers);
  return (plan.kind === 'once' || plan.makesThing) && isJson(reply.headers) ? 'whole' : 'none';
}

function modeOfModel(headers: readonly string[]): PeekMode {
  if (isEventStream(headers)) return 'start';
  if (isJson(headers)) return 'whole';
  return isVague(headers) ? 'object' : 'none';
}

/** The error that the reply is, or that hides in its 200. */
function errorIn(reply: Reply, held: Held, mode: PeekMode): HeldError | null {
  if (reply.status >= 400) return errorAnswer(reply, held);
  if (mode === 'start' && held.event !== null) {
    if (!isErrorEvent(held.event)) return null;
    return { status: reply.status, body: errorOfEvent(held.event.data), kind: 'ours' };
  }
  // What has ended without being what its type says, or says nothing, may be an error's JSON all the same.
  if (mode === 'none' || !held.isWhole) return null;
  const body = held.text();
  return body !== null && isErrorValue(parseJson(body.toString('utf8')))
    ? { status: reply.status, body, kind: isJson(reply.headers) ? 'asSent' : 'ours' }
    : null;
}

/** What nobody here can decode, the client may: it asked for that coding. */
function errorAnswer({ status }: Reply, held: Held): HeldError {
  const body = held.text();
  if (body === null) return { status, body: Buffer.concat(held.chunks), kind: 'coded' };
  return { status, body, kind: 'asSent' };
}

function classified(
  reply: Reply,
  error: HeldError,
  { plan, held, nowMs }: { plan: Plan; held: Held; nowMs: number },
): Judged {
  const body = error.kind === 'coded' ? Buffer.alloc(0) : error.body;
  const asSent = { status: error.status, headers: reply.headers, body };
  const outcome = classifyError(asSent, { nowMs, model: plan.model });
  const status = statusOfError(asSent);
  const sawWork = held.sawComments;
  if (held.fault !== null) return { outcome, held, error: brokenError(plan, status), sawWork };
  // Where nothing was held, nothing was looked at: HEAD has no body.
  const isPart = reply.status >= 400 && !held.isWhole && held.chunks.length > 0;
  if (isPart) return { outcome, held, error: longError(plan, status, body), sawWork };
  return { outcome, held, error: { ...error, status }, sawWork };
}

/** Half of an error's body is no body: its status is what is left of it. */
function brokenError({ form }: Plan, status: number): HeldError {
  const message = `OpenRouter answered with status ${status}; its error broke off before its end.`;
  const body = errorBody(form, { status, code: 'upstream_cut', message, metadata: {} });
  return { status, body: Buffer.from(body), kind: 'ours' };
}

/** As it is told where it cannot be passed on whole: the beginning of an error may say what it is. */
function longError({ form }: Plan, status: number, beginning: Buffer): HeldError {
  const message = `OpenRouter answered with status ${status}; its error is longer than the 1 MiB that is held of one.`;
  const metadata = { raw: beginning.toString('utf8', 0, longestRaw) };
  const body = errorBody(form, { status, code: 'upstream_error', message, metadata });
  return { status, body: Buffer.from(body), kind: 'standIn' };
}

function faulty(outcome: Outcome, held: Held | null): Judged {
  // Comments and a stream's first bytes, the blank lines and the first half of a whole answer: all of it was made.
  return { outcome, held, error: null, sawWork: held !== null && held.chunks.length > 0 };
}

/** A stream that ended before its first event, or half a JSON value. */
function isCut(mode: PeekMode, held: Held): boolean {
  return (mode === 'start' && held.isWhole) || (mode === 'whole' && isBroken(held));
}

/** A value of JSON that ended before its end; a body that says nothing of its length may look whole otherwise. */
function isBroken(held: Held): boolean {
  if (!held.isWhole) return false;
  const body = held.text();
  return body !== null && parseJson(body.toString('utf8')) === undefined;
}

const errorObject = v.union([v.record(v.string(), v.unknown()), v.pipe(v.string(), v.nonEmpty())]);
const errorValue = v.union([
  v.object({ error: errorObject }),
  v.object({ type: v.literal('error') }),
  v.object({ type: v.picklist(['response.failed', 'response.error']) }),
  v.looseObject({ choices: v.looseTuple([v.object({ error: errorObject })]) }),
  v.object({ status: v.literal('failed'), error: errorObject }),
]);

const chunkWithError = v.object({ error: errorObject, choices: v.array(v.unknown()) });

function isErrorValue(value: unknown): boolean {
  return v.is(errorValue, value);
}

function isErrorEvent({ name, data }: { name: string | null; data: string }): boolean {
  if (name === 'error') return true;
  return data.includes('rror') || data.includes('failed') ? isErrorValue(parseJson(data)) : false;
}

/** An event's error in the form of an error answer: Responses hide it a level deeper. */
function errorOfEvent(data: string): Buffer {
  const value = parseJson(data);
  const failed = v.safeParse(v.object({ response: v.object({ error: errorObject }) }), value);
  if (failed.success) return Buffer.from(JSON.stringify({ error: failed.output.response.error }));
  // A chat chunk carries the error beside empty choices; the other forms are error answers already.
  const chunk = v.safeParse(chunkWithError, value);
  return Buffer.from(chunk.success ? JSON.stringify({ error: chunk.output.error }) : data);
}

function parseJson(text: string): unknown {
  try {
    // A byte order mark is no part of the value: who reads the body as text never sees it (RFC 8259 8.1).
    return JSON.parse(text.replace(/^\uFEFF/, '')) as unknown;
  } catch {
    // Not JSON: the caller asks for undefined.
    return undefined;
  }
}
