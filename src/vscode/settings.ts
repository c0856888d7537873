// The user's `keywheel.*` settings, read at start and at every change.
import { workspace, type ConfigurationChangeEvent } from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import { Emitter } from '../base/event';
import type { Log } from '../base/log';
import type { TerminalClient } from '../service/clients/terminal';
import type { SettingProblem, Settings } from '../service/settings';
import type { SettingProperty } from './settingRule';
import { defaultValues, readSettingValues, settingNames } from './settingValues';
import type { StatusFormat } from './statusText';

const section = 'keywheel';

export interface SettingsPorts {
  readonly log: Log;
  /** The contributed settings, by their full names. */
  readonly properties: Readonly<Record<string, SettingProperty>>;
  /** Called with the wrong values, once each time that they change; never with an empty list. */
  readonly onProblems: (problems: readonly SettingProblem[]) => void;
}

/** Knows the last good value of every setting; a wrong one is told once and changes nothing. */
export class UserSettings implements Disposable {
  private readonly owned = new DisposableStore();
  private readonly changed: Emitter<Settings>;
  private values = defaultValues;
  private told = '';

  constructor(private readonly ports: SettingsPorts) {
    this.changed = this.owned.add(
      new Emitter((error) => ports.log.error('A listener of the settings failed.', error)),
    );
    this.owned.add(workspace.onDidChangeConfiguration((event) => this.onChange(event)));
    this.read();
  }

  get onDidChange(): Emitter<Settings>['event'] {
    return this.changed.event;
  }

  get current(): Settings {
    return this.values.proxy;
  }

  /** Whether the proxy starts with the window. */
  get autoStart(): boolean {
    return this.values.autoStart;
  }

  /** How the status bar shows what is left. */
  get statusFormat(): StatusFormat {
    return this.values.statusFormat;
  }

  /** The programs that use the proxy in new terminals. */
  get terminalClients(): readonly TerminalClient[] {
    return this.values.terminalClients;
  }

  dispose(): void {
    this.owned.dispose();
  }

  private onChange(event: ConfigurationChangeEvent): void {
    if (!event.affectsConfiguration(section)) return;
    const before = JSON.stringify(this.values.proxy);
    this.read();
    if (JSON.stringify(this.values.proxy) !== before) this.changed.fire(this.values.proxy);
  }

  private read(): void {
    const raw = rawSettings();
    const { values, problems } = readSettingValues(raw, this.values, this.ports.properties);
    this.values = values;
    const wrong = JSON.stringify(problems.map(({ setting }) => [setting, raw[setting]]));
    if (wrong === this.told) return;
    this.told = wrong;
    if (problems.length > 0) this.ports.onProblems(problems);
  }
}

/** What the user set, unparsed. */
function rawSettings(): Record<string, unknown> {
  const configuration = workspace.getConfiguration(section);
  return Object.fromEntries(settingNames.map((name) => [name, configuration.get<unknown>(name)]));
}
