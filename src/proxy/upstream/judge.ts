// Judges an attempt: an answer, an error inside a 200, or an error.
import * as v from 'valibot';
import type { Clock } from '../../base/clock';
import { classifyError, statusOfError, type ErrorReply, type Fault, type Outcome } from '../errors/outcome';
import { beginsAsEvents, isError, mostParsedBytes, parseShortJson, wrappedError } from '../errors/errorBody';
import { errorBody } from '../errors/refusal';
import { peek, type Held, type PeekLimits, type PeekMode, type StreamEvent } from './peek';
import { hasEnd, runScan, type Scan } from '../request/outerFields';
import { isQuickRead, type Plan } from '../request/plan';
import { hideInBytes, hideInText } from './hiddenKey';
import type { Reply } from './reply';
import type { SendResult } from './dispatchHandler';

export interface JudgeLimits extends PeekLimits {
  /** See `UpstreamRequest`. */
  readonly key: string | null;
}

/**
 * `asSent`: sent by upstream, as it came or decoded: its headers hold for it · `coded`: the same, in an unknown content
 * coding: it cannot be read · `ours`: made here of upstream's data · `standIn`: ours, for an error that is longer than
 * may be held: while its connection lasts, the whole error can be passed on instead.
 */
type HeldErrorKind = 'asSent' | 'coded' | 'ours' | 'standIn';

/** Upstream's error, ready to be given back in its own words. */
export interface HeldError {
  readonly status: number;
  /** The error as JSON (or whatever upstream sent); of a stream the data of its event. */
  readonly body: Buffer;
  readonly kind: HeldErrorKind;
}

/** An answer, ready to be relayed. */
export interface Answered {
  readonly outcome: null;
  readonly error: null;
  readonly reply: Reply;
  readonly held: Held;
  /** See `plainValue`. */
  readonly value?: unknown;
}

export interface Failed {
  readonly outcome: Outcome;
  /** Null where no head came; `held` is null then, too. */
  readonly reply: Reply | null;
  readonly held: Held | null;
  readonly error: HeldError | null;
  /** Whether upstream showed that it worked on the request: it sent comments, or a part of an answer. */
  readonly sawWork: boolean;
}

export type Judged = Answered | Failed;

const longestRaw = 16_384;
/** A smaller difference is ignored: dates are in whole seconds, and answers travel. */
const clocksDifferMs = 5_000;

/** Reads as much of the result as is needed to judge it, and passes the judgement to `onJudged`. `onError` gets bugs. */
export function judge(
  sent: SendResult,
  plan: Plan,
  limits: JudgeLimits,
  {
    onJudged,
    onError,
  }: { readonly onJudged: (judged: Judged) => void; readonly onError: (error: unknown) => void },
): void {
  if ('fault' in sent) {
    const outcome = { kind: 'fault', fault: sent.fault } as const;
    onJudged({ reply: null, outcome, held: null, error: null, sawWork: false });
    return;
  }
  const { reply } = sent;
  const mode = modeOf(reply, plan);
  peek(reply, mode, limits, (held) => {
    try {
      const visible = withoutKey(held, reply, limits.key);
      const judged = runScan(judgeHeld(reply, visible, { mode, plan, clock: limits.clock }));
      if (!(judged instanceof Promise)) {
        onJudged(judged);
        return;
      }
      reply.pause();
      judged.then(onJudged).catch(onError);
    } catch (error: unknown) {
      onError(error);
    }
  });
}

function* judgeHeld(
  reply: Reply,
  held: Held,
  { mode, plan, clock }: { readonly mode: PeekMode; readonly plan: Plan; readonly clock: Clock },
): Scan<Judged> {
  if (held.fault !== null && reply.status < 400) return faulty(held.fault, reply, held);
  // The answer to a read is no error, whatever its text is.
  const value = reply.status < 400 && isQuickRead(plan) ? null : plainValue(reply, held);
  if (value === undefined) {
    const error = errorIn(reply, held, mode);
    if (error !== null && !isBought(reply, error, plan))
      return classified(reply, error, { plan, held, clock });
    const fault = yield* faultIn(mode, held);
    if (fault !== null) return faulty(fault, reply, held);
  }
  return { outcome: null, error: null, reply, held, value };
}

/** Every error inside a 200 contains one of these. */
const errorMarks = ['error"', 'failed"'];

/**
 * The value of JSON that HTTP has ended and that has no mark of an error, as nearly all answers are; null for one that is
 * too long to parse and complete by its first and last byte. Undefined for all others.
 */
function plainValue(reply: Reply, held: Held): unknown {
  const body = wholeJson(reply, held);
  if (body === null) return undefined;
  const text = body.length > mostParsedBytes ? body : body.toString('utf8');
  if (errorMarks.some((mark) => text.includes(mark))) return undefined;
  if (typeof text !== 'string') return isClosed(body) ? null : undefined;
  const value = parseShortJson(text);
  return saysNothing(value) ? undefined : value;
}

