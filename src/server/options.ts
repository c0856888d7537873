// The table of the variables and options of the command line; the reader, `--help` and the documents are made of it.
import { readFileSync } from 'node:fs';
import packageJson from '../../package.json';
import { parseJson } from '../base/json';
import type { LogLevel } from '../base/log';
import { codeOf } from '../base/systemError';
import { proxyAt, type NetworkRoute } from '../proxy/upstream/networkRoute';
import { readKeyEntry, wordsOf, type KeyEntry } from '../service/pastedKeys';
import { plainKey, type StoredKey } from '../service/keyring/storedKey';
import {
  defaultSettings,
  isLoopbackHost,
  networkRouteOf,
  readSettings,
  settingsSchema,
  type Settings,
} from '../service/settings';
import { contributedSettings, settingRule } from '../words/settingRule';
import { translator } from '../words/translate';

export interface Option {
  /** The variable's name, which gives the option's: `MAX_WAITING` → `--max-waiting`. */
  readonly variable: string;
  /** The name of the same variable in other proxies; `variable` overrides it. */
  readonly alias?: string;
  /** The placeholder of the value in `--help`; null for a switch. */
  readonly value: string | null;
  readonly meaning: string;
  /** The default in words, where `settings.ts` has none. */
  readonly byDefault?: string;
  readonly setting?: keyof Settings;
  readonly parse?: (text: string) => unknown;
}

/** All options, in the order of `--help` and of docs/server.md. */
export const options: readonly Option[] = [
  plain(
    'OPENROUTER_KEYS KEYS',
    'your keys, each with your own daily limit if you like: key1:50,key2:1000,key3 (NAME=key and Bearer key are read too)',
    'required, unless KEYS_FILE is set',
  ),
  plain(
    'KEYS_FILE FILE',
    'a file with keys, one per line or as a .env file; read again when it changes',
    'none',
  ),
  plain(
    'PROXY_API_KEY KEY',
    'what clients send; 24 characters or more if HOST is not loopback',
    'made at random and printed',
  ),
  {
    ...text(
      'HOST,UVICORN_HOST ADDRESS',
      'host',
      'the address to listen on; 0.0.0.0 for all',
      '127.0.0.1 and [::1]',
    ),
    parse: (given) => given.replace(/^\[(.+)\]$/, '$1'),
  },
  figure('PORT,UVICORN_PORT', 'port', 'the port; if it is taken, Keywheel does not start'),
  plain(
    'ALLOWED_HOSTS NAMES',
    'host names by which clients may call, separated by commas; loopback names and, beyond loopback, IP addresses are always allowed',
    'beyond loopback any name',
  ),
  plain(
    'HTTPS_PROXY,https_proxy URL',
    'the network proxy to OpenRouter, as http://user:password@host:port',
    'none',
  ),
  plain('HTTP_PROXY,http_proxy URL', 'the same where HTTPS_PROXY is not set', 'none'),
  plain('NO_PROXY,no_proxy HOSTS', 'hosts that are reached directly, separated by commas', 'none'),
  plain('NODE_EXTRA_CA_CERTS FILE', 'a PEM file with more certificate authorities to trust', 'none'),
  text('OPENROUTER_BASE_URL URL', 'upstreamUrl', 'OpenRouter’s API; https, unless it is on this machine'),
  text(
    'TIMEZONE ZONE',
    'timezone',
    'IANA name, for the times that you see; OpenRouter resets at 00:00 UTC',
    'the machine’s',
  ),
  plain(
    'STATE_FILE FILE',
    'where counts and locks are kept; past requests in a file beside it; for one server alone',
    'none: they end with the process',
  ),
  plain(
    'LOG_LEVEL,UVICORN_LOG_LEVEL LEVEL',
    'debug, info, warning or error; debug shows headers of requests and answers, never bodies',
    'info',
  ),
  plain('LOG_FORMAT FORMAT', 'text, or json for one object a line', 'text on a terminal, else json'),
  figure('MAX_WAIT_SECONDS', 'maxWaitSeconds', 'how long a request may wait for a slot'),
  figure('MAX_WAITING', 'maxWaiting', 'how many requests may wait at once'),
  figure('MAX_UPSTREAM_ATTEMPTS', 'maxUpstreamAttempts', 'how many requests may run at OpenRouter at once'),
  figure(
    'DEADLINE_SECONDS',
    'deadlineSeconds',
    'how long a request may be tried again; running answers are not cut',
  ),
  figure(
    'FIRST_TOKEN_TIMEOUT_SECONDS',
    'firstTokenTimeoutSeconds',
    'how long a free model may send nothing before another attempt',
  ),
  figure(
    'IDLE_TIMEOUT_SECONDS',
    'idleTimeoutSeconds',
    'how long a stream may send nothing before it counts as broken; where a fallback model is left, any answer',
  ),
  figure(
    'KEEP_ALIVE_AFTER_SECONDS',
    'keepAliveAfterSeconds',
    'how long a stream may wait before its client gets keep-alive comments',
  ),
  figure(
    'DRAIN_SECONDS',
    'drainSeconds',
    'how long running answers may continue after the proxy is told to stop',
  ),
  figure('EXHAUSTED_STATUS', 'exhaustedStatus', '429, or 402, at which most agents stop and show the text'),
  text(
    'POLICY_REFUSALS WAY',
    'policyRefusals',
    'where an account’s own settings at OpenRouter refuse a request: otherAccount asks the others, giveBack returns the refusal',
  ),
  flag('FREE_ONLY', 'freeOnly', 'refuse requests that may cost credits'),
  flag(
    'ALLOW_KEY_CHANGES',
    'allowKeyChanges',
    'pass on requests that create, change or move keys of your account',
  ),
  {
    ...text(
      'FALLBACK_MODELS JSON',
      'fallbackModels',
      'model pattern → models to try instead, such as {"x/y:free":["openrouter/free"]}',
    ),
    parse: (json) => parseJson(json) ?? json,
  },
];

