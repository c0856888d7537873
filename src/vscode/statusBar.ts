// The status bar item: the allowance left today, or a problem.
import { env, l10n, MarkdownString, StatusBarAlignment, ThemeColor, window } from 'vscode';
import { Alarm, type Clock } from '../base/clock';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { DashboardState } from '../service/messages';
import { Formats } from '../words/formats';
import type { TextContext } from '../words/stateWords';
import type { StateSource } from './stateSource';
import type { UserSettings } from './settings';
import { statusText, type StatusText } from '../words/statusText';
import { statusTooltip, tooltipCommands } from '../words/statusTooltip';

/** Low, because VS Code's guidelines put items for the whole window on the left, but after more important ones. */
const priority = -100;

/** VS Code redraws an open hover when its text changes, so the tooltip is throttled unless proxy or vault change. */
const tooltipEveryMs = 10_000;

/** Follows the state until disposed; writes only changes to VS Code. */
export class StatusBar implements Disposable {
  private readonly owned = new DisposableStore();
  private readonly item = this.owned.add(
    window.createStatusBarItem('keywheel.status', StatusBarAlignment.Left, priority),
  );
  private formats = new Formats(env.language, '');
  private shown = '';
  private tooltip = '';
  private tooltipOf = '';
  private tooltipAtMs = Number.NEGATIVE_INFINITY;
  private latest = { atMs: Number.NaN, hereMs: 0 };
  /** Updates later without a change of state, to end a warning or show the latest tooltip. */
  private readonly waking: Alarm;

  constructor(
    private readonly state: StateSource,
    private readonly settings: UserSettings,
    private readonly clock: Clock,
  ) {
    this.waking = this.owned.add(new Alarm(clock, () => this.update()));
    this.item.name = 'Keywheel';
    this.owned.add(state.onDidChange(() => this.update()));
    this.owned.add(settings.onDidChange(() => this.update()));
    this.update();
    this.item.show();
  }

  dispose(): void {
    this.owned.dispose();
  }

  private update(): void {
    const state = this.state.read();
    const { timezone } = state.snapshot;
    const nowMs = this.nowOf(state);
    if (timezone !== this.formats.timezone) this.formats = new Formats(env.language, timezone);
    const textContext = { t: l10n.t, formats: this.formats, nowMs };
    const shown = statusText(state, this.settings.values['statusBar.format'], textContext);
    this.showText(shown);
    const tooltipInMs = this.showTooltip(state, textContext);
    const changesInMs = (shown.changesAtMs ?? Number.POSITIVE_INFINITY) - nowMs;
    this.waking.set(this.clock.elapsedMs() + Math.min(tooltipInMs, changesInMs));
  }

  /** The proxy's present time: `atMs` of a snapshot stands still until the next one. */
  private nowOf({ snapshot: { atMs } }: DashboardState): number {
    const hereMs = this.clock.elapsedMs();
    if (this.latest.atMs !== atMs) this.latest = { atMs, hereMs };
    return atMs + hereMs - this.latest.hereMs;
  }

  private showText({ text, spoken, severity, command }: StatusText): void {
    const key = `${severity} ${text} ${spoken}`;
    if (this.shown === key) return;
    this.shown = key;
    this.item.text = text;
    this.item.accessibilityInformation = { label: spoken, role: 'button' };
    this.item.command = command;
    this.item.backgroundColor =
      severity === 'normal' ? undefined : new ThemeColor(`statusBarItem.${severity}Background`);
  }

  /** Milliseconds until the tooltip may be updated; Infinity if it is up to date. */
  private showTooltip(state: DashboardState, textContext: TextContext): number {
    const tooltip = statusTooltip(state, textContext);
    if (this.tooltip === tooltip) return Number.POSITIVE_INFINITY;
    const nowMs = this.clock.elapsedMs();
    const agoMs = nowMs - this.tooltipAtMs;
    const of = `${state.snapshot.proxy.kind} ${state.vault}`;
    if (of === this.tooltipOf && agoMs < tooltipEveryMs) return tooltipEveryMs - agoMs;
    this.tooltip = tooltip;
    this.tooltipOf = of;
    this.tooltipAtMs = nowMs;
    const markdown = new MarkdownString(tooltip);
    markdown.supportThemeIcons = true;
    markdown.isTrusted = { enabledCommands: tooltipCommands };
    this.item.tooltip = markdown;
    return Number.POSITIVE_INFINITY;
  }
}
