// What was, as far back as anybody looks: the last exchanges, the last 24 hours, and which account made what.
import * as v from 'valibot';
import type { Clock } from '../base/clock';
import { DisposableStore, type Disposable } from '../base/disposable';
import { Emitter, type Event } from '../base/event';
import type { AccountId } from '../keys/account';
import { dayMs } from '../keys/calendar';
import { Recent } from '../keys/recent';
import { readVersioned } from '../keys/versioned';
import { mostRemembered, type Wheel } from '../keys/wheel';
import type { ExchangeReport } from '../proxy/report';
import { Activity, savedExchangesSchema } from './activity';
import { restoreResultOf, type RestoreResult } from './restoreResult';
import { savedBucketsSchema, Series } from './series';
import type { ExchangeView } from './snapshot';

/** To be raised when an older Keywheel would misread what a newer one wrote. */
const historyVersion = 1;

/** Of what is saved the oldest parts are left out where it would be more, however many names a day has seen: in characters. */
const mostSaved = { exchanges: 400_000, buckets: 400_000, made: 200_000 };

const savedSchema = v.object({
  version: v.literal(historyVersion),
  savedAtMs: v.number(),
  exchanges: savedExchangesSchema,
  buckets: savedBucketsSchema,
  /** Id, account, when; oldest first. */
  made: v.array(v.tuple([v.string(), v.string(), v.number()])),
});
export type SavedHistory = v.InferOutput<typeof savedSchema>;

export interface HistoryPorts {
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
  /** Whose makers of things are remembered; where none is given, the memory is the history's own. */
  readonly wheel?: Wheel;
}

export class History implements Disposable {
  readonly series: Series;
  private readonly activity = new Activity();
  private readonly made: Recent<AccountId>;
  private readonly owned = new DisposableStore();
  private readonly changed: Emitter<void>;
  private readonly replaced: Emitter<void>;

  constructor(private readonly ports: HistoryPorts) {
    const { clock, onError, wheel } = ports;
    this.series = new Series(clock);
    this.made = wheel?.makers ?? new Recent(mostRemembered, dayMs);
    this.changed = this.owned.add(new Emitter(onError));
    this.replaced = this.owned.add(new Emitter(onError));
  }

  /** Something is new in it, or all of it. */
  get onDidChange(): Event<void> {
    return this.changed.event;
  }

  /** All of it is another. */
  get onDidReplace(): Event<void> {
    return this.replaced.event;
  }

  /** An exchange that is over, as views see it from now on. */
  add(report: ExchangeReport): ExchangeView {
    const view = this.activity.add(report);
    this.note(view);
    return view;
  }

  /** One that another history has numbered. */
  put(view: ExchangeView): void {
    this.activity.put(view);
    this.note(view);
  }

  newestFirst(): readonly ExchangeView[] {
    return this.activity.newestFirst();
  }

  /** Plain JSON of a million characters at most; keys by their ids, without secrets, without contents. */
  save(): SavedHistory {
    const nowMs = this.ports.clock.nowMs();
    return {
      version: historyVersion,
      savedAtMs: nowMs,
      exchanges: newestWithin(mostSaved.exchanges, this.activity.save(), exchangeLength),
      buckets: newestWithin(mostSaved.buckets, this.series.save(), bucketLength),
      made: newestWithin(mostSaved.made, this.savedMade(nowMs), madeLength),
    };
  }

  /** Puts what was saved in the place of what is here; what cannot be read changes nothing. */
  restore(raw: unknown): RestoreResult {
    const read = readVersioned(raw, historyVersion, savedSchema);
    if (read.kind === 'good') this.replaceBy(read.state);
    return restoreResultOf(read);
  }

  /** Nothing was. */
  clear(): void {
    this.made.clear();
    this.replaceBy({ exchanges: [], buckets: [], made: [] });
  }

  dispose(): void {
    this.owned.dispose();
  }

  /** Each account by its name of now: the first reading gives it another one. */
  private savedMade(nowMs: number): SavedHistory['made'] {
    const { wheel } = this.ports;
    return this.made
      .save(nowMs)
      .map(([id, maker, atMs]) => [id, wheel?.roster.account(maker)?.accountId ?? maker, atMs]);
  }

  private note(view: ExchangeView): void {
    this.series.add(view);
    for (const { id, accountId } of view.made) this.made.set(id, accountId, view.endedAtMs);
    this.changed.fire();
  }

  private replaceBy({
    exchanges,
    buckets,
    made,
  }: Pick<SavedHistory, 'exchanges' | 'buckets' | 'made'>): void {
    this.activity.restore(exchanges);
    this.series.restore(buckets);
    this.made.restore(made);
    this.replaced.fire();
    this.changed.fire();
  }
}

/** The last of the list, as many as fit. */
function newestWithin<T>(most: number, oldestFirst: readonly T[], lengthOf: (each: T) => number): T[] {
  let length = 0;
  let from = oldestFirst.length;
  for (const each of [...oldestFirst].reverse()) {
    length += lengthOf(each);
    if (length > most) break;
    from--;
  }
  return oldestFirst.slice(from);
}

// Upper bounds, as making the text twice would take longer than all else of saving.
function exchangeLength({ client, path, model, attempts }: SavedHistory['exchanges'][number]): number {
  return 400 + client.length + path.length + (model?.length ?? 0) + 120 * attempts.length;
}

function bucketLength({ keys, firstToken, models, clients }: SavedHistory['buckets'][number]): number {
  const counts = 30 * (Object.keys(keys).length + Object.keys(firstToken).length);
  const uses = [...Object.keys(models), ...Object.keys(clients)];
  return 250 + counts + uses.reduce((sum, name) => sum + name.length + 130, 0);
}

function madeLength([id, accountId]: SavedHistory['made'][number]): number {
  return 25 + id.length + accountId.length;
}
