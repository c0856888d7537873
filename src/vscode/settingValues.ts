// Validates settings: an invalid value keeps the last valid one. Does not import vscode.
import * as v from 'valibot';
import { terminalClients } from '../clients/values';
import { defaultSettings, readSettings, type SettingProblem, type Settings } from '../service/settings';
import { allNotifications } from '../service/notices';
import type { SettingProperty } from '../words/settingRule';
import { statusFormats } from '../words/statusText';

/** This window's settings, by their names in VS Code; `readSettings` reads the proxy's. */
const windowSchema = v.object({
  /** Whether the proxy starts with the window. */
  autoStart: v.optional(v.boolean(), true),
  /** How the status bar shows what is left. */
  'statusBar.format': v.optional(v.picklist(statusFormats), 'number'),
  /** Which notifications are shown. */
  notifications: v.optional(v.picklist(allNotifications), 'all'),
  /** The programs that use the proxy in new terminals. */
  'terminal.clients': v.optional(v.array(v.picklist(terminalClients)), []),
  /** Ids of the models that VS Code's chat offers in addition to the default ones. */
  'chat.models': v.optional(v.array(v.string()), []),
  /** Whether agents in VS Code's chat may hear the names of accounts. */
  'chat.tellAccountNames': v.optional(v.boolean(), false),
});

export interface SettingValues extends Readonly<v.InferOutput<typeof windowSchema>> {
  readonly proxy: Settings;
}

export const defaultValues: SettingValues = { ...v.parse(windowSchema, {}), proxy: defaultSettings };

/**
 * Names of the settings that are read, without `keywheel.`. VS Code has no setting `host`, because its proxy serves only this
 * machine; the way out comes from VS Code's own settings.
 */
export const settingNames: readonly string[] = [
  ...Object.keys(defaultSettings).filter((name) => name !== 'host' && name !== 'wayOut'),
  ...Object.keys(windowSchema.entries),
];

/** The valid values of `raw` over `last`, and the problems of the others. Bounds come from the manifest. */
export function readSettingValues(
  raw: Readonly<Record<string, unknown>>,
  last: SettingValues,
  properties: Readonly<Record<string, SettingProperty>>,
): { readonly values: SettingValues; readonly problems: readonly SettingProblem[] } {
  const wrong = Object.keys(raw).filter((name) => isBeyond(raw[name], properties[`keywheel.${name}`]));
  const within = Object.fromEntries(Object.entries(raw).filter(([name]) => !wrong.includes(name)));
  const { settings, problems } = readSettings(within, last.proxy);
  const good: Record<string, unknown> = { ...last };
  for (const [name, schema] of Object.entries(windowSchema.entries)) {
    if (raw[name] === undefined) continue;
    const read = v.safeParse(schema, raw[name]);
    if (read.success) good[name] = read.output;
    else wrong.push(name);
  }
  const further = wrong.map((setting) => ({ setting, problem: 'is not what it may be' }));
  return {
    values: { ...v.parse(windowSchema, good), proxy: settings },
    problems: [...problems, ...further],
  };
}

/** Whether a number is outside the manifest's bounds. */
function isBeyond(value: unknown, property: SettingProperty | undefined): boolean {
  if (typeof value !== 'number' || property === undefined) return false;
  const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = property;
  return value < minimum || value > maximum;
}
