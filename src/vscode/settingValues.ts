// From what the user wrote to the values that hold: a wrong one leaves the last good one. No vscode.
import { terminalClients, type TerminalClient } from '../service/clients/terminal';
import { defaultSettings, readSettings, type SettingProblem, type Settings } from '../service/settings';
import type { SettingProperty } from './settingRule';
import { statusFormats, type StatusFormat } from './statusText';

export interface SettingValues {
  readonly proxy: Settings;
  /** Whether the proxy starts with the window. */
  readonly autoStart: boolean;
  /** How the status bar shows what is left. */
  readonly statusFormat: StatusFormat;
  /** The programs that use the proxy in new terminals. */
  readonly terminalClients: readonly TerminalClient[];
}

export const defaultValues: SettingValues = {
  proxy: defaultSettings,
  autoStart: true,
  statusFormat: 'number',
  terminalClients: [],
};

/** The settings that are read, without `keywheel.`. `host` is not offered in VS Code: there the proxy is for this machine alone. */
export const settingNames: readonly string[] = [
  ...Object.keys(defaultSettings).filter((name) => name !== 'host'),
  'autoStart',
  'statusBar.format',
  'terminal.clients',
];

/** Each right value of `raw` on top of `last`, and what is wrong with the others. Limits are those of the manifest. */
export function readSettingValues(
  raw: Readonly<Record<string, unknown>>,
  last: SettingValues,
  properties: Readonly<Record<string, SettingProperty>>,
): { readonly values: SettingValues; readonly problems: readonly SettingProblem[] } {
  const beyond = Object.keys(raw).filter((name) => isBeyond(raw[name], properties[`keywheel.${name}`]));
  const within = Object.fromEntries(Object.entries(raw).filter(([name]) => !beyond.includes(name)));
  const { settings, problems } = readSettings(within, last.proxy);
  const { autoStart, 'statusBar.format': format, 'terminal.clients': terminal } = raw;
  const knownFormat = statusFormats.find((known) => known === format);
  const isRight: Readonly<Record<string, boolean>> = {
    autoStart: autoStart === undefined || typeof autoStart === 'boolean',
    'statusBar.format': format === undefined || knownFormat !== undefined,
    'terminal.clients': terminal === undefined || isTerminalClients(terminal),
  };
  const wrong = [...beyond, ...Object.keys(isRight).filter((name) => isRight[name] === false)];
  return {
    values: {
      proxy: settings,
      autoStart: typeof autoStart === 'boolean' ? autoStart : last.autoStart,
      statusFormat: knownFormat ?? last.statusFormat,
      terminalClients: isTerminalClients(terminal) ? terminal : last.terminalClients,
    },
    problems: [...problems, ...wrong.map((setting) => ({ setting, problem: 'is not what it may be' }))],
  };
}

/** Whether a number lies outside of what VS Code's own settings page lets people enter. */
function isBeyond(value: unknown, property: SettingProperty | undefined): boolean {
  if (typeof value !== 'number' || property === undefined) return false;
  const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = property;
  return value < minimum || value > maximum;
}

function isTerminalClients(value: unknown): value is readonly TerminalClient[] {
  return Array.isArray(value) && value.every((each) => terminalClients.some((client) => client === each));
}
