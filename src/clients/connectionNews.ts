// Detects connected clients that use an old address of the proxy, another model than the chosen one, or a model that has
// ended at OpenRouter, and finds a successor for such a model.
import { isFreeModel } from '../keys/freeModel';
import type { SharedRecord } from '../service/notices';
import type { ExchangeView } from '../service/snapshot';
import type { Client } from './client';
import { clientOf } from './clientList';
import { freeRouter, isFree, type ListedModel } from './modelList';
import type { ConnectionRecord } from './records';

/** A request that names a model; `client` is the name in the activity list. */
export type AskedModel = ExchangeView & { readonly model: string };

/** The client's requests that name a model, since it was connected, newest first. */
export function askedModels(
  { name }: Pick<Client, 'name'>,
  { connectedAtMs = 0 }: { readonly connectedAtMs?: number },
  newestFirst: readonly ExchangeView[],
): readonly AskedModel[] {
  return newestFirst.filter(
    (asked): asked is AskedModel =>
      asked.client === name && asked.model !== null && asked.startedAtMs >= connectedAtMs,
  );
}

/**
 * The request that shows that the client does not use the chosen model, or null: its first request if it names another model, or
 * a later one for a paid model although a free one was chosen. Another free model later is the user's choice.
 */
export function requestForOtherModel(
  chosen: string | null,
  newestFirst: readonly AskedModel[],
): AskedModel | null {
  if (chosen === null) return null;
  const strays = newestFirst.filter(({ model }) => model !== chosen).reverse();
  const first = newestFirst.at(-1);
  return strays.find((asked) => asked === first || (isFreeModel(chosen) && asked.class === 'paid')) ?? null;
}

/** A model that has ended although a connected client or VS Code's chat uses it. */
export interface EndedModel {
  readonly model: string;
  /** Names of the clients that use it. */
  readonly users: readonly string[];
  /** Whether an answer said that the model has ended; else it is only missing in OpenRouter's list. */
  readonly isConfirmed: boolean;
  readonly successor: string;
  readonly isPaid: boolean;
}

/** Pairs of a model and its user: a client that it was chosen for, if its last request names no other, or VS Code's chat. */
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
 * Whether the model is missing in the list. False for routers, presets, and variants that OpenRouter makes of any model, such
 * as `:nitro`: the list never contains those.
 */
export function isUnlisted(model: string, listed: readonly ListedModel[]): boolean {
  if (listed.length === 0 || !/^(?!openrouter\/)\w/.test(model)) return false;
  const names = [model, model.replace(/:(?!free$)[^:]*$/, '')];
  return !listed.some(({ id, version }) => names.includes(id) || names.includes(version));
}

/**
 * The first listed model that OpenRouter names as successor, else the free model with tools whose name is nearest. A free
 * model never gets a paid successor.
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

/** The length of the common beginning of both texts, in characters. */
function sharedLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}

export interface MoveNewsPorts {
  /** This machine's name for the record, which windows on other machines share. */
  readonly machine: string;
  /** The proxy's origin; null while it does not run. */
  readonly origin: () => string | null;
  readonly isFocused: () => boolean;
  /** Whether a connected client has another address or key than the proxy. */
  readonly isOutdated: () => Promise<boolean>;
  /** The last move that the user was told of. */
  readonly record: SharedRecord;
}

export class MoveNews {
  constructor(
    private readonly ports: MoveNewsPorts,
    /** The last known origin; at first that of the settings. */
    private known: string,
  ) {}

  /** Resolves to whether to tell the user now: once for each move over all windows, and only in the focused window. */
  async look(): Promise<boolean> {
    const { machine, origin, isFocused, isOutdated, record } = this.ports;
    const now = origin();
    if (now === null || now === this.known || !isFocused()) return false;
    // Set before the await, because another change may arrive meanwhile.
    this.known = now;
    const news = (await isOutdated()) ? `${machine} ${now}` : undefined;
    if (record.read() === news) return false;
    await record.write(news);
    return news !== undefined;
  }
}
