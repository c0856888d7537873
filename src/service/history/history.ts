// The history: the last exchanges, the sums of the last 24 hours and 35 days, and which account made which thing at upstream.
import * as v from 'valibot';
import type { Clock } from '../../base/clock';
import { DisposableStore, type Disposable } from '../../base/disposable';
import { Emitter, type Event } from '../../base/event';
import type { AccountId } from '../../keys/account';
import { dayMs } from '../../keys/calendar';
import { Recent } from '../../keys/recent';
import { readVersioned, type SavedRead } from '../../keys/versioned';
import type { Pool } from '../../keys/pool';
import { mostRemembered } from '../../keys/wheel';
import type { ExchangeReport } from '../../proxy/report';
import { Activity, savedExchangesSchema } from './activity';
import { savedBucketsSchema, savedHoursSchema, Series } from './series';
import type { ExchangeView } from '../snapshot';

/** Raise it when an older Keywheel would misread what this one writes. */
const historyVersion = 1;

/** Upper bounds of the saved parts, in characters; the oldest entries beyond are left out. */
const mostSaved = { exchanges: 400_000, buckets: 400_000, made: 200_000 };

const savedSchema = v.object({
  version: v.literal(historyVersion),
  savedAtMs: v.number(),
  exchanges: savedExchangesSchema,
  buckets: savedBucketsSchema,
  hours: savedHoursSchema,
  /** Id, account, when; oldest first. */
  made: v.array(v.tuple([v.string(), v.string(), v.number()])),
});
export type SavedHistory = v.InferOutput<typeof savedSchema>;

export interface HistoryPorts {
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
  /** Its `makers` are saved; without a pool the history has its own. */
  readonly pool?: Pool;
}

export class History implements Disposable {
  readonly series: Series;
  private readonly activity = new Activity();
  private readonly made: Recent<AccountId>;
  private readonly owned = new DisposableStore();
  private readonly changed = this.owned.add(new Emitter<void>((error) => this.ports.onError(error)));
  private readonly replaced = this.owned.add(new Emitter<void>((error) => this.ports.onError(error)));
  /** An exchange was added, or all of it was replaced. */
  readonly onDidChange: Event<void> = this.changed.event;
  /** All of it was replaced. */
  readonly onDidReplace: Event<void> = this.replaced.event;

  constructor(private readonly ports: HistoryPorts) {
    const { clock, pool } = ports;
    this.series = new Series(clock);
    this.made = pool?.makers ?? new Recent(mostRemembered, dayMs);
  }

  /** Adds an exchange that has ended, and returns it as views show it. */
  add(report: ExchangeReport): ExchangeView {
    const view = this.activity.add(report);
    this.note(view);
    return view;
  }

  /** Adds an exchange that another history has numbered. */
  put(view: ExchangeView): void {
    this.activity.put(view);
    this.note(view);
  }

  newestFirst(): readonly ExchangeView[] {
    return this.activity.newestFirst();
  }

  /** Plain JSON of 1.2 million characters at most; keys by their ids, without secrets, without contents. */
  save(): SavedHistory {
    const nowMs = this.ports.clock.wallMs();
    const { buckets, hours } = this.series.save();
    return {
      version: historyVersion,
      savedAtMs: nowMs,
      exchanges: newestWithin(mostSaved.exchanges, this.activity.save()),
      buckets: newestWithin(mostSaved.buckets, buckets),
      hours: [...hours],
      made: newestWithin(mostSaved.made, this.savedMade(nowMs)),
    };
  }

  /** Replaces the history by a saved one; an unreadable one changes nothing. */
  restore(raw: unknown): SavedRead<SavedHistory> {
    const read = readVersioned(raw, historyVersion, savedSchema);
    if (read.kind === 'good') this.replaceBy(read.state);
    return read;
  }

  /** Empties the list of exchanges; sums and counts stay. */
  clearActivity(): void {
    this.activity.restore([]);
    this.replaced.fire();
    this.changed.fire();
  }

  clear(): void {
    this.made.clear();
    this.replaceBy({ exchanges: [], buckets: [], hours: [], made: [] });
  }

  dispose(): void {
    this.owned.dispose();
  }

  /** Each account by its present id: the first reading changes it. */
  private savedMade(nowMs: number): SavedHistory['made'] {
    const { pool } = this.ports;
    return this.made
      .save(nowMs)
      .map(([id, maker, atMs]) => [id, pool?.account(maker)?.accountId ?? maker, atMs]);
  }

  private note(view: ExchangeView): void {
    this.series.add(view);
    for (const { id, accountId } of view.made) this.made.set(id, accountId, view.endedAtMs);
    this.changed.fire();
  }

  private replaceBy({ exchanges, buckets, hours, made }: Omit<SavedHistory, 'version' | 'savedAtMs'>): void {
    this.activity.restore(exchanges);
    this.series.restore({ buckets, hours });
    this.made.restore(made);
    this.replaced.fire();
    this.changed.fire();
  }
}

/** The newest entries, as many as fit into so many characters. */
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
