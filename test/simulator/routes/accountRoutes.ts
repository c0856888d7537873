/** Routes that cost nothing: the key, credits, generations, and the lists of models. */
import { keyReading } from '../limits/keyReading';
import { jsonReply, type Reply } from '../wire/reply';
import type { Caller } from '../world';
import { errorReply, type Visit } from './visit';

/** Answered with or without a key, as `GET /models`; undefined where a key is needed. */
export function publicRoute(visit: Visit): Reply | undefined {
  if (visit.path === '/models') return jsonReply({ data: visit.world.models.map(modelEntry) });
  const model = /^\/models\/(.+)\/endpoints$/.exec(visit.path)?.[1];
  if (model === undefined) return undefined;
  if (!visit.world.models.includes(model)) return errorReply(visit, 'notFound');
  const endpoint = {
    name: `Simulated | ${model}`,
    provider_name: 'Simulated',
    context_length: 131_072,
    status: 0,
  };
  return jsonReply({ data: { ...modelEntry(model), endpoints: [endpoint] } });
}

export function accountRoute(visit: Visit, caller: Caller): Reply | undefined {
  const { account, key } = caller;
  switch (visit.path) {
    case '/key':
      return jsonReply(keyReading(account, key, visit.world.nowMs()));
    case '/credits':
      return jsonReply({ data: { total_credits: account.bought, total_usage: account.creditsUsed } });
    case '/models/user':
      return jsonReply({ data: visit.world.models.map(modelEntry) });
    case '/generation':
      return generationReply(visit, caller);
    default:
      return undefined;
  }
}

function generationReply(visit: Visit, { account }: Caller): Reply {
  const id = visit.query.get('id') ?? '';
  const generation = visit.world.generations.get(id);
  if (generation?.account !== account)
    return errorReply(visit, 'notFound', { message: `Generation ${id} not found` });
  return jsonReply({
    data: {
      id,
      model: generation.model,
      provider_name: 'Simulated',
      created_at: new Date(generation.createdAtMs).toISOString(),
      streamed: generation.streamed,
      cancelled: generation.cancelled,
      total_cost: generation.cost,
      usage: generation.cost,
      tokens_prompt: generation.promptTokens,
      tokens_completion: generation.completionTokens,
      finish_reason: generation.cancelled ? null : 'stop',
    },
  });
}

function modelEntry(id: string): Record<string, unknown> {
  const price = id.endsWith(':free') || id === 'openrouter/free' ? '0' : '0.000001';
  return {
    id,
    canonical_slug: id.replace(/:free$/, ''),
    name: `Simulated: ${id}`,
    created: 1_760_000_000,
    description: 'A simulated model.',
    context_length: 131_072,
    architecture: {
      modality: 'text->text',
      input_modalities: ['text'],
      output_modalities: ['text'],
      tokenizer: 'Other',
      instruct_type: null,
    },
    pricing: { prompt: price, completion: price, request: '0', image: '0' },
    top_provider: { context_length: 131_072, max_completion_tokens: 16_384, is_moderated: false },
    per_request_limits: null,
    supported_parameters: ['max_tokens', 'temperature', 'tools', 'tool_choice', 'reasoning'],
  };
}