/** Whether JSON is no answer in any form: OpenRouter sends no choices where a provider has made nothing. */
function saysNothing(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (!('choices' in value)) return false;
  return value.choices === null || (Array.isArray(value.choices) && value.choices.length === 0);
}

function wholeJson({ status, isJson, isFramed }: Reply, held: Held): Buffer | null {
  return status < 400 && isJson && isFramed && held.isWhole && held.event === null ? held.text : null;
}

function isClosed(body: Buffer): boolean {
  const last = body.at(-1);
  return body[0] === 0x7b ? last === 0x7d : body[0] === 0x5b && last === 0x5d;
}

/** Masks the key in the text that is read of a coded answer, which is relayed as it came. In others it is masked before. */
function withoutKey(held: Held, { isCoded }: Reply, key: string | null): Held {
  const { event, text } = held;
  if (key === null || !isCoded || text === null) return held;
  const shown = event && { ...event, data: hideInText(event.data, key) };
  return { ...held, event: shown, text: hideInBytes(text, key) };
}

function modeOf(reply: Reply, plan: Plan): PeekMode {
  if (plan.method === 'HEAD') return 'none';
  if (reply.status >= 400) return 'whole';
  // No content, not modified, and redirects, which are given back and never followed with a key.
  if (reply.status === 204 || reply.status >= 300) return 'none';
  if (plan.kind === 'models') return modeOfModel(reply);
  const isShort = plan.kind === 'once' || plan.makesThing || isQuickRead(plan);
  return isShort && reply.isJson ? 'whole' : 'none';
}

function modeOfModel({ isEventStream, isJson }: Reply): PeekMode {
  if (isEventStream) return 'start';
  return isJson ? 'whole' : 'unsure';
}

/** The error that the reply is, or that hides in its 200. */
function errorIn(reply: Reply, held: Held, mode: PeekMode): HeldError | null {
  if (reply.status >= 400) return errorAnswer(reply, held);
  if (mode === 'start' && held.event !== null) {
    if (!isErrorEvent(held.event)) return null;
    return { status: reply.status, body: errorOfEvent(held.event.data), kind: 'ours' };
  }
  // A body that ended without being of its declared type, or that says nothing, may still be the JSON of an error.
  if (mode === 'none' || !held.isWhole) return null;
  const body = held.text;
  if (body === null || !isErrorBody(body)) return null;
  return { status: reply.status, body, kind: reply.isJson ? 'asSent' : 'ours' };
}

/** An error in a coding that is unknown here is passed on as it came: the client asked for that coding. */
function errorAnswer({ status }: Reply, { text, chunks }: Held): HeldError {
  return text === null
    ? { status, body: Buffer.concat(chunks), kind: 'coded' }
    : { status, body: text, kind: 'asSent' };
}

function classified(
  reply: Reply,
  error: HeldError,
  { plan, held, clock }: { plan: Plan; held: Held; clock: Clock },
): Failed {
  const body = error.kind === 'coded' ? Buffer.alloc(0) : error.body;
  const asSent = { status: error.status, headers: reply.headers, body };
  const outcome = outcomeOfError(asSent, plan, reply.dateMs, clock);
  const status = statusOfError(asSent);
  // If no bytes are held, none were read: a HEAD has no body.
  const isPart = reply.status >= 400 && !held.isWhole && held.chunks.length > 0;
  const whole = isPart ? longError(plan, status, body) : { ...error, status };
  const shown = held.fault === null ? whole : brokenError(plan, status);
  return { reply, outcome, held, error: shown, sawWork: held.sawComments };
}

/** Replaces an error whose body was cut off: only its status is known. */
function brokenError({ form }: Plan, status: number): HeldError {
  const message = `OpenRouter answered with status ${status}; its error was cut off.`;
  const body = errorBody(form, { status, code: 'upstream_cut', message, metadata: {} });
  return { status, body: Buffer.from(body), kind: 'ours' };
}

/** Replaces an error that is too long to hold, where it cannot be passed on whole: its beginning may show the cause. */
function longError({ form }: Plan, status: number, beginning: Buffer): HeldError {
  const message = `OpenRouter answered with status ${status}; its error is longer than the 1 MiB that is held of one.`;
  const metadata = { raw: beginning.toString('utf8', 0, longestRaw) };
  const body = errorBody(form, { status, code: 'upstream_error', message, metadata });
  return { status, body: Buffer.from(body), kind: 'standIn' };
}

function faulty(fault: Fault, reply: Reply, held: Held): Failed {
  // Comments, the first bytes of a stream, blank lines and half of an answer all prove that upstream worked.
  const sawWork = held.chunks.length > 0;
  return { reply, outcome: { kind: 'fault', fault }, held, error: null, sawWork };
}

