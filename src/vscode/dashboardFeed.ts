// Posts state to the dashboard's page: throttled, and nothing while the page is hidden.
import { Alarm, Pace, type Clock } from '../base/clock';
import { freeModels, type ListedModel } from '../clients/modelList';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { Event } from '../base/event';
import type { KeywheelService } from '../service/keywheelService';
import type { DashboardTab, ToDashboard } from '../service/messages';
import type { Series } from '../service/history/series';
import type { ExchangeView } from '../service/snapshot';
import type { StateSource } from './stateSource';

/** Changes come in bursts: the first is posted soon, the next ones once a second. */
const soonMs = 100;
const stateEveryMs = 1_000;
/** For so long after an action of the user changes are posted within `soonMs`, because the snapshot follows later. */
const promptForMs = 600;
const historyEveryMs = 10_000;

export interface DashboardFeedPorts {
  readonly clock: Clock;
  readonly state: StateSource;
  readonly series: Pick<Series, 'view'>;
  readonly service: Pick<KeywheelService, 'activity' | 'onDidFinishExchange'> & {
    /** `activity()` and the series were replaced. */
    readonly onDidChangeHistory: Event<void>;
  };
  /** OpenRouter's list; empty if it is unavailable. Never rejects. */
  readonly models: () => Promise<readonly ListedModel[]>;
  readonly post: (message: ToDashboard) => void;
}

/** Follows the service for one page; posts nothing before `show` and after `hide`. */
export class DashboardFeed implements Disposable {
  private readonly owned = new DisposableStore();
  private readonly posting: Alarm;
  private postedAtMs = 0;
  private promptUntilMs = 0;
  private readonly redrawing: Pace;
  private tab: DashboardTab | null = null;
  private fresh: ExchangeView[] = [];

  constructor(private readonly ports: DashboardFeedPorts) {
    const { clock, state, service } = ports;
    this.posting = new Alarm(clock, () => this.postState());
    this.redrawing = this.owned.add(new Pace(clock, historyEveryMs, () => this.redraw()));
    this.owned.add(
      state.onDidChange(() => {
        if (this.tab !== null) this.postSoon();
      }),
    );
    this.owned.add(
      service.onDidChangeHistory(() => {
        if (this.tab !== null) this.show(this.tab);
      }),
    );
    this.owned.add(service.onDidFinishExchange((exchange) => this.note(exchange)));
  }

  /** Posts the tab's own content, and from now on the changes of state and tab. */
  show(tab: DashboardTab): void {
    this.tab = tab;
    this.fresh = [];
    if (tab === 'history' || tab === 'models') this.redraw();
    if (tab === 'activity') this.ports.post({ type: 'activity', exchanges: this.ports.service.activity() });
  }

  hide(): void {
    this.posting.dispose();
    this.tab = null;
    this.fresh = [];
  }

  /** After an action of the user: posts the state, and for `promptForMs` each change within `soonMs`. */
  now(): void {
    this.promptUntilMs = this.ports.clock.elapsedMs() + promptForMs;
    this.postState();
  }

  dispose(): void {
    this.hide();
    this.owned.dispose();
  }

  private note(exchange: ExchangeView): void {
    if (this.tab === 'activity') this.fresh.push(exchange);
    if (this.tab === 'history' || this.tab === 'models') this.redrawing.touch();
    if (this.tab !== null) this.postSoon();
  }

  private postSoon(): void {
    const nowMs = this.ports.clock.elapsedMs();
    const atMs =
      nowMs < this.promptUntilMs
        ? this.postedAtMs + soonMs
        : Math.max(this.postedAtMs + stateEveryMs, nowMs + soonMs);
    this.posting.set(Math.min(this.posting.atMs, atMs));
  }

  private postState(): void {
    this.posting.dispose();
    const { clock, post, state } = this.ports;
    if (this.tab === null) return;
    this.postedAtMs = clock.elapsedMs();
    post({ type: 'state', state: state.read() });
    if (this.fresh.length === 0) return;
    post({ type: 'exchanges', exchanges: this.fresh });
    this.fresh = [];
  }

  private redraw(): void {
    if (this.tab === 'history') this.ports.post({ type: 'history', series: this.ports.series.view() });
    if (this.tab === 'models') void this.postModels();
  }

  private async postModels(): Promise<void> {
    const { models, series, service, post } = this.ports;
    const listed = await models();
    if (this.tab === 'models')
      post({ type: 'models', models: freeModels(listed, series.view(), service.activity()) });
  }
}
