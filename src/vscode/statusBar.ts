// The status bar item: what is left today, or what is wrong.
import { env, l10n, MarkdownString, StatusBarAlignment, ThemeColor, window, workspace } from 'vscode';
import type { Clock } from '../base/clock';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { DashboardState } from '../service/messages';
import type { ProxyState } from '../service/snapshot';
import { Formats } from '../webview/formats';
import type { Speech } from '../webview/stateWords';
import type { CurrentState } from './currentState';
import type { UserSettings } from './settings';
import { statusText, type StatusText } from './statusText';
import { statusTooltip, tooltipCommands } from './statusTooltip';

/** Low: what concerns the whole window stands left, but behind what people look at more often. */
const priority = -100;

/** An open hover is drawn anew when its text changes: not more often than one can read it, but for what the proxy is. */
const tooltipEveryMs = 10_000;

/** Follows the state for as long as it lives; writes to VS Code only what has changed. */
export class StatusBar implements Disposable {
  private readonly owned = new DisposableStore();
  private readonly item = this.owned.add(
    window.createStatusBarItem('keywheel.status', StatusBarAlignment.Left, priority),
  );
  private formats = new Formats(env.language, '');
  private shown = '';
  private tooltip = '';
  private tooltipOf: ProxyState['kind'] | null = null;
  private tooltipAtMs = Number.NEGATIVE_INFINITY;
  private waking: Disposable | null = null;

  constructor(
    private readonly state: Pick<CurrentState, 'read' | 'onDidChange'>,
    private readonly settings: Pick<UserSettings, 'statusFormat'>,
    private readonly clock: Clock,
  ) {
    this.item.name = 'Keywheel';
    this.item.command = 'keywheel.openDashboard';
    this.owned.add(state.onDidChange(() => this.update()));
    this.owned.add(
      workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('keywheel.statusBar')) this.update();
      }),
    );
    this.update();
    this.item.show();
  }

  dispose(): void {
    this.waking?.dispose();
    this.owned.dispose();
  }

  private update(): void {
    const state = this.state.read();
    const { timezone, atMs } = state.snapshot;
    if (timezone !== this.formats.timezone) this.formats = new Formats(env.language, timezone);
    const speech = { t: l10n.t, formats: this.formats, nowMs: atMs };
    const shown = statusText(state, this.settings.statusFormat, speech);
    this.showText(shown);
    const tooltipInMs = this.showTooltip(state, speech);
    const warningInMs = (shown.warnsUntilMs ?? Number.POSITIVE_INFINITY) - atMs;
    this.wakeIn(Math.min(tooltipInMs, warningInMs));
  }

  private showText({ text, spoken, severity }: StatusText): void {
    const key = `${severity} ${text} ${spoken}`;
    if (this.shown === key) return;
    this.shown = key;
    this.item.text = text;
    this.item.accessibilityInformation = { label: spoken, role: 'button' };
    this.item.backgroundColor = background(severity);
  }

  /** When it may be shown anew, in milliseconds from now; Infinity when it is up to date. */
  private showTooltip(state: DashboardState, speech: Speech): number {
    const tooltip = statusTooltip(state, speech);
    if (this.tooltip === tooltip) return Number.POSITIVE_INFINITY;
    const nowMs = this.clock.nowMs();
    const agoMs = nowMs - this.tooltipAtMs;
    const { kind } = state.snapshot.proxy;
    if (kind === this.tooltipOf && agoMs >= 0 && agoMs < tooltipEveryMs) return tooltipEveryMs - agoMs;
    this.tooltip = tooltip;
    this.tooltipOf = kind;
    this.tooltipAtMs = nowMs;
    const markdown = new MarkdownString(tooltip);
    markdown.isTrusted = { enabledCommands: tooltipCommands };
    this.item.tooltip = markdown;
    return Number.POSITIVE_INFINITY;
  }

  /** Without a change of state nothing else would take a warning away, or show the latest tooltip. */
  private wakeIn(delayMs: number): void {
    this.waking?.dispose();
    this.waking = Number.isFinite(delayMs) ? this.clock.after(delayMs, () => this.update()) : null;
  }
}

function background(severity: StatusText['severity']): ThemeColor | undefined {
  switch (severity) {
    case 'normal':
      return undefined;
    case 'warning':
      return new ThemeColor('statusBarItem.warningBackground');
    case 'error':
      return new ThemeColor('statusBarItem.errorBackground');
  }
}
