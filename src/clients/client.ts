// Types that describe a client, its files and the proxy's endpoint.
import path from 'node:path';
import type { ConfigFormat } from './configFormat';
import type { Change, Step } from './configValue';

/** All clients in display order; those that are no longer developed come last. */
export const clientIds = [
  'cline',
  'claudeCode',
  'codex',
  'kilo',
  'opencode',
  'zoo',
  'qwenCode',
  'pi',
  'vscodeChat',
  'continue',
  'roo',
] as const;

export type ClientId = (typeof clientIds)[number];

/** The machine on which the clients' files are. */
export interface Places {
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly exists: (path: string) => boolean;
  /** VS Code's folder for the user's settings; absent outside VS Code. */
  readonly vscodeFolder?: string;
}

/** The address, key and model that a client is configured with. */
export interface Endpoint {
  /** The proxy's origin, such as `http://127.0.0.1:9999`, without a slash at the end. */
  readonly origin: string;
  readonly proxyKey: string;
  /** The chosen model; null: the client keeps its own models. */
  readonly model: string | null;
  /** Whether the model can call tools and accepts images, as OpenRouter lists it; absent if that is not known. */
  readonly traits?: { readonly tools: boolean; readonly images: boolean };
}

interface KnownClient {
  readonly id: ClientId;
  /** The product name, not translated. */
  readonly name: string;
  readonly extensionIds: readonly string[];
  /** Files and folders that show that the client is installed. */
  traces(places: Places): readonly string[];
  /** The client can be connected without a model. */
  readonly hasOwnModels?: true;
  /** The client is no longer developed; installed copies still work. */
  readonly isEnded?: true;
  /** The client's configuration lists the model's traits. */
  readonly takesTraits?: true;
}

/** An object that is removed as a whole: a client may reject the file if a part of the object is missing. */
export interface Unit {
  readonly path: readonly Step[];
  /** Paths inside the object of the proxy key and the proxy's address; they show that Keywheel wrote the object. */
  readonly key: readonly Step[];
  readonly address: readonly Step[];
  /** A value inside the object that only the proxy needs; it is removed together with the address. */
  readonly extra?: readonly Step[];
}

/** One file that a client reads. */
export interface ClientFile {
  readonly id: ClientId;
  /** Identifies a further file in records; absent for the first file. */
  readonly part?: string;
  readonly format: ConfigFormat;
  /** The file's path. Throws a ConfigError (`olderFormat`) if the client still uses a format that Keywheel does not write. */
  file(places: Places): string;
  /** The values that make the client use the proxy; empty: the file is not written. `config` is the parsed file, or `{}` without one. */
  changes(endpoint: Endpoint, config: unknown, nowIso: string): readonly Change[];
  /** Objects that are removed as a whole; all other values are restored one by one. */
  readonly units?: readonly Unit[];
  /** Names of settings in the file or the environment that override the written values. */
  outranking?(config: unknown, places: Places): readonly string[];
  /** Paths of the values that select Keywheel's configuration; users may select another configuration. */
  readonly choices?: readonly (readonly Step[])[];
  /** Top-level names that every file must have; they are removed only if nothing else is left. */
  readonly scaffold?: readonly string[];
}

/** A client that is connected by writing its files. */
export interface FileClient extends KnownClient, ClientFile {
  readonly way: 'file';
  /** Files that are written after the first one. */
  readonly further?: readonly ClientFile[];
}

/** A client that is connected through its extension's API. */
export interface ExtensionClient extends KnownClient {
  readonly way: 'extension';
}

export type Client = FileClient | ExtensionClient;

/** All files of the client, in writing order. */
export function filesOf(client: FileClient): readonly ClientFile[] {
  return [client, ...(client.further ?? [])];
}

/** The client's folder: the value of the variable, else `names` below the home. */
export function folderOf(variable: string, ...names: readonly string[]): (places: Places) => string {
  return (places) => variableOf(places, variable) ?? path.join(places.home, ...names);
}

/** The variable's value; undefined if it is empty too: clients take that for unset, and as a path it is the working folder. */
export function variableOf({ env }: Places, name: string): string | undefined {
  return env[name] === '' ? undefined : env[name];
}

/** The base URL for clients of OpenAI's or OpenRouter's API. */
export function openAiBaseUrl(origin: string): string {
  return `${origin}/api/v1`;
}

/** The base URL for clients of Anthropic's API, which append `/v1/messages`. */
export function anthropicBaseUrl(origin: string): string {
  return `${origin}/api`;
}
