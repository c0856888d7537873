// Validates settings: an invalid value keeps the last valid one. Does not import vscode.
import * as v from 'valibot';
import { terminalClients, type TerminalClient } from '../clients/values';
import { defaultSettings, readSettings, type SettingProblem, type Settings } from '../service/settings';
import { allNotifications, type Notifications } from '../service/notices/notices';
import type { SettingProperty } from '../words/settingRule';
import { statusFormats, type StatusFormat } from '../words/statusText';

export interface SettingValues {
  readonly proxy: Settings;
  /** Whether the proxy starts with the window. */
  readonly autoStart: boolean;
  /** How the status bar shows what is left. */
  readonly statusFormat: StatusFormat;
  /** Which notifications are shown. */
  readonly notifications: Notifications;
  /** The programs that use the proxy in new terminals. */
  readonly terminalClients: readonly TerminalClient[];
  /** Ids of the models that VS Code's chat offers in addition to the default ones. */
  readonly chatModels: readonly string[];
  /** Whether agents in VS Code's chat may hear the names of accounts. */
  readonly tellsAccountNames: boolean;
}

export const defaultValues: SettingValues = {
  proxy: defaultSettings,
  autoStart: true,
  statusFormat: 'number',
  notifications: 'all',
  terminalClients: [],
  chatModels: [],
  tellsAccountNames: false,
};

type WindowValues = Omit<SettingValues, 'proxy'>;

/** This window's settings, by their names in VS Code; `readSettings` reads the proxy's. */
const windowSettings: {
  readonly [Field in keyof WindowValues]: readonly [string, v.GenericSchema<unknown, WindowValues[Field]>];
} = {
  autoStart: ['autoStart', v.boolean()],
  statusFormat: ['statusBar.format', v.picklist(statusFormats)],
  notifications: ['notifications', v.picklist(allNotifications)],
  terminalClients: ['terminal.clients', v.array(v.picklist(terminalClients))],
  chatModels: ['chat.models', v.array(v.string())],
  tellsAccountNames: ['chat.tellAccountNames', v.boolean()],
};

/**
 * Names of the settings that are read, without `keywheel.`. VS Code has no setting `host`, because its proxy serves only this
 * machine; the way out comes from VS Code's own settings.
 */
export const settingNames: readonly string[] = [
  ...Object.keys(defaultSettings).filter((name) => name !== 'host' && name !== 'wayOut'),
  ...Object.values(windowSettings).map(([name]) => name),
];

/** The valid values of `raw` over `last`, and the problems of the others. Bounds come from the manifest. */
export function readSettingValues(
  raw: Readonly<Record<string, unknown>>,
  last: SettingValues,
  properties: Readonly<Record<string, SettingProperty>>,
): { readonly values: SettingValues; readonly problems: readonly SettingProblem[] } {
  const beyond = Object.keys(raw).filter((name) => isBeyond(raw[name], properties[`keywheel.${name}`]));
  const within = Object.fromEntries(Object.entries(raw).filter(([name]) => !beyond.includes(name)));
  const { settings, problems } = readSettings(within, last.proxy);
  const wrong = [...beyond];
  const read = <Field extends keyof WindowValues>(field: Field): WindowValues[Field] => {
    const [name, schema] = windowSettings[field];
    if (raw[name] === undefined) return last[field];
    const parsed = v.safeParse(schema, raw[name]);
    if (parsed.success) return parsed.output;
    wrong.push(name);
    return last[field];
  };
  const values = {
    proxy: settings,
    autoStart: read('autoStart'),
    statusFormat: read('statusFormat'),
    notifications: read('notifications'),
    terminalClients: read('terminalClients'),
    chatModels: read('chatModels'),
    tellsAccountNames: read('tellsAccountNames'),
  };
  const further = wrong.map((setting) => ({ setting, problem: 'is not what it may be' }));
  return { values, problems: [...problems, ...further] };
}

/** Whether a number is outside the manifest's bounds. */
function isBeyond(value: unknown, property: SettingProperty | undefined): boolean {
  if (typeof value !== 'number' || property === undefined) return false;
  const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = property;
  return value < minimum || value > maximum;
}
