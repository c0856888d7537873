/** The values that all forms of one answer share. */
import type { AnswerOptions } from './answerOptions';
import { contentPieces, pieceCount } from './content';

export interface Usage {
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** In credits; 0 for free models. */
  readonly cost: number;
}

export interface AnswerContext {
  readonly generationId: string;
  readonly model: string;
  readonly createdAtMs: number;
  readonly usage: Usage;
  readonly options: AnswerOptions;
}

export function createdSeconds(context: AnswerContext): number {
  return Math.floor(context.createdAtMs / 1000);
}

export function providerOf(context: AnswerContext): string {
  return context.options.provider ?? 'Simulated';
}

export function finishReasonOf(context: AnswerContext): string {
  return context.options.finishReason ?? 'stop';
}

export function wholeText(context: AnswerContext): string {
  return [...contentPieces(context.options)].join('');
}

/** Tokens are counted simply: one a content event, one for four bytes of prompt. */
export function usageOf(options: AnswerOptions, promptBytes: number, cost: number): Usage {
  return { promptTokens: Math.ceil(promptBytes / 4), completionTokens: pieceCount(options), cost };
}

/** Usage in the OpenAI form, or nothing where the answer leaves it out. */
export function openAiUsage(context: AnswerContext): { usage?: Record<string, unknown> } {
  if (context.options.usage === false) return {};
  const { promptTokens, completionTokens, cost } = context.usage;
  return {
    usage: {
      prompt_tokens: promptTokens,
      completion_tokens: completionTokens,
      total_tokens: promptTokens + completionTokens,
      cost,
      is_byok: false,
      prompt_tokens_details: { cached_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0 },
    },
  };
}

/** Usage in the form of `/messages`. */
export function tokenUsage(context: AnswerContext): { usage?: Record<string, unknown> } {
  if (context.options.usage === false) return {};
  const { promptTokens, completionTokens, cost } = context.usage;
  return { usage: { input_tokens: promptTokens, output_tokens: completionTokens, cost } };
}

/** Usage in the form of `/responses`: clients refuse one without a total. */
export function responsesUsage(context: AnswerContext): { usage?: Record<string, unknown> } {
  const { usage } = tokenUsage(context);
  if (usage === undefined) return {};
  const { promptTokens, completionTokens } = context.usage;
  return {
    usage: {
      ...usage,
      total_tokens: promptTokens + completionTokens,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens_details: { reasoning_tokens: 0 },
    },
  };
}
