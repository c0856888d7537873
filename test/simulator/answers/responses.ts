/** Answers of `/responses`. */
import type { ErrorFact } from '../errors/errorFact';
import { responsesError } from '../errors/errorForms';
import { type AnswerContext, createdSeconds, responsesUsage, wholeText } from './answerContext';
import { contentPieces } from './content';
import type { WireEvent } from './wireEvent';

type Json = Record<string, unknown>;

/** How a stream of `/responses` says that it failed; all three occur. */
export type ResponsesErrorEvent = 'response.failed' | 'response.error' | 'error';

function itemId(context: AnswerContext): string {
  return `msg_${context.generationId}`;
}

function responseObject(context: AnswerContext, status: string, more: Json): Json {
  return {
    id: context.generationId.replace('gen-', 'resp_'),
    object: 'response',
    created_at: createdSeconds(context),
    model: context.model,
    status,
    error: null,
    output: [],
    ...more,
  };
}

function outputItem(context: AnswerContext, status: string, content: readonly Json[]): Json {
  return { id: itemId(context), type: 'message', role: 'assistant', status, content };
}

function textPart(text: string): Json {
  return { type: 'output_text', text, annotations: [] };
}

function completed(context: AnswerContext): Json {
  const parts = context.options.empty === true ? [] : [textPart(wholeText(context))];
  const output = [outputItem(context, 'completed', parts)];
  return responseObject(context, 'completed', { output, ...responsesUsage(context) });
}

export function responsesBody(context: AnswerContext): Json {
  return completed(context);
}

/** Opening events, one delta a piece, closing events, then `response.completed` with the usage. */
export function* responsesEvents(context: AnswerContext): Generator<WireEvent> {
  let sequence = 0;
  const event = (type: string, fields: Json, role: WireEvent['role'] = 'frame'): WireEvent => {
    return { name: type, data: JSON.stringify({ type, ...fields, sequence_number: sequence++ }), role };
  };
  const place = { item_id: itemId(context), output_index: 0, content_index: 0 };
  const response = responseObject(context, 'in_progress', {});
  yield event('response.created', { response });
  yield event('response.in_progress', { response });
  yield event('response.output_item.added', {
    output_index: 0,
    item: outputItem(context, 'in_progress', []),
  });
  yield event('response.content_part.added', { ...place, part: textPart('') });
  for (const piece of contentPieces(context.options)) {
    yield event('response.output_text.delta', { ...place, delta: piece, logprobs: [] }, 'content');
  }
  const text = wholeText(context);
  yield event('response.output_text.done', { ...place, text, logprobs: [] });
  yield event('response.content_part.done', { ...place, part: textPart(text) });
  const item = outputItem(context, 'completed', [textPart(text)]);
  yield event('response.output_item.done', { output_index: 0, item });
  yield event('response.completed', { response: completed(context) }, 'end');
}

export function responsesErrorEvent(
  context: AnswerContext,
  fact: ErrorFact,
  type: ResponsesErrorEvent,
): WireEvent {
  const error = responsesError(fact);
  const fields =
    type === 'response.failed'
      ? { response: responseObject(context, 'failed', { error }) }
      : { ...error, error, param: null };
  return { name: type, data: JSON.stringify({ type, ...fields, sequence_number: 99 }), role: 'frame' };
}
