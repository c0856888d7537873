/** The order of things in a stream, faults included, as a list of steps. */
import type { AnswerOptions } from '../answers/answerOptions';
import { pieceCount } from '../answers/content';
import { type WireEvent, wireBytes } from '../answers/wireEvent';
import { errorFact } from '../errors/errorFacts';
import type { CutHow, FaultSet } from '../fault';
import type { StreamReply } from './reply';

export type Step =
  | { readonly kind: 'bytes'; readonly bytes: Buffer; readonly isEvent: boolean }
  | { readonly kind: 'wait'; readonly ms: number }
  /** Waits until so long after the first content event, so that many short delays add up to the right time. */
  | { readonly kind: 'pace'; readonly sinceFirstMs: number }
  | { readonly kind: 'cut'; readonly how: CutHow };

/** The steps of a stream, cut at a byte where the faults say so. */
export function* streamSteps(
  reply: StreamReply,
  timing: AnswerOptions,
  faults: FaultSet,
  nowMs: number,
): Generator<Step> {
  const { cut } = faults;
  let room = cut?.afterBytes ?? Infinity;
  for (const step of eventSteps(reply, timing, faults, nowMs)) {
    if (cut !== undefined && step.kind === 'bytes' && step.bytes.length > room) {
      yield { kind: 'bytes', bytes: step.bytes.subarray(0, room), isEvent: false };
      yield { kind: 'cut', how: cut.how ?? 'destroy' };
      return;
    }
    if (step.kind === 'bytes') room -= step.bytes.length;
    yield step;
  }
}

function* eventSteps(
  reply: StreamReply,
  timing: AnswerOptions,
  faults: FaultSet,
  nowMs: number,
): Generator<Step> {
  const asEvent = (event: WireEvent): Step => {
    return { kind: 'bytes', bytes: wireBytes(event, faults.lineEnd), isEvent: true };
  };
  yield* commentSteps(faults);
  const spacingMs = contentSpacingMs(timing);
  let sent = 0;
  let content = 0;
  for (const event of reply.events) {
    const before = beforeEvent(reply, faults, sent, nowMs);
    for (const step of before.steps) yield step;
    if (before.ends) break;
    if (event.role === 'end' && faults.noEndMarker) return;
    if (event.role === 'content') yield { kind: 'pace', sinceFirstMs: spacingMs * content++ };
    yield asEvent(event);
    sent++;
  }
  if (timing.endDelayMs !== undefined) yield { kind: 'wait', ms: timing.endDelayMs };
  // A cut after the last event: the stream has its end marker, but the body does not end.
  if (faults.cut?.afterEvents === sent) yield { kind: 'cut', how: faults.cut.how ?? 'destroy' };
}

function* commentSteps({ comments, lineEnd }: FaultSet): Generator<Step> {
  for (let index = 0; index < (comments?.count ?? 0); index++) {
    const text = comments?.text ?? ': OPENROUTER PROCESSING';
    yield { kind: 'bytes', bytes: Buffer.from(`${text}${lineEnd}${lineEnd}`), isEvent: false };
    yield { kind: 'wait', ms: comments?.delayMs ?? 0 };
  }
}

/** The step before an event, and whether the stream ends with it. */
function beforeEvent(
  reply: StreamReply,
  faults: FaultSet,
  sent: number,
  nowMs: number,
): { readonly steps: readonly Step[]; readonly ends: boolean } {
  const steps: Step[] = [];
  for (const silence of faults.silences) {
    if ((silence.afterEvents ?? 0) === sent) steps.push({ kind: 'wait', ms: silence.ms });
  }
  const { malformed, errorEvent, choiceError, cut, lineEnd } = faults;
  const push = (bytes: Buffer): void => void steps.push({ kind: 'bytes', bytes, isEvent: true });
  if (malformed?.afterEvents === sent) {
    push(
      Buffer.from(`${malformed.text ?? 'data: {"id":"gen-1","choices":[{"delta":{"con'}${lineEnd}${lineEnd}`),
    );
  }
  if (errorEvent?.afterEvents === sent) {
    const fact = errorFact(errorEvent.error, errorEvent, nowMs);
    push(wireBytes(reply.errorEvent(fact, errorEvent.responsesEvent ?? 'response.failed'), lineEnd));
    return { steps, ends: true };
  }
  if (choiceError !== undefined && (choiceError.afterEvents ?? 2) === sent) {
    push(wireBytes(reply.choiceErrorEvent(errorFact(choiceError.error, choiceError, nowMs)), lineEnd));
    return { steps, ends: true };
  }
  if (cut !== undefined && cut.afterBytes === undefined && (cut.afterEvents ?? 0) === sent) {
    steps.push({ kind: 'cut', how: cut.how ?? 'destroy' });
    return { steps, ends: true };
  }
  return { steps, ends: false };
}

function contentSpacingMs(timing: AnswerOptions): number {
  if (timing.durationMs === undefined) return timing.eventDelayMs ?? 0;
  return timing.durationMs / Math.max(1, pieceCount(timing) - 1);
}
