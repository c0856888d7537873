// The environment variables of the command line, read once; every problem is one line that names its variable.
import * as v from 'valibot';
import type { LogLevel } from '../base/log';
import { readKeyEntry } from './pastedKeys';
import type { StoredKey } from './ports';
import { plainKey } from './storedKey';
import { defaultSettings, isLoopbackHost, readSettings, type Settings } from './settings';

export interface Configuration {
  readonly settings: Settings;
  readonly keys: readonly StoredKey[];
  /** Null: one is to be made at random. */
  readonly proxyKey: string | null;
  readonly logLevel: LogLevel;
  /** Null: counts do not outlive the process. */
  readonly stateFile: string | null;
}

export type ConfigurationRead =
  | { readonly kind: 'good'; readonly configuration: Configuration }
  | { readonly kind: 'bad'; readonly problems: readonly string[] };

type Environment = Readonly<Record<string, string | undefined>>;
type Problems = string[];

const shortestOpenProxyKey = 24;

/** Which variable sets what, and how its text becomes a value; of two names for one setting the first wins. */
const variables: readonly (readonly [
  name: string,
  setting: keyof Settings,
  parse: (text: string) => unknown,
])[] = [
  ['HOST', 'host', asIs],
  ['UVICORN_HOST', 'host', asIs],
  ['PORT', 'port', toNumber],
  ['UVICORN_PORT', 'port', toNumber],
  ['OPENROUTER_BASE_URL', 'upstreamUrl', asIs],
  ['TIMEZONE', 'timezone', asIs],
  ['MAX_WAIT_SECONDS', 'maxWaitSeconds', toNumber],
  ['MAX_WAITING', 'maxWaiting', toNumber],
  ['DEADLINE_SECONDS', 'deadlineSeconds', toNumber],
  ['FIRST_TOKEN_TIMEOUT_SECONDS', 'firstTokenTimeoutSeconds', toNumber],
  ['IDLE_TIMEOUT_SECONDS', 'idleTimeoutSeconds', toNumber],
  ['KEEP_ALIVE_AFTER_SECONDS', 'keepAliveAfterSeconds', toNumber],
  ['EXHAUSTED_STATUS', 'exhaustedStatus', toNumber],
  ['FALLBACK_MODELS', 'fallbackModels', toJson],
];

/** Reads them all, so that a user sees all problems at once. Empty values count as missing. */
export function readEnvironment(environment: Environment): ConfigurationRead {
  const problems: Problems = [];
  const keys = readKeys(environment, problems);
  const settings = readProxySettings(environment, problems);
  const proxyKey = readProxyKey(environment, settings.host, problems);
  const logLevel = readLogLevel(environment, problems);
  const stateFile = valueOf(environment, 'STATE_FILE')?.text ?? null;
  if (problems.length > 0) return { kind: 'bad', problems };
  return { kind: 'good', configuration: { settings, keys, proxyKey, logLevel, stateFile } };
}

interface Named {
  readonly name: string;
  readonly text: string;
}

/** The first of the names that is set, and under which name. */
function valueOf(environment: Environment, ...names: readonly string[]): Named | null {
  for (const name of names) {
    const text = environment[name]?.trim();
    if (text !== undefined && text !== '') return { name, text };
  }
  return null;
}

function readKeys(environment: Environment, problems: Problems): readonly StoredKey[] {
  const list = valueOf(environment, 'OPENROUTER_KEYS');
  if (list === null) {
    problems.push(
      'OPENROUTER_KEYS is missing: set it to your keys, such as sk-or-v1-aaa:50,sk-or-v1-bbb:1000,sk-or-v1-ccc.',
    );
    return [];
  }
  const keys = new Map<string, StoredKey>();
  const entries = list.text.split(/[\s,]+/).filter((entry) => entry !== '');
  for (const [index, entry] of entries.entries()) {
    const key = readKey(entry, `key ${index + 1}`);
    if (key === null)
      problems.push(
        `OPENROUTER_KEYS: entry ${index + 1} is no key of OpenRouter (sk-or-…, and :limit if you like).`,
      );
    else if (!keys.has(key.key)) keys.set(key.key, key);
  }
  return [...keys.values()];
}

/** The label is the key's place in the list: in headers and logs a mask would be of no use. */
function readKey(entry: string, label: string): StoredKey | null {
  const read = readKeyEntry(entry);
  return read === null ? null : plainKey(read.key, label, read.dailyLimit);
}

function readProxySettings(environment: Environment, problems: Problems): Settings {
  const raw: Record<string, unknown> = {};
  const names = new Map<string, string>();
  for (const [name, setting, parse] of variables) {
    const given = valueOf(environment, name);
    if (given === null || setting in raw) continue;
    raw[setting] = parse(given.text);
    names.set(setting, name);
  }
  const read = readSettings(raw, defaultSettings);
  for (const { setting, problem } of read.problems)
    problems.push(`${names.get(setting) ?? setting}: ${problem}.`);
  return read.settings;
}

/** Beyond loopback anybody may knock: only a long key keeps them out. */
function readProxyKey(environment: Environment, host: string, problems: Problems): string | null {
  const text = valueOf(environment, 'PROXY_API_KEY')?.text ?? null;
  if (text !== null && !/^[\x21-\x7e]+$/.test(text)) {
    problems.push('PROXY_API_KEY: use letters, digits and signs of ASCII alone, without spaces.');
  }
  if (isLoopbackHost(host)) return text;
  if (text === null || text.length < shortestOpenProxyKey) {
    problems.push(
      `PROXY_API_KEY must have ${shortestOpenProxyKey} characters or more, because HOST ${host} can be reached from other machines.`,
    );
  }
  return text;
}

const levels: Readonly<Record<string, LogLevel>> = {
  trace: 'debug',
  debug: 'debug',
  info: 'info',
  warning: 'warn',
  warn: 'warn',
  error: 'error',
  critical: 'error',
};

function readLogLevel(environment: Environment, problems: Problems): LogLevel {
  const told = valueOf(environment, 'LOG_LEVEL', 'UVICORN_LOG_LEVEL');
  if (told === null) return 'info';
  const level = levels[told.text.toLowerCase()];
  if (level === undefined) problems.push(`${told.name}: use debug, info, warning or error.`);
  return level ?? 'info';
}

function asIs(text: string): unknown {
  return text;
}

function toNumber(text: string): unknown {
  return /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : text;
}

const json = v.pipe(v.string(), v.parseJson());

function toJson(text: string): unknown {
  const parsed = v.safeParse(json, text);
  return parsed.success ? parsed.output : text;
}