/** The fault of a stream that ended before its first event, of half a JSON value, and of a body that is neither. */
function* faultIn(mode: PeekMode, held: Held): Scan<Fault | null> {
  switch (mode) {
    case 'none':
      return null;
    case 'start': {
      if (held.event !== null) return held.event.data.trim() === '[DONE]' ? notAnAnswer : null;
      if (!held.isWhole) return null;
      return held.text === null || beginsAsEvents(visible(held.text)) ? endedEarly() : notAnAnswer;
    }
    case 'whole':
      return yield* faultOfJson(held);
    case 'unsure':
      return yield* faultOfUnsure(held);
  }
}

/** A page, a proxy's plain text, or an empty body, of any type; or a stream that ended before it said anything. */
const notAnAnswer: Fault = { code: 'notAnAnswer' };

function endedEarly(): Fault {
  return { code: 'cut', cause: new Error('The body ended early.') };
}

/** A body without a declared length may look whole where it broke off. */
function* faultOfJson(held: Held): Scan<Fault | null> {
  const body = held.isWhole ? held.text : null;
  if (body === null) return null;
  const text = visible(body);
  if (body.length > mostParsedBytes && /^[[{\d]/.test(text))
    return (yield* hasEnd(body)) ? null : endedEarly();
  const value = parseShortJson(text);
  if (value !== undefined) return saysNothing(value) ? notAnAnswer : null;
  if (beginsAsJson(text)) return endedEarly();
  return beginsAsEvents(text) ? null : notAnAnswer;
}

/** JSON and events may come with other content types, too. */
function* faultOfUnsure(held: Held): Scan<Fault | null> {
  if (held.text === null) return null;
  const text = visible(held.text);
  if (text === '' && !held.isWhole) return null;
  if (beginsAsJson(text)) return yield* faultOfJson(held);
  return beginsAsEvents(text) ? null : notAnAnswer;
}

/** The text from its first visible character on. */
function visible(body: Buffer): string {
  return body
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .trimStart();
}

function beginsAsJson(text: string): boolean {
  return /^[{[]/.test(text);
}

function isErrorBody(body: Buffer): boolean {
  return body.length <= mostParsedBytes && isError(parseShortJson(body.toString('utf8')));
}

/** A part of an answer, or its cost: this answer was billed, and another attempt would be billed again. */
const boughtPart = v.union([
  v.object({
    choices: v.looseTuple([v.object({ message: v.object({ content: v.pipe(v.string(), v.nonEmpty()) }) })]),
  }),
  v.object({ usage: v.object({ cost: v.pipe(v.number(), v.gtValue(0)) }) }),
]);

function isBought({ status }: Reply, { body }: HeldError, { requestClass }: Plan): boolean {
  return requestClass === 'paid' && status < 400 && v.is(boughtPart, parseShortJson(body.toString('utf8')));
}

/** The text if it is the JSON of an error; else null. */
export function errorInJson(text: string): Buffer | null {
  return isError(parseShortJson(text)) ? Buffer.from(text) : null;
}

export function isErrorEvent({ name, data }: StreamEvent): boolean {
  if (name === 'error') return true;
  return (data.includes('rror') || data.includes('failed')) && isError(parseShortJson(data));
}

/** An event's error in the form of an error answer; other data is returned as it came. */
export function errorOfEvent(data: string): Buffer {
  const error = wrappedError(parseShortJson(data));
  try {
    return Buffer.from(error === null ? data : JSON.stringify(error));
  } catch {
    // It is nested too deeply to be written, and stays as it came.
    return Buffer.from(data);
  }
}

/** The outcome of an error. Upstream's instants are moved from its own time to `elapsedMs`. `dateMs`: the answer's `Date`. */
export function outcomeOfError(
  error: ErrorReply,
  { model, choosesProviders, body }: Plan,
  dateMs: number | null,
  clock: Clock,
): Outcome {
  const wallMs = clock.wallMs();
  const nowMs = dateMs !== null && Math.abs(dateMs - wallMs) > clocksDifferMs ? dateMs : wallMs;
  const outcome = classifyError(error, { nowMs, model, choosesProviders });
  if (outcome.kind === 'belowZero' && holdsFile(body.bytes))
    return { kind: 'requestTooDear', limits: 'account' };
  if (!('untilMs' in outcome) || outcome.untilMs === null) return outcome;
  return { ...outcome, untilMs: outcome.untilMs + clock.elapsedMs() - nowMs };
}

const fileMarks = ['"file_data"', '"file_url"', '"document"', '/pdf'];

/** Whether the request may hold a file: OpenRouter charges for reading it where the model cannot, for free models too. */
function holdsFile(bytes: Buffer | null): boolean {
  return bytes !== null && fileMarks.some((mark) => bytes.includes(mark));
}
