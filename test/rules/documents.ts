/** The tables in the documents, made from the manifest and the code: `npm run docs` writes them, the test beside this compares. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import * as v from 'valibot';
import type { ClientId } from '../../src/clients/client';
import { clients } from '../../src/clients/clientList';
import { defaultOf, optionName, options } from '../../src/server/options';
import { clientPackages } from '../clients/realClients';

const property = v.object({
  type: v.string(),
  default: v.unknown(),
  enum: v.optional(v.array(v.union([v.string(), v.number()]))),
  minimum: v.optional(v.number()),
  maximum: v.optional(v.number()),
  items: v.optional(
    v.object({
      enum: v.optional(v.array(v.string())),
      markdownEnumDescriptions: v.optional(v.array(v.string())),
    }),
  ),
  markdownDescription: v.string(),
  markdownEnumDescriptions: v.optional(v.array(v.string())),
  order: v.number(),
});
const group = v.object({ title: v.string(), properties: v.record(v.string(), property) });
const manifestSchema = v.object({
  devDependencies: v.record(v.string(), v.string()),
  contributes: v.object({
    commands: v.array(v.object({ command: v.string(), title: v.string(), category: v.string() })),
    configuration: v.pipe(
      v.union([group, v.array(group)]),
      v.transform((one) => (Array.isArray(one) ? one : [one])),
    ),
  }),
});

const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));
const words = v.parse(v.record(v.string(), v.string()), read('package.nls.json'));
const { contributes, devDependencies } = v.parse(manifestSchema, read('package.json'));
const { commands, configuration } = contributes;

/** Every Markdown file of the project. */
export function documents(): readonly string[] {
  const inFolder = (folder: string): string[] =>
    readdirSync(folder)
      .filter((file) => file.endsWith('.md'))
      .map((file) => path.posix.join(folder, file));
  return [...inFolder('.'), ...inFolder('docs')];
}

/** The commands' names in the palette, by id. */
export const commandNames: ReadonlyMap<string, string> = new Map(
  commands.map(({ command, title, category }) => [command, `${word(category)}: ${word(title)}`]),
);

export const settingNames: ReadonlySet<string> = new Set(
  configuration.flatMap(({ properties }) => Object.keys(properties)),
);

/** The document with each of its tables as it should be: between `<!-- table: NAME -->` and `<!-- end of table -->`. */
export async function withTables(file: string, text: string): Promise<string> {
  if (!text.includes('<!-- table: ')) return text;
  const made = text.replace(
    /(<!-- table: (\w+) -->\n)[^]*?(<!-- end of table -->)/g,
    (_, begin: string, name: string, end: string) => {
      const table = tables[name];
      if (table === undefined) throw new Error(`${file}: there is no table ${name}.`);
      return `${begin}\n${table()}\n${end}`;
    },
  );
  return await format(made, { ...(await resolveConfig(file)), filepath: file });
}

const tables: Readonly<Record<string, () => string>> = {
  settings: settingsTable,
  commands: commandsTable,
  clients: clientsTable,
  variables: variablesTable,
};

export const tableNames: readonly string[] = Object.keys(tables);

function settingsTable(): string {
  return configuration
    .map(({ title, properties }) => {
      const rows = Object.entries(properties)
        .sort(([, a], [, b]) => a.order - b.order)
        .map(([name, setting]) => [
          `\`${name}\``,
          meaningOf(setting),
          `\`${JSON.stringify(setting.default)}\``,
        ]);
      const heading = configuration.length > 1 ? `## ${word(title)}\n\n` : '';
      return heading + tableOf(['setting', 'meaning', 'default'], rows);
    })
    .join('\n\n');
}

function meaningOf(setting: v.InferOutput<typeof property>): string {
  const { markdownDescription, items } = setting;
  const values = setting.enum ?? items?.enum ?? [];
  const meanings = setting.markdownEnumDescriptions ?? items?.markdownEnumDescriptions ?? [];
  const choices = values.map((value, index) => `\`${value}\`: ${word(meanings[index] ?? '')}`);
  return [word(markdownDescription), ...choices].join('<br>');
}

