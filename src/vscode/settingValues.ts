// Validates settings: an invalid value keeps the last valid one. Does not import vscode.
import * as v from 'valibot';
import { terminalClients } from '../clients/values';
import {
  defaultSettings,
  pastedText,
  readSettings,
  settingsSchema,
  type SettingProblem,
  type Settings,
} from '../service/settings';
import { allNotifications } from '../service/notices';
import { statusFormats } from '../words/statusText';

/** The proxy's settings; the port cannot be 0 (any free one), because clients are configured with it. */
const proxySchema = v.object({
  ...settingsSchema.entries,
  port: v.pipe(settingsSchema.entries.port, v.minValue(1)),
});

/** This window's settings, by their names in VS Code. */
const windowSchema = v.object({
  /** Whether the proxy starts with the window. */
  autoStart: v.optional(v.boolean(), true),
  /** How the status bar shows what is left. */
  'statusBar.format': v.optional(v.picklist(statusFormats), 'number'),
  /** The notifications that are shown. */
  notifications: v.optional(v.picklist(allNotifications), 'all'),
  /** The programs that use the proxy in new terminals. */
  'terminal.clients': v.optional(v.array(v.picklist(terminalClients)), []),
  /** Ids of the models that VS Code's chat offers in addition to the default ones. */
  'chat.models': v.optional(v.array(pastedText), []),
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
  ...Object.keys(defaultSettings).filter((name) => name !== 'host' && name !== 'networkRoute'),
  ...Object.keys(windowSchema.entries),
];

/** The valid values of `raw` over `last`, and the problems of the others. */
export function readSettingValues(
  raw: Readonly<Record<string, unknown>>,
  last: SettingValues,
): { readonly values: SettingValues; readonly problems: readonly SettingProblem[] } {
  const proxy = readSettings(proxySchema, raw, last.proxy);
  const own = readSettings(windowSchema, raw, last);
  return {
    values: { ...own.values, proxy: proxy.values },
    problems: [...proxy.problems, ...own.problems],
  };
}
