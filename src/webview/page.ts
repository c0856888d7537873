// The dashboard's page, drawn anew with each change; only the visible tab is drawn.
import '@vscode-elements/elements/dist/vscode-tab-header/index.js';
import '@vscode-elements/elements/dist/vscode-tab-panel/index.js';
import '@vscode-elements/elements/dist/vscode-tabs/index.js';
import type { VscTabsSelectEvent } from '@vscode-elements/elements/dist/vscode-tabs/vscode-tabs.js';
import { html, noChange, nothing, type TemplateResult } from 'lit-html';
import {
  tabSchema,
  type Action,
  type DashboardState,
  type DashboardTab,
  type FromDashboard,
  type ModelView,
  type ToDashboard,
} from '../service/messages';
import type { SeriesView } from '../service/snapshot';
import { actionButton } from './actions';
import { AccountsPanel } from './accountsPanel';
import { accountsView } from './accountsView';
import { ActivityPanel } from './activityPanel';
import { Countdowns } from './timers';
import { Formats } from '../words/formats';
import { HistoryPanel } from './historyPanel';
import { modelsPanel } from './modelsPanel';
import { Overview } from './overview';
import { overviewView } from './overviewView';
import type { PageState } from './pageState';
import { draw, type PanelPorts } from './parts';
import type { TextContext } from '../words/stateWords';
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
const minuteMs = 60_000;

export class Page {
  readonly element = document.createElement('div');
  private readonly panelPorts: PanelPorts;
  private readonly overview: Overview;
  private readonly accounts: AccountsPanel;
  private readonly history: HistoryPanel;
  private readonly activity: ActivityPanel;
  private formats: Formats;
  private state: DashboardState;
  /** The text that screen readers announce. */
  private said = '';
  private series: SeriesView | null = null;
  private freeModels: readonly ModelView[] | null = null;
  private tab: DashboardTab;

  constructor(private readonly ports: PagePorts) {
    const { t, locale, state, kept, send, keep } = ports;
    this.state = state;
    this.tab = kept.tab;
    this.formats = new Formats(locale, state.snapshot.timezone);
    const redraw = (): void => this.draw();
    this.panelPorts = {
      t,
      textContext: () => this.textContext(),
      countdowns: new Countdowns(t, redraw),
      send,
      keep,
      show: (tab) => this.show(tab),
      redraw,
    };
    this.overview = new Overview(this.panelPorts);
    this.accounts = new AccountsPanel(this.panelPorts);
    this.history = new HistoryPanel(this.panelPorts, kept.period);
    this.activity = new ActivityPanel(this.panelPorts, kept.sort);
    this.element.className = 'page';
    // The style sheet hides columns on a narrow page, and cells that span all columns must follow.
    new ResizeObserver(redraw).observe(this.element);
    // The time until the reset is shown in minutes.
    window.setInterval(redraw, minuteMs);
    this.update(state);
  }

  private update(state: DashboardState): void {
    this.state = state;
    const { timezone, atMs } = state.snapshot;
    if (timezone !== this.formats.timezone) this.formats = new Formats(this.ports.locale, timezone);
    this.panelPorts.countdowns.setNow(atMs);
    this.said = overviewView(state, this.textContext()).announcement;
    this.draw();
  }

  take(message: Exclude<ToDashboard, { type: 'hello' }>): void {
    switch (message.type) {
      case 'state':
        this.update(message.state);
        return;
      case 'history':
        this.series = message.series;
        break;
      case 'models':
        this.freeModels = message.models;
        break;
      case 'activity':
        this.activity.replace(message.exchanges);
        break;
      case 'exchanges':
        this.activity.add(message.exchanges);
        break;
      case 'note':
        this.accounts.note(message);
        this.said = message.text;
        break;
      case 'done':
        this.acknowledge(message.action);
    }
    this.draw();
  }

  /** Announces that a text was copied; the effect of other actions is visible. */
  private acknowledge(action: Action | 'copyReport'): void {
    if (action !== 'copyBaseUrl' && action !== 'copyProxyKey' && action !== 'copyReport') return;
    if (action !== 'copyReport') this.overview.copied(action);
    this.said = this.ports.t('Copied');
  }

  private draw(): void {
    draw(this.template(), this.element);
  }

  private template(): TemplateResult {
    const { t } = this.ports;
    const names = {
      accounts: t('Accounts'),
      history: t('History'),
      activity: t('Activity'),
      models: t('Models'),
    };
    const onSelect = ({ detail }: VscTabsSelectEvent): void => this.show(tabs[detail.selectedIndex]);
    return html`${this.overview.template(overviewView(this.state, this.textContext()))}
      <vscode-tabs .selectedIndex=${tabs.indexOf(this.tab)} @vsc-tabs-select=${onSelect}>
        ${tabs.map((tab) => html`<vscode-tab-header>${names[tab]}</vscode-tab-header>`)}
        ${tabs.map((tab) => html`<vscode-tab-panel>${this.panel(tab)}</vscode-tab-panel>`)}
        ${actionButton('addKey', this.panelPorts, { icon: 'add', slot: 'addons' })}
      </vscode-tabs>
      <div class="visually-hidden" role="status">${this.said}</div>`;
  }

  /** A tab that is not visible stays as it was. */
  private panel(tab: DashboardTab): unknown {
    if (tab !== this.tab) return noChange;
    const { snapshot } = this.state;
    switch (tab) {
      case 'accounts':
        return this.accounts.template(accountsView(this.state, this.textContext()));
      case 'history':
        return this.series === null ? nothing : this.history.template(this.series, snapshot);
      case 'activity':
        return this.activity.template(snapshot.running);
      case 'models':
        return modelsPanel(this.freeModels, snapshot, this.panelPorts);
    }
  }

  private show(tab: DashboardTab | undefined): void {
    if (tab === undefined || tab === this.tab) return;
    this.tab = tab;
    this.ports.keep({ tab });
    this.ports.send({ type: 'show', tab });
    this.draw();
  }

  private textContext(): TextContext {
    return { t: this.ports.t, formats: this.formats, nowMs: this.panelPorts.countdowns.nowMs };
  }
}