function commandsTable(): string {
  const rows = [...commandNames].map(([id, name]) => {
    const meaning = commandMeanings[id.replace('keywheel.', '')];
    if (meaning === undefined) throw new Error(`${id} has no meaning in test/rules/documents.ts.`);
    return [name, meaning, `\`${id}\``];
  });
  return tableOf(['command', 'what it does', 'id'], rows);
}

/** The meanings of commands, which the palette does not show. */
const commandMeanings: Readonly<Record<string, string>> = {
  addKey:
    'Takes one key, several, or a whole `.env` file; checks each for free and keeps it in the secret storage.',
  signIn: 'Opens OpenRouter in the browser and gets a key from it.',
  removeKey: 'Removes a key; it can be undone for ten seconds.',
  removeEverything: 'Disconnects all clients and deletes keys, names, limits, history and the proxy key.',
  connectClient:
    'Shows what it would write into a client’s configuration, writes it after a yes, and keeps a backup.',
  disconnectClient: 'Takes Keywheel’s values out of one client’s configuration again; your own changes stay.',
  disconnectAllClients:
    'Takes Keywheel’s values out of all clients’ configuration; Connect Client offers to connect them all again.',
  sendTestRequest: 'Sends one free request through the proxy and shows the reply.',
  runDoctor: 'Checks port, network, clock, keys, limits and clients, and says what to do.',
  copyBaseUrl: 'Copies the address that clients need.',
  copyProxyKey: 'Copies the key that clients need: Keywheel’s own, none of OpenRouter’s.',
  makeNewProxyKey: 'Replaces the proxy key, and offers to update the connected clients.',
  startProxy: 'Starts the proxy for all windows.',
  stopProxy: 'Stops the proxy for all windows, until one starts it.',
  restartProxy: 'Stops the proxy and starts it again.',
  openDashboard: 'Opens the dashboard: accounts, history, activity and free models.',
  openWalkthrough: 'Opens the walkthrough: the first steps.',
  recordNextRequest:
    'Writes one request and its answer to the log, without keys; of each body up to 256 KiB of text.',
  showLog: 'Opens Keywheel’s log.',
};

const sdks = ['openai4', 'openai', 'openai7', '@openrouter/sdk', 'ai', '@openrouter/ai-sdk-provider'];

/** The clients with the versions that the tests install and run; SDKs stand for the programs that are built on them. */
function clientsTable(): string {
  const run = new Map<string, string>(
    Object.entries(clientPackages).map(([id, [name, version]]) => [id, `\`${name}\` ${version}`]),
  );
  const alone: Partial<Record<ClientId, string>> = {
    zoo: 'not run: a stand-in for its extension is called',
    roo: 'not run: a stand-in for its extension is called',
    vscodeChat: 'VS Code 1.139, by its own command',
  };
  const rows = clients.map(({ id, name }) => [name, run.get(id) ?? alone[id] ?? '']);
  const versions = sdks.map(
    (name) => `\`${name.replace(/\d$/, '')}\` ${(devDependencies[name] ?? '').replace(/^npm:.*@/, '')}`,
  );
  return tableOf(['client', 'in the tests'], [...rows, ['programs with an SDK', versions.join(', ')]]);
}

function variablesTable(): string {
  const rows = options.map((option) => {
    const { variable, alias, meaning } = option;
    const names = alias === undefined ? [variable] : [variable, alias];
    return [
      names.map((name) => `\`${name}\``).join(', '),
      `\`${optionName(option)}\``,
      meaning,
      defaultOf(option),
    ];
  });
  return tableOf(['variable', 'option', 'meaning', 'default'], rows);
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** The word that a `%name%` of the manifest stands for, else the text itself. */
function word(reference: string): string {
  const [, name] = /^%(.*)%$/.exec(reference) ?? [];
  return name === undefined ? reference : (words[name] ?? reference);
}
