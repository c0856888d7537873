/** A key for each command, as a user may give it one. */
import type { Page } from 'playwright-core';
import type { Keybinding } from '../../tools/settings';

export class CommandKeys {
  /** Commands without `keywheel.`, 26 at most. */
  constructor(private readonly commands: readonly string[]) {}

  get bindings(): readonly Keybinding[] {
    return this.commands.map((command) => ({
      key: `ctrl+alt+${this.letterOf(command).toLowerCase()}`,
      command: `keywheel.${command}`,
    }));
  }

  async press(page: Page, command: string): Promise<void> {
    await page.keyboard.press(`Control+Alt+Key${this.letterOf(command)}`);
  }

  private letterOf(command: string): string {
    const index = this.commands.indexOf(command);
    if (index < 0 || index >= 26) throw new Error(`There is no key for ${command}.`);
    return String.fromCharCode('A'.charCodeAt(0) + index);
  }
}
