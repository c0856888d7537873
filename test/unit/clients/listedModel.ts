import type { ListedModel } from '../../../src/clients/modelList';

/** A paid model of OpenRouter's list that can call tools, but for what `change` says. */
export function listedModel(id: string, change: Partial<ListedModel> = {}): ListedModel {
  return {
    id,
    name: id,
    version: id,
    tools: true,
    images: false,
    contextLength: 128_000,
    outputTokens: 8_000,
    inputPrice: 1.25,
    outputPrice: 10,
    ...change,
  };
}
