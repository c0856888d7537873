/** Settings of a VS Code that does little besides the tests' subjects, and the files that hold them. */
import { writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';

export type Settings = Readonly<Record<string, unknown>>;

/** A key that runs a command, such as `ctrl+alt+a`. */
export interface Keybinding {
  readonly key: string;
  readonly command: string;
}

/** Settings that keep the pictures still, without VS Code's welcome pages. */
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

/** Replaces the settings of one scope in the folder of VS Code's data. */
export async function writeSettings(
  dataFolder: string,
  scope: 'User' | 'Machine',
  settings: Settings,
): Promise<void> {
  await write(path.join(dataFolder, scope), 'settings.json', settings);
}

/** Replaces the user's own keys in the folder of VS Code's data. */
export async function writeKeybindings(
  dataFolder: string,
  keybindings: readonly Keybinding[],
): Promise<void> {
  await write(path.join(dataFolder, 'User'), 'keybindings.json', keybindings);
}

async function write(folder: string, name: string, content: unknown): Promise<void> {
  await mkdir(folder, { recursive: true });
  // Written at once, because VS Code reads an empty file as one without settings.
  writeFileSync(path.join(folder, name), `${JSON.stringify(content, null, 2)}\n`);
}