/** `name`: the variable with its alias, and the placeholder of its value in `--help`. */
function plain(name: string, meaning: string, byDefault?: string): Option {
  const [names = '', value = null] = name.split(' ');
  const [variable = '', alias] = names.split(',');
  return { variable, alias, value, meaning, byDefault };
}

function text(name: string, setting: keyof Settings, meaning: string, byDefault?: string): Option {
  return { ...plain(name, meaning, byDefault), setting };
}

function figure(variable: string, setting: keyof Settings, meaning: string): Option {
  const name = `${variable} ${variable.endsWith('SECONDS') ? 'SECONDS' : 'NUMBER'}`;
  const parse = (given: string): unknown => (/^\d+(?:\.\d+)?$/.test(given) ? Number(given) : given);
  return { ...text(name, setting, meaning), parse };
}

function flag(variable: string, setting: keyof Settings, meaning: string): Option {
  return { ...text(variable, setting, meaning), parse: toBoolean };
}

/** The option's name, such as `--max-waiting`. */
export function optionName({ variable }: Option): string {
  return `--${variable.toLowerCase().replaceAll('_', '-')}`;
}

/** The option's default as text for users. */
export function defaultOf({ byDefault, setting }: Option): string {
  const value = setting === undefined ? '' : defaultSettings[setting];
  return byDefault ?? (typeof value === 'object' ? JSON.stringify(value) : String(value));
}

/** The commands, each with its text in `--help`. */
export const commands = {
  serve: 'runs the proxy; also without a command',
  check: 'tries keys, accounts, OpenRouter and the clock; exit code 0 if any key works, else 1',
  status: 'asks the proxy that runs at HOST and PORT; exit code 0 if it answers, else 1',
} as const;

export type Command = keyof typeof commands;

export interface Configuration {
  readonly settings: Settings;
  readonly keys: readonly StoredKey[];
  /** The file with keys; null: no file is set. */
  readonly keysFile: Named | null;
  /** The proxy key; null: a random one is made. */
  readonly proxyKey: string | null;
  readonly allowedHosts: readonly string[];
  readonly logLevel: LogLevel;
  /** The format of log lines; null: text on a terminal, else json. */
  readonly logFormat: LogFormat | null;
  /** The file for the counts; null: counts are not saved. */
  readonly stateFile: Named | null;
}

