/** A VS Code that does what the tests are about and little else. */
import { symlinkSync } from 'node:fs';
import path from 'node:path';
import type { CodeServer } from './codeServer';
import type { Sandbox } from './sandbox';

export type Settings = Readonly<Record<string, unknown>>;

/** What keeps the pictures still and the pages of VS Code's makers out of the way. */
export const QUIET_SETTINGS: Settings = {
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
  'chat.disableAIFeatures': true,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'editor.cursorBlinking': 'solid',
  // Else a notification offers every port that the extension opens.
  'remote.autoForwardPorts': false,
  'window.confirmBeforeClose': 'never',
};

/** The themes, and what colours the files that tests open. All others cost each window seconds. */
const LOOKS = ['theme-defaults', 'theme-modern-icons', 'json', 'yaml', 'markdown-basics'];

/** The parameter by which VS Code's server has none of its own extensions but those. */
export function onlyLooks({ extensionsPath }: CodeServer, sandbox: Sandbox): string {
  const folder = sandbox.folder('own-extensions');
  for (const name of LOOKS) symlinkSync(path.join(extensionsPath, name), path.join(folder, name), 'junction');
  return `--builtin-extensions-dir=${folder}`;
}
