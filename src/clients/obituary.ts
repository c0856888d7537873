// Models that OpenRouter has ended although a connected client or VS Code's chat uses them, and what can take their place.
import { isFreeModel } from '../keys/freeModel';
import type { ExchangeView } from '../service/snapshot';
import { clientOf } from './clientList';
import { askedModels } from './connectionNews';
import { freeRouter, isFree, type ListedModel } from './modelList';
import type { ConnectionRecord } from './records';

export interface Obituary {
  readonly model: string;
  /** Names of the clients that use it. */
  readonly users: readonly string[];
  /** An answer said that the model has ended; else only the list lacks it. */
  readonly isSaid: boolean;
  readonly successor: string;
  readonly isPaid: boolean;
}

/** Pairs of a model and who uses it: clients that it was chosen for and whose last request names no other, and VS Code's chat. */
export function modelUses(
  records: readonly ConnectionRecord[],
  activity: readonly ExchangeView[],
  picked: readonly string[],
  chatName: string,
): readonly (readonly [model: string, user: string])[] {
  const byClients = records.flatMap((record) => {
    const client = clientOf(record.client);
    const [last] = askedModels(client, record, activity);
    const { model } = record;
    return model === null || (last?.model ?? model) !== model ? [] : [[model, client.name] as const];
  });
  return [...byClients, ...picked.map((model) => [model, chatName] as const)];
}

/**
 * Whether the list lacks the model. It never has routers, presets, and variants that OpenRouter makes of any model, such as
 * `:nitro`.
 */
export function isUnlisted(model: string, listed: readonly ListedModel[]): boolean {
  if (listed.length === 0 || !/^(?!openrouter\/)\w/.test(model)) return false;
  const names = [model, model.replace(/:(?!free$)[^:]*$/, '')];
  return !listed.some(({ id, version }) => names.includes(id) || names.includes(version));
}

/**
 * The first listed one that OpenRouter names, else the free one that can call tools and is nearest by name. A free model is never
 * followed by a paid one.
 */
export function successorOf(
  ended: string,
  named: readonly string[],
  listed: readonly ListedModel[],
): ListedModel | null {
  const free = listed.filter((model) => isFree(model) && model.tools && model.id !== ended);
  const isFit = (id: string): boolean => !isFreeModel(ended) || free.some((model) => model.id === id);
  const first = named.find((id) => isFit(id) && listed.some((model) => model.id === id));
  const [nearest] = free
    .filter(({ id }) => id !== freeRouter)
    .sort((a, b) => sharedLength(b.id, ended) - sharedLength(a.id, ended));
  return listed.find(({ id }) => id === first) ?? nearest ?? null;
}

/** How many characters both begin with. */
function sharedLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}
