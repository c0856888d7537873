// The user's `keywheel.*` settings, read on activation and after every change.
import { workspace, type ConfigurationChangeEvent } from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import { Emitter } from '../base/event';
import type { Log } from '../base/log';
import { wayOutOf } from '../service/wayOutSettings';
import type { SettingProblem, Settings } from '../service/settings';
import type { SettingProperty } from '../words/settingRule';
import { defaultValues, readSettingValues, settingNames, type SettingValues } from './settingValues';

const section = 'keywheel';
/** VS Code's own network settings. */
const httpSection = 'http';

export interface SettingsPorts {
  readonly log: Log;
  /** The contributed settings, by full name. */
  readonly properties: Readonly<Record<string, SettingProperty>>;
  /** Called with the invalid values each time they change; never with an empty list. */
  readonly onProblems: (problems: readonly SettingProblem[]) => void;
}

/** Keeps the last valid value of every setting; an invalid one is reported once. */
export class UserSettings implements Disposable {
  private readonly owned = new DisposableStore();
  private readonly changed: Emitter<Settings>;
  private held = defaultValues;
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
    return this.held.proxy;
  }

  /** All settings, including the proxy's. */
  get values(): SettingValues {
    return this.held;
  }

  dispose(): void {
    this.owned.dispose();
  }

  private onChange(event: ConfigurationChangeEvent): void {
    if (!event.affectsConfiguration(section) && !event.affectsConfiguration(httpSection)) return;
    const before = JSON.stringify(this.held.proxy);
    this.read();
    if (JSON.stringify(this.held.proxy) !== before) this.changed.fire(this.held.proxy);
  }

  private read(): void {
    const raw = rawSettings();
    const { values, problems } = readSettingValues(raw, this.held, this.ports.properties);
    this.held = values;
    const wrong = JSON.stringify(problems.map(({ setting }) => [setting, raw[setting]]));
    if (wrong === this.told) return;
    this.told = wrong;
    if (problems.length > 0) this.ports.onProblems(problems);
  }
}

/** The values as VS Code has them, not validated. */
function rawSettings(): Record<string, unknown> {
  const configuration = workspace.getConfiguration(section);
  const http = workspace.getConfiguration(httpSection);
  const wayOut = wayOutOf(process.env, {
    proxy: http.get('proxy'),
    noProxy: http.get('noProxy'),
    proxyStrictSSL: http.get('proxyStrictSSL'),
    proxySupport: http.get('proxySupport'),
    systemCertificates: http.get('systemCertificates'),
  });
  return {
    ...Object.fromEntries(settingNames.map((name) => [name, configuration.get<unknown>(name)])),
    wayOut,
  };
}
