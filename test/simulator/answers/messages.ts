/** Answers of `/messages`, in Anthropic's form. */
import type { ErrorFact } from '../errors/errorFact';
import { anthropicError } from '../errors/errorForms';
import { type AnswerContext, finishReasonOf, providerOf, tokenUsage, wholeText } from './answerContext';
import { contentPieces } from './content';
import type { WireEvent } from './wireEvent';

type Json = Record<string, unknown>;

function message(context: AnswerContext, more: Json): Json {
  return {
    id: context.generationId,
    type: 'message',
    role: 'assistant',
    model: context.model,
    provider: providerOf(context),
    ...more,
    stop_sequence: null,
  };
}

function stopReason(context: AnswerContext): string {
  const reason = finishReasonOf(context);
  const names: Partial<Record<string, string>> = {
    stop: 'end_turn',
    length: 'max_tokens',
    tool_calls: 'tool_use',
    content_filter: 'refusal',
  };
  return names[reason] ?? reason;
}

export function messagesBody(context: AnswerContext): Json {
  const content = context.options.empty === true ? [] : [{ type: 'text', text: wholeText(context) }];
  return message(context, { content, stop_reason: stopReason(context), ...tokenUsage(context) });
}

/** `message_start`, one block of text, `message_delta` with the usage, then `message_stop`. */
export function* messagesEvents(context: AnswerContext): Generator<WireEvent> {
  const usage = { input_tokens: context.usage.promptTokens, output_tokens: 0 };
  yield event('message_start', { message: message(context, { content: [], stop_reason: null, usage }) });
  if (context.options.empty !== true) {
    yield event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } });
    for (const text of contentPieces(context.options)) {
      yield event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } }, 'content');
    }
    yield event('content_block_stop', { index: 0 });
  }
  const delta = { stop_reason: stopReason(context), stop_sequence: null };
  yield event('message_delta', { delta, ...tokenUsage(context) });
  yield event('message_stop', {}, 'end');
}

export function messagesErrorEvent(fact: ErrorFact): WireEvent {
  return event('error', { error: anthropicError(fact) });
}

function event(type: string, fields: Json, role: WireEvent['role'] = 'frame'): WireEvent {
  return { name: type, data: JSON.stringify({ type, ...fields }), role };
}
