// What is posted to the dashboard's page, and how often: nothing while nobody looks, and no more than an eye follows.
import type { Clock } from '../base/clock';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { Event } from '../base/event';
import type { KeywheelService } from '../service/keywheelService';
import type { DashboardTab, ToDashboard } from '../service/messages';
import { Pace } from '../service/pace';
import type { Series } from '../service/series';
import type { ExchangeView } from '../service/snapshot';
import type { CurrentState } from './currentState';

/** Changes come in bursts: the first is shown soon, the next ones once a second. */
const soonMs = 100;
const stateEveryMs = 1_000;
const historyEveryMs = 10_000;

export interface DashboardFeedPorts {
  readonly clock: Clock;
  readonly state: Pick<CurrentState, 'read' | 'onDidChange'>;
  readonly series: Pick<Series, 'view'>;
  readonly service: Pick<KeywheelService, 'activity' | 'onDidFinishExchange'> & {
    /** All that `activity()` and the series give is another. */
    readonly onDidChangeHistory: Event<void>;
  };
  readonly post: (message: ToDashboard) => void;
}

/** Follows the service for one page; silent until `show`, and again after `hide`. */
export class DashboardFeed implements Disposable {
  private readonly owned = new DisposableStore();
  private telling: Disposable | null = null;
  private toldAtMs = 0;
  private readonly redrawing: Pace;
  private tab: DashboardTab | null = null;
  private fresh: ExchangeView[] = [];

  constructor(private readonly ports: DashboardFeedPorts) {
    const { clock, state, service } = ports;
    this.redrawing = this.owned.add(new Pace(clock, historyEveryMs, () => this.redraw()));
    this.owned.add(
      state.onDidChange(() => {
        if (this.tab !== null) this.tellSoon();
      }),
    );
    this.owned.add(
      service.onDidChangeHistory(() => {
        if (this.tab !== null) this.show(this.tab);
      }),
    );
    this.owned.add(service.onDidFinishExchange((exchange) => this.note(exchange)));
  }

  /** The page shows this tab: it gets all that the tab needs at once, and then what changes. */
  show(tab: DashboardTab): void {
    this.tab = tab;
    this.fresh = [];
    if (tab === 'history') this.redraw();
    if (tab === 'activity') this.ports.post({ type: 'activity', exchanges: this.ports.service.activity() });
  }

  hide(): void {
    this.telling?.dispose();
    this.telling = null;
    this.tab = null;
    this.fresh = [];
  }

  /** What the user has just done is shown at once. */
  now(): void {
    this.tell();
  }

  dispose(): void {
    this.hide();
    this.owned.dispose();
  }

  private note(exchange: ExchangeView): void {
    if (this.tab === 'activity') this.fresh.push(exchange);
    if (this.tab === 'history') this.redrawing.touch();
    if (this.tab !== null) this.tellSoon();
  }

  private tellSoon(): void {
    if (this.telling !== null) return;
    const { clock } = this.ports;
    const waitMs = this.toldAtMs + stateEveryMs - clock.nowMs();
    // A clock that was set back must not keep the page waiting.
    const inMs = Math.min(Math.max(waitMs, soonMs), stateEveryMs);
    this.telling = clock.after(inMs, () => this.tell());
  }

  private tell(): void {
    this.telling?.dispose();
    this.telling = null;
    const { clock, post, state } = this.ports;
    if (this.tab === null) return;
    this.toldAtMs = clock.nowMs();
    post({ type: 'state', state: state.read() });
    if (this.fresh.length === 0) return;
    post({ type: 'exchanges', exchanges: this.fresh });
    this.fresh = [];
  }

  private redraw(): void {
    if (this.tab === 'history') this.ports.post({ type: 'history', series: this.ports.series.view() });
  }
}
