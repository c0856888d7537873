// The dashboard's page: created once, then updated in place; only the visible tab is drawn.
import {
  tabSchema,
  type DashboardAction,
  type DashboardState,
  type DashboardTab,
  type FromDashboard,
  type ModelView,
} from '../service/messages';
import type { ExchangeView, SeriesView } from '../service/snapshot';
import { AccountsPanel } from './accountsPanel';
import { accountsView } from './accountsView';
import { ActivityPanel } from './activityPanel';
import { button } from './controls';
import { Countdowns } from './countdowns';
import { element, setText } from './dom';
import { Formats } from '../words/formats';
import { HistoryPanel } from './historyPanel';
import { ModelsPanel } from './modelsPanel';
import { Overview } from './overview';
import { overviewView } from './overviewView';
import type { PageState } from './pageState';
import type { Speech } from '../words/stateWords';
import type { Translate } from '../words/translate';

export interface PagePorts {
  readonly t: Translate;
  /** BCP 47 tag. */
  readonly locale: string;
  readonly state: DashboardState;
  readonly kept: PageState;
  readonly send: (message: FromDashboard) => void;
  readonly keep: (change: Partial<PageState>) => void;
}

const tabs = tabSchema.options;

export class Page {
  readonly element = element('div', 'page');
  private readonly overview: Overview;
  private readonly accounts: AccountsPanel;
  private readonly history: HistoryPanel;
  private readonly activity: ActivityPanel;
  private readonly models: ModelsPanel;
  private readonly tabBar = element('vscode-tabs');
  private readonly announcer = element('div', 'visually-hidden');
  private readonly countdowns: Countdowns;
  private formats: Formats;
  private state: DashboardState;
  private series: SeriesView | null = null;
  private freeModels: readonly ModelView[] | null = null;
  private tab: DashboardTab;

  constructor(private readonly ports: PagePorts) {
    const { t, locale, send, kept, keep } = ports;
    this.state = ports.state;
    this.tab = kept.tab;
    this.formats = new Formats(locale, ports.state.snapshot.timezone);
    this.countdowns = new Countdowns(t);
    const speech = (): Speech => this.speech();
    this.overview = new Overview(t, {
      run: (action) => send({ type: 'run', action }),
      disconnect: (client) => send({ type: 'disconnect', client }),
      showActivity: () => this.turnTo('activity'),
    });
    this.accounts = new AccountsPanel({ t, countdowns: this.countdowns, send });
    this.history = new HistoryPanel({
      speech,
      send,
      period: kept.period,
      onPeriod: (period) => {
        keep({ period });
        this.draw();
      },
    });
    this.activity = new ActivityPanel({
      speech,
      sort: kept.sort,
      onSort: (sort) => keep({ sort }),
      countdowns: this.countdowns,
      copyReport: (id) => send({ type: 'copyReport', id }),
      export: (format, ids) => send({ type: 'export', format, ids: [...ids] }),
      clear: () => send({ type: 'clearActivity' }),
      cancel: (requestId) => send({ type: 'cancel', requestId }),
    });
    this.models = new ModelsPanel({ speech, send });
    this.announcer.setAttribute('role', 'status');
    this.element.append(this.overview.element, this.tabs(), this.announcer);
    this.update(ports.state);
  }

  update(state: DashboardState): void {
    this.state = state;
    const { timezone, atMs } = state.snapshot;
    if (timezone !== this.formats.timezone) this.formats = new Formats(this.ports.locale, timezone);
    this.countdowns.setNow(atMs);
    const speech = this.speech();
    const overview = overviewView(state, speech);
    this.overview.update(overview);
    setText(this.announcer, overview.announcement);
    this.draw();
  }

  showHistory(series: SeriesView): void {
    this.series = series;
    this.draw();
  }

  showModels(models: readonly ModelView[]): void {
    this.freeModels = models;
    this.draw();
  }

  /** Newest first. */
  showActivity(exchanges: readonly ExchangeView[]): void {
    this.activity.replace(exchanges);
  }

  /** Oldest first. */
  addActivity(exchanges: readonly ExchangeView[]): void {
    this.activity.add(exchanges);
  }

  /** Shows the result of an action on a key or account. */
  note(keyId: string, accountId: string, text: string): void {
    this.accounts.note(keyId, accountId, text);
    setText(this.announcer, text);
  }

  /** Announces that something was copied; other actions are visible. */
  acknowledge(action: DashboardAction | 'copyReport'): void {
    if (action !== 'copyBaseUrl' && action !== 'copyProxyKey' && action !== 'copyReport') return;
    if (action !== 'copyReport') this.overview.copied(action);
    setText(this.announcer, this.ports.t('Copied'));
  }

  private draw(): void {
    const { snapshot } = this.state;
    if (this.tab === 'accounts') this.accounts.update(accountsView(this.state, this.speech()));
    if (this.tab === 'activity') this.activity.run(snapshot.running);
    if (this.tab === 'history' && this.series) this.history.update(this.series, snapshot);
    if (this.tab === 'models') this.models.update(this.freeModels, snapshot);
  }

  private tabs(): HTMLElement {
    const { t, send } = this.ports;
    const { accounts, history, activity, models } = this;
    const panels = { accounts, history, activity, models };
    const names = {
      accounts: t('Accounts'),
      history: t('History'),
      activity: t('Activity'),
      models: t('Models'),
    };
    const made = this.tabBar;
    made.selectedIndex = tabs.indexOf(this.tab);
    const add = button(t('Add Key'), () => send({ type: 'run', action: 'addKey' }), { icon: 'add' });
    add.slot = 'addons';
    made.append(
      ...tabs.map((tab) => element('vscode-tab-header', '', names[tab])),
      ...tabs.map((tab) => element('vscode-tab-panel', '', panels[tab].element)),
      add,
    );
    made.addEventListener('vsc-tabs-select', (event) => this.select(tabs[event.detail.selectedIndex]));
    return made;
  }

  private turnTo(tab: DashboardTab): void {
    this.tabBar.selectedIndex = tabs.indexOf(tab);
    this.select(tab);
  }

  private select(tab: DashboardTab | undefined): void {
    if (tab === undefined || tab === this.tab) return;
    this.tab = tab;
    this.ports.keep({ tab });
    this.ports.send({ type: 'show', tab });
    this.draw();
  }

  private speech(): Speech {
    return { t: this.ports.t, formats: this.formats, nowMs: this.state.snapshot.atMs };
  }
}