export type LogFormat = 'text' | 'json';

export type ConfigurationRead =
  | { readonly kind: 'good'; readonly configuration: Configuration }
  | { readonly kind: 'bad'; readonly problems: readonly string[] };

/** A value, and the variable or option by which the user gave it. */
export interface Named {
  readonly name: string;
  readonly text: string;
}

/** The given values by the variable's name, also if the alias or the option was set. */
export type Given = ReadonlyMap<string, Named>;

const shortestOpenProxyKey = 24;

/** The variables that are set; an empty one counts as missing. Docker's `--env-file` leaves the quotes of a `.env` file in a value. */
export function givenOf(environment: Readonly<Record<string, string | undefined>>): Given {
  const given = new Map<string, Named>();
  for (const { variable, alias = variable } of options)
    for (const name of [alias, variable]) {
      const text = unquoted(environment[name]?.trim() ?? '');
      if (text !== '') given.set(variable, { name, text });
    }
  return given;
}

/** Reads all variables, so that the user sees all problems at once; each is one line that names the variable or option. */
export function readConfiguration(given: Given, command: Command = 'serve'): ConfigurationRead {
  const problems: string[] = [];
  const needsKeys = command !== 'status';
  const keys = needsKeys ? readKeys(given, problems) : [];
  const settings = readProxySettings(given, problems);
  const proxyKey = readProxyKey(given, command === 'serve' ? settings.host : '127.0.0.1', problems);
  const configuration: Configuration = {
    settings,
    keys,
    keysFile: needsKeys ? (given.get('KEYS_FILE') ?? null) : null,
    proxyKey,
    allowedHosts: readHosts(given, problems),
    logLevel: readLogLevel(given, problems),
    logFormat: readLogFormat(given, problems),
    stateFile: given.get('STATE_FILE') ?? null,
  };
  return problems.length > 0 ? { kind: 'bad', problems } : { kind: 'good', configuration };
}

