// Shows which settings have invalid values.
import { l10n } from 'vscode';
import type { SettingProblem } from '../service/settings';
import { offer } from './messages';
import { settingsCommand } from './settingsCommand';
import { settingRule, type SettingProperty } from '../words/settingRule';

/** VS Code cuts a message at 1,000 characters. */
const mostRules = 8;

/** Shows one message with all settings, their rules if they are few, and a button that opens the first. */
export async function showSettingProblems(
  problems: readonly SettingProblem[],
  properties: Readonly<Record<string, SettingProperty>>,
): Promise<void> {
  const names = problems.map(({ setting }) => `keywheel.${setting}`);
  const rules = names.map((name) => {
    const property = properties[name];
    return property ? l10n.t('{0} must be {1}', name, settingRule(property, l10n.t)) : name;
  });
  const text =
    rules.length > mostRules
      ? l10n.t(
          'Keywheel: These settings have wrong values: {0}. The previous values stay in use.',
          names.join(', '),
        )
      : l10n.t('Keywheel: {0}. The previous value stays in use.', rules.join('; '));
  const command = settingsCommand(names[0] ?? 'keywheel.');
  await offer({ severity: 'error', text }, l10n.t('Open Settings'), ...command);
}
