// Tells the user which settings have wrong values.
import { commands, l10n, window } from 'vscode';
import type { SettingProblem } from '../service/settings';
import { settingRule, type SettingProperty } from './settingRule';

/** Shows one message that names all of them and what they may be, with the way to the first. */
export async function showSettingProblems(
  problems: readonly SettingProblem[],
  properties: Readonly<Record<string, SettingProperty>>,
): Promise<void> {
  const names = problems.map(({ setting }) => `keywheel.${setting}`);
  const rules = names.map((name) => {
    const property = properties[name];
    return property ? l10n.t('{0} must be {1}', name, settingRule(property, l10n.t)) : name;
  });
  const openSettings = l10n.t('Open Settings');
  const message = l10n.t('Keywheel: {0}. Until then the last good value stays in use.', rules.join('; '));
  if ((await window.showErrorMessage(message, openSettings)) !== openSettings) return;
  await commands.executeCommand('workbench.action.openSettings', names[0]);
}
