/** Answers of `/chat/completions` and `/completions`. */
import type { ErrorFact } from '../errors/errorFact';
import { openAiError } from '../errors/errorForms';
import {
  type AnswerContext,
  createdSeconds,
  finishReasonOf,
  openAiUsage,
  providerOf,
  wholeText,
} from './answerContext';
import { contentPieces } from './content';
import type { WireEvent } from './wireEvent';

/** `text`: the old completions, whose choices hold text instead of messages. */
export type ChatKind = 'chat' | 'text';

type Json = Record<string, unknown>;

function opening(context: AnswerContext, object: string): Json {
  return {
    id: context.generationId,
    provider: providerOf(context),
    model: context.model,
    object,
    created: createdSeconds(context),
  };
}

function chunk(context: AnswerContext, kind: ChatKind, choice: Json): Json {
  return {
    ...opening(context, kind === 'chat' ? 'chat.completion.chunk' : 'text_completion'),
    choices: [{ index: 0, ...choice, logprobs: null }],
  };
}

function delta(kind: ChatKind, content: string): Json {
  return kind === 'chat' ? { delta: { role: 'assistant', content } } : { text: content };
}

/** Content events, one with the finish reason and the usage, then `[DONE]`. */
export function* chatEvents(context: AnswerContext, kind: ChatKind): Generator<WireEvent> {
  for (const piece of contentPieces(context.options)) {
    const data = chunk(context, kind, { ...delta(kind, piece), finish_reason: null });
    yield { data: JSON.stringify(data), role: 'content' };
  }
  const reason = finishReasonOf(context);
  const last = chunk(context, kind, {
    ...delta(kind, ''),
    finish_reason: reason,
    native_finish_reason: reason,
  });
  yield { data: JSON.stringify({ ...last, ...openAiUsage(context) }), role: 'frame' };
  yield { data: '[DONE]', role: 'end' };
}

export function chatBody(context: AnswerContext, kind: ChatKind): Json {
  const text = wholeText(context);
  const reason = finishReasonOf(context);
  const said = kind === 'chat' ? { message: { role: 'assistant', content: text, refusal: null } } : { text };
  return {
    ...opening(context, kind === 'chat' ? 'chat.completion' : 'text_completion'),
    // OpenRouter's own SDK takes no answer without it.
    system_fingerprint: null,
    choices: [{ index: 0, ...said, logprobs: null, finish_reason: reason, native_finish_reason: reason }],
    ...openAiUsage(context),
  };
}

/** An error inside a running stream. */
export function chatErrorEvent(context: AnswerContext, kind: ChatKind, fact: ErrorFact): WireEvent {
  const data = chunk(context, kind, { ...delta(kind, ''), finish_reason: 'error' });
  return { data: JSON.stringify({ ...data, error: openAiError(fact) }), role: 'frame' };
}

/** An error inside the first choice, beside what had been said. */
export function withChoiceError(body: Json, fact: ErrorFact): Json {
  const choices: unknown = body.choices;
  const first: unknown = Array.isArray(choices) ? choices[0] : undefined;
  const choice = typeof first === 'object' ? first : {};
  return { ...body, choices: [{ ...choice, finish_reason: 'error', error: openAiError(fact) }] };
}

/** The event of a stream whose first choice holds an error. */
export function choiceErrorEvent(context: AnswerContext, kind: ChatKind, fact: ErrorFact): WireEvent {
  const data = withChoiceError(chunk(context, kind, delta(kind, '')), fact);
  return { data: JSON.stringify(data), role: 'frame' };
}
