// The models that VS Code's chat offers: free ones that can call tools, the free router, and those that the user has picked.
import { freeRouter, isFree, type ListedModel } from '../clients/modelList';
import type { BusyModel } from '../service/snapshot';

export interface OfferedModel extends ListedModel {
  /** The id without author and variant, by which VS Code's agents know model families. */
  readonly family: string;
  readonly isFree: boolean;
  readonly maxInputTokens: number;
  readonly maxOutputTokens: number;
  /** Until when the model is busy for everybody; null if it is available. */
  readonly busyUntilMs: number | null;
}

/** Context length of models whose length is unknown. */
const usualContextTokens = 32_768;

/** The free router's entry until OpenRouter's list is available. */
const router: ListedModel = {
  id: freeRouter,
  name: 'Free Models Router',
  version: freeRouter,
  tools: true,
  images: false,
  contextLength: 131_072,
  outputTokens: null,
  inputPrice: 0,
  outputPrice: 0,
};

/** Whether the model is offered without being picked. */
export function isAlwaysOffered(model: ListedModel): boolean {
  return model.id === freeRouter || (isFree(model) && model.tools);
}

/** The new picks: the ticked ids, and earlier ones that were not in the list of choices. */
export function pickedModels(
  ticked: readonly string[],
  listed: readonly ListedModel[],
  before: readonly string[],
): readonly string[] {
  const choosable = new Set(listed.filter((model) => !isAlwaysOffered(model)).map(({ id }) => id));
  return [...before.filter((id) => !choosable.has(id)), ...ticked];
}

/** The free router first, then in OpenRouter's order. Picked models that are not listed are left out. */
export function offeredModels(
  listed: readonly ListedModel[],
  picked: readonly string[],
  busy: readonly BusyModel[],
): readonly OfferedModel[] {
  const others = listed.filter(
    (model) => model.id !== freeRouter && (isAlwaysOffered(model) || picked.includes(model.id)),
  );
  const first = listed.find(({ id }) => id === freeRouter) ?? router;
  return [first, ...others].map((model) => offered(model, busy));
}

function offered(model: ListedModel, busy: readonly BusyModel[]): OfferedModel {
  const contextLength = model.contextLength ?? usualContextTokens;
  // Bounded, because a model whose output limit equals its context would have no room for input.
  const most = Math.floor(contextLength / 4);
  const maxOutputTokens = Math.min(model.outputTokens ?? most, most);
  const ends = busy
    .filter((each) => each.model === model.id && each.accountId === null)
    .map(({ untilMs }) => untilMs);
  return {
    ...model,
    family: familyOf(model.id),
    isFree: isFree(model),
    maxInputTokens: contextLength - maxOutputTokens,
    maxOutputTokens,
    busyUntilMs: ends.length === 0 ? null : Math.max(...ends),
  };
}

function familyOf(id: string): string {
  return id.replace(/^[^/]*\//, '').replace(/:[^:]*$/, '');
}
