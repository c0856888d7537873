// Detects that connected clients use an old address of the proxy, or another model than the chosen one.
import { isFreeModel } from '../keys/freeModel';
import type { SharedRecord } from '../service/notices/noticeTurn';
import type { ExchangeView } from '../service/snapshot';
import type { Client } from './client';

/** A request that names a model; `client` is the name in the activity list. */
export type AskedModel = Pick<ExchangeView, 'client' | 'class' | 'startedAtMs'> & { readonly model: string };

/** The client's requests that name a model, since it was connected, newest first. */
export function askedModels(
  { name }: Pick<Client, 'name'>,
  { connectedAtMs = 0 }: { readonly connectedAtMs?: number },
  newestFirst: readonly ExchangeView[],
): readonly AskedModel[] {
  return newestFirst.flatMap(({ client, class: requestClass, startedAtMs, model }) =>
    client === name && model !== null && startedAtMs >= connectedAtMs
      ? [{ client, class: requestClass, startedAtMs, model }]
      : [],
  );
}

/**
 * The request that shows that the client does not use the chosen model, or null: its first request if it names another model, or
 * a later one for a paid model although a free one was chosen. Another free model later is the user's choice.
 */
export function strayRequest(chosen: string | null, newestFirst: readonly AskedModel[]): AskedModel | null {
  if (chosen === null) return null;
  const strays = newestFirst.filter(({ model }) => model !== chosen).reverse();
  const first = newestFirst.at(-1);
  return strays.find((asked) => asked === first || (isFreeModel(chosen) && asked.class === 'paid')) ?? null;
}

export interface MoveNewsPorts {
  /** Written into the record, which windows on other machines share. */
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