function unquoted(text: string): string {
  const [, , inner] = /^(["'])(.*)\1$/s.exec(text) ?? [];
  return inner === undefined ? text : inner.trim();
}

/** Docker's `--env-file` also leaves comments, and the quotes of each entry, in the value. */
const comment = /(?:^|\s)#.*$/gm;
/** Words before a key in lines that people copy. */
const beforeKey = /^(?:export|set|bearer|authorization:|[-*])$/i;
const variableName = /^[A-Za-z_]\w*=/;

/** Adds the key once; its label is its number, which headers and logs show. */
export function addKey(keys: Map<string, StoredKey>, { key, dailyLimit }: KeyEntry): void {
  if (!keys.has(key)) keys.set(key, plainKey(key, `key ${keys.size + 1}`, dailyLimit));
}

function readKeys(given: Given, problems: string[]): readonly StoredKey[] {
  const list = given.get('OPENROUTER_KEYS');
  if (list === undefined) {
    if (!given.has('KEYS_FILE'))
      problems.push(
        'OPENROUTER_KEYS is missing: set it to your keys, such as sk-or-…:50,sk-or-…:1000,sk-or-…, or KEYS_FILE to a file of them.',
      );
    return [];
  }
  const keys = new Map<string, StoredKey>();
  const entries = wordsOf(list.text.replace(comment, ''))
    .map((entry) => entry.replace(variableName, ''))
    .filter((entry) => entry !== '' && !beforeKey.test(entry));
  for (const [index, entry] of entries.entries()) {
    const read = readKeyEntry(entry);
    if (read === null)
      problems.push(
        `${list.name}: entry ${index + 1} cannot be read as an OpenRouter key (sk-or-…, and :limit if you like).`,
      );
    else addKey(keys, read);
  }
  if (entries.length === 0)
    problems.push(`${list.name} holds no key: set it to your keys, such as sk-or-…,sk-or-….`);
  return [...keys.values()];
}

function readProxySettings(given: Given, problems: string[]): Settings {
  const raw: Record<string, unknown> = { networkRoute: readNetworkRoute(given, problems) };
  const names = new Map<string, string>();
  for (const { variable, setting, parse } of options) {
    const value = given.get(variable);
    if (value === undefined || setting === undefined) continue;
    raw[setting] = parse?.(value.text) ?? value.text;
    names.set(setting, value.name);
  }
  const read = readSettings(settingsSchema, raw, defaultSettings);
  for (const { setting, problem } of read.problems) {
    const property = contributedSettings(packageJson)[`keywheel.${setting}`];
    // The schema's own message is shown; a message of valibot's is replaced by the setting's rule.
    const isOwn = property === undefined || !problem.startsWith('Invalid ');
    const said = isOwn ? problem : `must be ${settingRule(property, translator({}))}`;
    problems.push(`${names.get(setting) ?? setting}: ${said}.`);
  }
  return read.values;
}

function readNetworkRoute(given: Given, problems: string[]): NetworkRoute {
  for (const variable of ['HTTPS_PROXY', 'HTTP_PROXY']) {
    const { name = '', text: url = '' } = given.get(variable) ?? {};
    if (url !== '' && proxyAt(url) === null)
      problems.push(`${name}: is not a URL such as http://proxy:3128.`);
  }
  const file = given.get('NODE_EXTRA_CA_CERTS');
  if (file !== undefined)
    try {
      readFileSync(file.text);
    } catch (error: unknown) {
      problems.push(unreadable(file, error));
    }
  return networkRouteOf(Object.fromEntries([...given].map(([variable, value]) => [variable, value.text])));
}

/** The message for a file that cannot be read. */
export function unreadable({ name, text: path }: Named, error: unknown): string {
  return `${name} ${path} cannot be read (${codeOf(error)}): check the path and who may read it.`;
}

/** The proxy key, or null. Beyond loopback it must be long, as other machines can try to guess it. */
function readProxyKey(given: Given, host: string, problems: string[]): string | null {
  const { name = 'PROXY_API_KEY', text = null } = given.get('PROXY_API_KEY') ?? {};
  if (text !== null && !/^[\x21-\x7e]+$/.test(text)) {
    problems.push(`${name}: use ASCII letters, digits and signs only, without spaces.`);
  }
  if (isLoopbackHost(host)) return text;
  if (text === null || text.length < shortestOpenProxyKey) {
    problems.push(
      `${name} must have ${shortestOpenProxyKey} characters or more, because HOST ${host} can be reached from other machines: make one with "openssl rand -hex 24".`,
    );
  }
  return text;
}

/** The allowed host names; a port behind a name is ignored. */
function readHosts(given: Given, problems: string[]): readonly string[] {
  const { name = '', text = '' } = given.get('ALLOWED_HOSTS') ?? {};
  const hosts = text
    .toLowerCase()
    .split(/[\s,;]+/)
    .filter((host) => host !== '');
  if (hosts.some((host) => !/^[\w.-]+(?::\d+)?$/.test(host)))
    problems.push(`${name}: name hosts such as keys.example.org, separated by commas.`);
  return hosts.map((host) => host.replace(/:\d+$/, ''));
}

const levels: ReadonlyMap<string, LogLevel> = new Map([
  ['trace', 'debug'],
  ['debug', 'debug'],
  ['info', 'info'],
  ['warning', 'warn'],
  ['warn', 'warn'],
  ['error', 'error'],
  ['critical', 'error'],
]);

function readLogLevel(given: Given, problems: string[]): LogLevel {
  const option = given.get('LOG_LEVEL');
  if (option === undefined) return 'info';
  const level = levels.get(option.text.toLowerCase());
  if (level === undefined) problems.push(`${option.name}: use debug, info, warning or error.`);
  return level ?? 'info';
}

function readLogFormat(given: Given, problems: string[]): LogFormat | null {
  const option = given.get('LOG_FORMAT');
  if (option === undefined) return null;
  const format = option.text.toLowerCase();
  if (format === 'text' || format === 'json') return format;
  problems.push(`${option.name}: use text or json.`);
  return null;
}

function toBoolean(given: string): unknown {
  if (/^(?:true|1|yes|on)$/i.test(given)) return true;
  return /^(?:false|0|no|off)$/i.test(given) ? false : given;
}
