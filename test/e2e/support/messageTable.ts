/** The messages to people, as Markdown, to be read all at once. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { checkoutFolder } from '../../tools/paths';
import { states, type State } from './commandCells';

export class MessageTable {
  private readonly settings: string[][] = [];
  private readonly commands = new Map<string, Map<State, string>>();
  private readonly others: string[][] = [];

  noteSetting(setting: string, value: unknown, said: string): void {
    this.settings.push([`keywheel.${setting}`, `\`${JSON.stringify(value)}\``, said]);
  }

  noteCommand(title: string, state: State, said: string): void {
    const cells = this.commands.get(title) ?? new Map<State, string>();
    this.commands.set(title, cells.set(state, said));
  }

  note(occasion: string, said: string): void {
    this.others.push([occasion, said]);
  }

  /** Writes the table into test/e2e/screenshots/messages.md. */
  async write(): Promise<void> {
    const commands = [...this.commands].map(([title, cells]) => [
      title,
      ...states.map((state) => cells.get(state) ?? ''),
    ]);
    const text = [
      '# What people are told',
      table('Settings with wrong values', ['Setting', 'Wrong value', 'Message'], this.settings),
      table('Commands', ['Command', ...states], commands),
      table('Beside them', ['When', 'What is said'], this.others),
    ].join('\n\n');
    const folder = path.join(checkoutFolder(), 'test', 'e2e', 'screenshots');
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, 'messages.md'), `${text}\n`);
  }
}

function table(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [`## ${title}`, '', line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
