/** The themes that pictures are taken in: VS Code's own, one of each kind. */

export type Theme = 'light' | 'dark' | 'highContrast' | 'highContrastLight';

interface ThemeFacts {
  /** The value of `workbench.colorTheme`. */
  readonly setting: string;
  /** The class that the workbench then has. */
  readonly workbenchClass: string;
}

export const THEMES: Readonly<Record<Theme, ThemeFacts>> = {
  light: { setting: 'Light 2026', workbenchClass: 'vs' },
  dark: { setting: 'Dark 2026', workbenchClass: 'vs-dark' },
  highContrast: { setting: 'Default High Contrast', workbenchClass: 'hc-black' },
  highContrastLight: { setting: 'Default High Contrast Light', workbenchClass: 'hc-light' },
};
