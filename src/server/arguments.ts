// Reads the command line: the command, and its options, which override the environment, which overrides a .env file.
import { readFileSync } from 'node:fs';
import { parseArgs, parseEnv } from 'node:util';
import { redact } from '../base/secret';
import { codeOf } from '../base/systemError';
import { fileText } from '../service/pastedKeys';
import {
  commands,
  defaultOf,
  givenOf,
  optionName,
  options,
  type Command,
  type Given,
  type Named,
} from './options';

export type Arguments =
  | { readonly kind: 'run'; readonly command: Command; readonly given: Given }
  | { readonly kind: 'help' | 'version' }
  | { readonly kind: 'bad'; readonly problem: string };

/** Reads command and options; never throws. An option overrides its variable, the environment the file of `--env-file`. */
export function readArguments(words: readonly string[], environment: NodeJS.ProcessEnv): Arguments {
  try {
    const { values, positionals } = parseArgs({ args: [...words], options: known, allowPositionals: true });
    if (values.help === true) return { kind: 'help' };
    if (values.version === true) return { kind: 'version' };
    const command = commandOf(positionals);
    const file = values['env-file'];
    const given = new Map(file === undefined ? [] : givenOf(readEnvFile(file)));
    for (const [variable, value] of givenOf(environment)) given.set(variable, value);
    for (const [variable, value] of optionsIn(values)) given.set(variable, value);
    return { kind: 'run', command, given };
  } catch (error: unknown) {
    const [problem = ''] = (error instanceof Error ? error.message : String(error)).split(/\.\s|\n/);
    return { kind: 'bad', problem: `${redact(problem.replace(/\.$/, ''))}: see keywheel --help.` };
  }
}

function commandOf(words: readonly string[]): Command {
  const name = words.join(' ') || 'serve';
  if (isCommand(name)) return name;
  const switches = options.filter(({ value }) => value === null).map(optionName);
  throw new Error(
    `There is no command “${name}”: use serve, check or status; ${switches.join(' and ')} take no value`,
  );
}

function isCommand(name: string): name is Command {
  return Object.hasOwn(commands, name);
}

/** The options that are given. An empty option is an error, unlike an empty variable, which is often a placeholder. */
function optionsIn(
  values: Readonly<Record<string, string | boolean | undefined>>,
): readonly (readonly [variable: string, value: Named])[] {
  return options.flatMap((option): [string, Named][] => {
    const name = optionName(option);
    const value = values[name.slice(2)];
    if (value === '') throw new Error(`${name} is empty`);
    return value === undefined ? [] : [[option.variable, { name, text: String(value).trim() }]];
  });
}

const known = {
  ...Object.fromEntries(
    options.map((option) => [
      optionName(option).slice(2),
      { type: option.value === null ? ('boolean' as const) : ('string' as const) },
    ]),
  ),
  'env-file': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const;

function readEnvFile(path: string): NodeJS.Dict<string> {
  try {
    return parseEnv(fileText(readFileSync(path)));
  } catch (error: unknown) {
    throw new Error(`--env-file ${path} cannot be read (${codeOf(error)})`, { cause: error });
  }
}

/** The text of `--help`, made of the table of options, for a terminal of 100 columns. */
export function helpText(): string {
  const lines = options.map((option) => {
    const { variable, alias, value, meaning } = option;
    const names = `  ${optionName(option)}${value === null ? '' : ` ${value}`}`;
    const byDefault = defaultOf(option);
    const shown = byDefault === '' ? '' : ` [${byDefault}]`;
    return `${names}\n      ${wrapped(`${meaning}${shown}. Variable: ${[variable, alias].filter(Boolean).join(', ')}`)}`;
  });
  const summaries = Object.entries(commands).map(([name, text]) => `  ${name.padEnd(7)} ${text}`);
  return `keywheel [${Object.keys(commands).join('|')}] [options]

One endpoint for all your OpenRouter keys.

${summaries.join('\n')}

Exit code 2: an option or a variable is wrong or missing, and one line says which.

Options, each with the variable that says the same:

${lines.join('\n')}
  --env-file FILE
      reads variables from a .env file; those of the environment go before it
  --help, --version

Keys on a command line can be seen by other users of the machine: prefer KEYS_FILE, or a variable.
`;
}

function wrapped(text: string): string {
  return text.replace(/(.{1,92})(?: |$)/g, '$1\n      ').trimEnd();
}
