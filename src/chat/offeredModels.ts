// The models for VS Code's chat: free ones that can call tools, the free router, picked ones; for agents also the allowance.
import { openAiBaseUrl, type Endpoint } from '../clients/client';
import { freeRouter, isFree, type ListedModel } from '../clients/modelList';
import { groupName } from '../clients/vscodeChat';
import type { AccountView, BusyModel, Snapshot } from '../service/snapshot';

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
  const ids = new Set(picked);
  const others = listed.filter(
    (model) => model.id !== freeRouter && (isAlwaysOffered(model) || ids.has(model.id)),
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

/** A group of VS Code's provider Custom Endpoint, for `lm.addLanguageModelsProviderGroup`, which keeps the key as a secret. */
export function modelGroup(
  { origin, proxyKey }: Pick<Endpoint, 'origin' | 'proxyKey'>,
  models: readonly OfferedModel[],
): Readonly<Record<string, unknown>> {
  const url = `${openAiBaseUrl(origin)}/chat/completions`;
  return {
    vendor: 'customendpoint',
    name: groupName,
    apiKey: proxyKey,
    apiType: 'chat-completions',
    models: models.map(({ id, name, tools, images, maxInputTokens, maxOutputTokens }) => ({
      id,
      name,
      url,
      toolCalling: tools,
      vision: images,
      maxInputTokens,
      maxOutputTokens,
    })),
  };
}

/** A proxy's address without the API's path, from an address that a user typed; null if that is no web address. */
export function originIn(address: string): string | null {
  const url = URL.canParse(address.trim()) ? new URL(address.trim()) : null;
  return url !== null && /^https?:$/.test(url.protocol)
    ? (url.origin + url.pathname).replace(/(?:\/api)?(?:\/v1)?\/*$/, '')
    : null;
}

/** Bounded, because agents pay for each byte with tokens. */
const mostBytes = 1_000;

/** The allowance, by which agents can plan: JSON of less than 1,000 bytes; times in UTC, account names only if allowed. */
export function whatIsLeft(
  { wheel, accounts }: Pick<Snapshot, 'wheel' | 'accounts'>,
  models: readonly OfferedModel[],
  withNames: boolean,
): string {
  const figures = {
    freeRequestsLeftToday: wheel.freeLeft,
    freeRequestsADay: wheel.freeLimit,
    // Bounded by the wheel's figure, which leaves out accounts for paid requests alone.
    freeRequestsLeftThisMinute: Math.min(leftThisMinute(accounts), wheel.freeLeft),
    resetsAt: wheel.resetAtMs === null ? null : isoOf(wheel.resetAtMs),
    requestsWaiting: wheel.waiting,
  };
  const lists = {
    ...(withNames ? { accounts: accounts.map(({ name, day }) => ({ name, left: day.left })) } : {}),
    busyModels: models.flatMap(({ id, busyUntilMs }) =>
      busyUntilMs === null ? [] : [{ id, until: isoOf(busyUntilMs) }],
    ),
    healthyFreeModels: models
      .filter(({ isFree, busyUntilMs }) => isFree && busyUntilMs === null)
      .map(({ id }) => id),
  };
  for (let most = 12; most > 0; most--) {
    const text = JSON.stringify({ ...figures, ...shortened(lists, most) });
    if (Buffer.byteLength(text) < mostBytes) return text;
  }
  return JSON.stringify(figures);
}

function leftThisMinute(accounts: readonly AccountView[]): number {
  const ready = accounts.filter(({ state }) => state === 'ready');
  return ready.reduce(
    (sum, { minute, day }) => sum + Math.max(Math.min(minute.limit - minute.used, day.left), 0),
    0,
  );
}

/** The first entries of each list, and the number of further ones. */
function shortened(lists: Readonly<Record<string, readonly unknown[]>>, most: number): object {
  const entries = Object.entries(lists);
  const left = entries.filter(([, list]) => list.length > most);
  return {
    ...Object.fromEntries(entries.map(([name, list]) => [name, list.slice(0, most)])),
    ...Object.fromEntries(left.map(([name, list]) => [`${name}NotShown`, list.length - most])),
  };
}

function isoOf(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
