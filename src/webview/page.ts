// The dashboard's page: made once, then updated in place; only the tab in front is drawn.
import type { DashboardAction, DashboardState, DashboardTab, FromDashboard } from '../service/messages';
import type { ExchangeView, SeriesView } from '../service/snapshot';
import { AccountsPanel } from './accountsPanel';
import { accountsView } from './accountsView';
import { ActivityPanel } from './activityPanel';
import { button } from './controls';
import { Countdowns } from './countdowns';
import { element, setText } from './dom';
import { Formats } from './formats';
import { HistoryPanel } from './historyPanel';
import { Overview } from './overview';
import { overviewView } from './overviewView';
import type { Speech } from './stateWords';
import type { Translate } from './translate';

export interface PagePorts {
  readonly t: Translate;
  /** BCP 47 tag. */
  readonly locale: string;
  readonly state: DashboardState;
  readonly tab: DashboardTab;
  readonly send: (message: FromDashboard) => void;
  readonly onTab: (tab: DashboardTab) => void;
}

const tabs: readonly DashboardTab[] = ['accounts', 'history', 'activity'];

export class Page {
  readonly element = element('div', 'page');
  private readonly overview: Overview;
  private readonly accounts: AccountsPanel;
  private readonly history: HistoryPanel;
  private readonly activity: ActivityPanel;
  private readonly announcer = element('div', 'visually-hidden');
  private readonly countdowns: Countdowns;
  private formats: Formats;
  private state: DashboardState;
  private series: SeriesView | null = null;
  private tab: DashboardTab;

  constructor(private readonly ports: PagePorts) {
    const { t, locale, send } = ports;
    this.state = ports.state;
    this.tab = ports.tab;
    this.formats = new Formats(locale, ports.state.snapshot.timezone);
    this.countdowns = new Countdowns(t);
    const speech = (): Speech => this.speech();
    this.overview = new Overview(t, (action) => send({ type: 'run', action }));
    this.accounts = new AccountsPanel({ t, countdowns: this.countdowns, send });
    this.history = new HistoryPanel({ speech, send });
    this.activity = new ActivityPanel({ speech, copyReport: (id) => send({ type: 'copyReport', id }) });
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

  /** Newest first. */
  showActivity(exchanges: readonly ExchangeView[]): void {
    this.activity.replace(exchanges);
  }

  /** Oldest first. */
  addActivity(exchanges: readonly ExchangeView[]): void {
    this.activity.add(exchanges);
  }

  /** Says that what was asked for is done; other actions show for themselves. */
  acknowledge(action: DashboardAction | 'copyReport'): void {
    if (action !== 'copyBaseUrl' && action !== 'copyProxyKey' && action !== 'copyReport') return;
    if (action !== 'copyReport') this.overview.copied(action);
    setText(this.announcer, this.ports.t('Copied'));
  }

  private draw(): void {
    const { snapshot } = this.state;
    if (this.tab === 'accounts') this.accounts.update(accountsView(this.state, this.speech()));
    if (this.tab === 'history' && this.series) this.history.update(this.series, snapshot);
  }

  private tabs(): HTMLElement {
    const { t, send } = this.ports;
    const names = { accounts: t('Accounts'), history: t('Last 24 hours'), activity: t('Activity') };
    const panels = { accounts: this.accounts, history: this.history, activity: this.activity };
    const made = element('vscode-tabs');
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

  private select(tab: DashboardTab | undefined): void {
    if (tab === undefined || tab === this.tab) return;
    this.tab = tab;
    this.ports.onTab(tab);
    this.ports.send({ type: 'show', tab });
    this.draw();
  }

  private speech(): Speech {
    return { t: this.ports.t, formats: this.formats, nowMs: this.state.snapshot.atMs };
  }
}
