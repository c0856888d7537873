/** Whole answers of the model endpoints that never stream. */
import { type AnswerContext, createdSeconds, openAiUsage, providerOf } from './answerContext';
import { type JsonObject, listIn } from '../json';

type Json = Record<string, unknown>;

export function embeddingsBody(context: AnswerContext, request: JsonObject): Json {
  const inputs = Array.isArray(request.input) ? listIn(request, 'input') : [request.input];
  const data = inputs.map((_input, index) => ({
    object: 'embedding',
    index,
    embedding: [index, 0.25, -0.5, 0.125],
  }));
  return { object: 'list', id: context.generationId, data, model: context.model, ...openAiUsage(context) };
}

export function rerankBody(context: AnswerContext, request: JsonObject): Json {
  const documents = listIn(request, 'documents');
  const results = documents.map((document, index) => ({
    index,
    relevance_score: 1 / (index + 1),
    document: typeof document === 'string' ? { text: document } : document,
  }));
  return {
    id: context.generationId,
    model: context.model,
    provider: providerOf(context),
    results,
    usage: { search_units: 1, cost: context.usage.cost },
  };
}

export function imagesBody(context: AnswerContext): Json {
  const b64_json = Buffer.from('simulated image').toString('base64');
  return {
    created: createdSeconds(context),
    model: context.model,
    data: [{ b64_json }],
    ...openAiUsage(context),
  };
}
