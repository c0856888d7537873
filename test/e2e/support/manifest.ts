/** The commands in the palette and the settings of package.json. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { checkoutFolder } from '../../tools/paths';

const manifestSchema = v.object({
  contributes: v.object({
    commands: v.array(v.object({ command: v.string(), title: v.string() })),
    configuration: v.array(v.object({ properties: v.record(v.string(), v.unknown()) })),
  }),
});

/** Id without `keywheel.` → title. */
export function paletteCommands(): ReadonlyMap<string, string> {
  const { commands } = v.parse(manifestSchema, read('package.json')).contributes;
  const words = v.parse(v.record(v.string(), v.string()), read('package.nls.json'));
  return new Map(
    commands.map(({ command, title }) => [nameOf(command), words[title.replaceAll('%', '')] ?? title]),
  );
}

/** Without `keywheel.`. */
export function offeredSettings(): readonly string[] {
  const { configuration } = v.parse(manifestSchema, read('package.json')).contributes;
  return configuration.flatMap(({ properties }) => Object.keys(properties)).map(nameOf);
}

function nameOf(id: string): string {
  return id.replace(/^keywheel\./, '');
}

function read(file: string): unknown {
  return JSON.parse(readFileSync(path.join(checkoutFolder(), file), 'utf8')) as unknown;
}
