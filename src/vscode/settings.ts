// The user's `keywheel.*` settings, read on activation and after every change; says which are invalid.
import { l10n, workspace, type ConfigurationChangeEvent, type WorkspaceConfiguration } from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import { Emitter, type Event } from '../base/event';
import type { Log } from '../base/log';
import { httpSettings, networkRouteOf, type SettingProblem, type Settings } from '../service/settings';
import { settingRule, type SettingProperty } from '../words/settingRule';
import { openSettings } from './actions';
import { showChoice } from './messages';
import { defaultValues, readSettingValues, settingNames, type SettingValues } from './settingValues';

const section = 'keywheel';
/** VS Code's own network settings. */
const httpSection = 'http';

/** More rules might not fit into a message, which VS Code cuts at 1,000 characters. */
const mostRules = 8;

/** Keeps the last valid value of every setting; an invalid one is reported once. */
export class UserSettings implements Disposable {
  private readonly owned = new DisposableStore();
  private readonly changed = this.owned.add(
    new Emitter<void>((error) => this.log.error('A listener of the settings failed.', error)),
  );
  /** A value has changed. */
  readonly onDidChange: Event<void> = this.changed.event;
  private latest = defaultValues;
  private shownProblems = '';

  constructor(
    private readonly log: Log,
    /** The contributed settings, by full name. */
    private readonly properties: Readonly<Record<string, SettingProperty>>,
  ) {
    this.owned.add(workspace.onDidChangeConfiguration((event) => this.onChange(event)));
    this.read();
  }

  get current(): Settings {
    return this.latest.proxy;
  }

  /** All settings, including the proxy's. */
  get values(): SettingValues {
    return this.latest;
  }

  dispose(): void {
    this.owned.dispose();
  }

  private onChange(event: ConfigurationChangeEvent): void {
    if (!event.affectsConfiguration(section) && !event.affectsConfiguration(httpSection)) return;
    const before = JSON.stringify(this.latest);
    this.read();
    if (JSON.stringify(this.latest) !== before) this.changed.fire();
  }

  private read(): void {
    const raw = rawSettings();
    const { values, problems } = readSettingValues(raw, this.latest);
    this.latest = values;
    const wrong = JSON.stringify(problems.map(({ setting }) => [setting, raw[setting]]));
    if (wrong === this.shownProblems) return;
    this.shownProblems = wrong;
    if (problems.length > 0) void this.show(problems);
  }

  /** One message with all invalid settings, their rules if they are few, and a button that opens the first. */
  private async show(problems: readonly SettingProblem[]): Promise<void> {
    const names = problems.map(({ setting }) => `keywheel.${setting}`);
    const rules = names.map((name) => {
      const property = this.properties[name];
      return property ? l10n.t('{0} must be {1}', name, settingRule(property, l10n.t)) : name;
    });
    const text =
      rules.length > mostRules
        ? l10n.t('Keywheel: These settings have wrong values, which are ignored: {0}.', names.join(', '))
        : l10n.t('Keywheel: {0}. Wrong values are ignored.', rules.join('; '));
    const open = async (): Promise<void> => await openSettings(names[0] ?? 'keywheel.');
    await showChoice({ severity: 'error', text }, [l10n.t('Open Settings'), open]);
  }
}

/** The values as VS Code has them, not validated. */
function rawSettings(): Record<string, unknown> {
  const configuration = workspace.getConfiguration(section);
  const http = workspace.getConfiguration(httpSection);
  const all = (names: readonly string[], of: WorkspaceConfiguration): Record<string, unknown> =>
    Object.fromEntries(names.map((name) => [name, of.get<unknown>(name)]));
  return {
    ...all(settingNames, configuration),
    networkRoute: networkRouteOf(process.env, all(httpSettings, http)),
  };
}
