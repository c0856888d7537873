// The history: the last exchanges, the sums of the last 24 hours and 35 days, and which account made which thing at upstream.
import * as v from 'valibot';
import { Pace, type Clock } from '../../base/clock';
import { DisposableStore, type Disposable } from '../../base/disposable';
import { Emitter, type Event } from '../../base/event';
import type { AccountId } from '../../keys/account';
import { RecentEntries } from '../../keys/recentEntries';
import { readVersioned, type SavedRead } from '../../base/json';
import type { Pool } from '../../keys/pool';
import type { ExchangeReport } from '../../proxy/report';
import { needsNoKey } from '../../proxy/request/target';
import { mostExchanges, numbered, restoredExchange, savedExchange, savedExchangesSchema } from './activity';
import { savedBucketsSchema, savedHoursSchema, Series } from './series';
import type { StateOwner } from '../saved/stateKeeping';
import type { ExchangeView } from '../snapshot';

/** To be raised when an older Keywheel would misread a record that this one writes. */
const historyVersion = 1;

/** Most kept exchanges of requests that need no key: any program may send those, and they must not push out other ones. */
const mostKeyless = 50;

/** The history is saved at most this often, as it is large. A killed process loses that much; other windows still have it. */
const stateEveryMs = 10_000;

/** Upper bounds of the saved parts, in characters; the oldest entries that do not fit are left out. */
const mostSaved = { exchanges: 400_000, buckets: 400_000, made: 200_000 };

const savedSchema = v.object({
  version: v.literal(historyVersion),
  savedAtMs: v.number(),
  exchanges: savedExchangesSchema,
  buckets: savedBucketsSchema,
  /** Absent from records of older versions. */
  hours: v.optional(savedHoursSchema, []),
  /** Id of the thing, id of the account that made it, wall time; oldest first. */
  made: v.array(v.tuple([v.string(), v.string(), v.number()])),
});
export type SavedHistory = v.InferOutput<typeof savedSchema>;

export interface HistoryPorts {
  readonly clock: Clock;
  /** Wall time; default: the clock's. */
  readonly nowMs?: () => number;
  /** The setting `timezone`; default: the machine's own zone. */
  readonly timezone?: () => string;
  readonly onError: (error: unknown) => void;
  /** Its `makers` are saved; without a pool the history has its own. */
  readonly pool?: Pool;
  /** Whether this process saves the history, as the one that served last. Default: true. */
  readonly isOurs?: () => boolean;
}

export class History implements StateOwner, Disposable {
  readonly series: Series;
  /** Oldest first. */
  private exchanges: ExchangeView[] = [];
  private nextId = 1;
  private readonly made: RecentEntries<AccountId>;
  private readonly owned = new DisposableStore();
  private readonly replaced = this.owned.add(new Emitter<void>((error) => this.ports.onError(error)));
  /** The whole history was replaced. */
  readonly onDidReplace: Event<void> = this.replaced.event;
  private readonly stateChanged = this.owned.add(new Emitter<void>((error) => this.ports.onError(error)));
  /** `savedState()` may have changed; at most every ten seconds. */
  readonly onDidChangeState: Event<void> = this.stateChanged.event;
  private readonly nowMs: () => number;
  private readonly statePace: Pace;
  private isNew = false;

  constructor(private readonly ports: HistoryPorts) {
    const { clock, pool, timezone } = ports;
    this.nowMs = ports.nowMs ?? (() => clock.wallMs());
    this.series = new Series({ wallMs: this.nowMs }, timezone);
    this.made = pool?.makers ?? new RecentEntries();
    this.statePace = this.owned.add(new Pace(clock, stateEveryMs, () => this.stateChanged.fire()));
  }

  /** Adds an exchange that has ended, and returns it as views show it. */
  add(report: ExchangeReport): ExchangeView {
    const view = numbered(report, this.nextId);
    this.put(view);
    return view;
  }

  /** Adds an exchange that another history has numbered. */
  put(view: ExchangeView): void {
    this.exchanges.push(view);
    this.nextId = view.id + 1;
    const keyless = isKeyless(view) ? this.exchanges.filter(isKeyless) : [];
    if (keyless.length > mostKeyless) this.exchanges = this.exchanges.filter((each) => each !== keyless[0]);
    if (this.exchanges.length > mostExchanges) this.exchanges.shift();
    this.series.add(view);
    for (const { id, accountId } of view.made) this.made.set(id, accountId, view.endedAtMs);
    this.touch();
  }

  newestFirst(): readonly ExchangeView[] {
    return this.exchanges.toReversed();
  }

  /** Plain JSON of 1.2 million characters at most; keys by their ids, without secrets, without contents. */
  save(): SavedHistory {
    const nowMs = this.nowMs();
    const { buckets, hours } = this.series.save();
    return {
      version: historyVersion,
      savedAtMs: nowMs,
      exchanges: newestWithin(mostSaved.exchanges, this.exchanges.map(savedExchange)),
      buckets: newestWithin(mostSaved.buckets, buckets),
      hours: [...hours],
      made: newestWithin(mostSaved.made, this.savedMade(nowMs)),
    };
  }

  /** The history as it is saved; undefined if nothing is new since the last call. */
  savedState(): SavedHistory | undefined {
    if (!this.isNew) return undefined;
    this.isNew = false;
    return this.save();
  }

  /** Replaces the history by that of another process. */
  receive(raw: unknown): void {
    this.restore(raw);
    this.touch();
  }

  /** Replaces the history by a saved one; an unreadable one changes nothing. */
  restore(raw: unknown): SavedRead<SavedHistory> {
    const read = readVersioned(raw, historyVersion, savedSchema);
    if (read.kind === 'good') this.replaceBy(read.state);
    return read;
  }

  /** Empties the list of exchanges; sums and counts stay. */
  clearActivity(): void {
    this.exchanges = [];
    this.nextId = 1;
    this.replaced.fire();
    this.touch();
  }

  clear(): void {
    this.made.clear();
    this.replaceBy({ exchanges: [], buckets: [], hours: [], made: [] });
    this.touch();
  }

  dispose(): void {
    this.owned.dispose();
  }

  /** The makers under the present ids of their accounts: the first reading of a key changes its account's id. */
  private savedMade(nowMs: number): SavedHistory['made'] {
    const { pool } = this.ports;
    return this.made
      .save(nowMs)
      .map(([id, maker, atMs]) => [id, pool?.roster.account(maker)?.accountId ?? maker, atMs]);
  }

  private touch(): void {
    if (this.ports.isOurs?.() === false) return;
    this.isNew = true;
    this.statePace.touch();
  }

  private replaceBy({ exchanges, buckets, hours, made }: Omit<SavedHistory, 'version' | 'savedAtMs'>): void {
    this.exchanges = exchanges.map(restoredExchange);
    this.nextId = Math.max(0, ...exchanges.map(({ id }) => id)) + 1;
    this.series.restore({ buckets, hours });
    this.made.restore(made);
    this.replaced.fire();
  }
}

function isKeyless(exchange: ExchangeView): boolean {
  return exchange.class === 'unmetered' && needsNoKey(exchange.method, exchange.path);
}

/** The newest entries that fit into `most` characters together. */
function newestWithin<T>(most: number, oldestFirst: readonly T[]): T[] {
  let length = 0;
  let from = oldestFirst.length;
  for (const each of [...oldestFirst].reverse()) {
    length += JSON.stringify(each).length + 1;
    if (length > most) break;
    from--;
  }
  return oldestFirst.slice(from);
}
