// What is known of a program that can be connected.
import type { ConfigFormat } from './configFormat';
import type { Change, Step } from './configValue';

export const clientIds = ['cline', 'continue', 'roo', 'kilo', 'claudeCode', 'codex', 'opencode'] as const;

export type ClientId = (typeof clientIds)[number];

/** The machine on which the clients' files are. */
export interface Places {
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly exists: (path: string) => boolean;
}

/** What a client has to know of the proxy. */
export interface Endpoint {
  /** Such as `http://127.0.0.1:9999`, without a slash at the end. */
  readonly origin: string;
  readonly proxyKey: string;
  /** Null: the client keeps the models that it asks for by itself. */
  readonly model: string | null;
}

interface KnownClient {
  readonly id: ClientId;
  /** As it calls itself, in every language. */
  readonly name: string;
  /** Its VS Code extensions. */
  readonly extensionIds: readonly string[];
  /** Files and folders that it leaves on a machine on which it is used. */
  traces(places: Places): readonly string[];
  /** Whether it may be connected without naming a model. */
  readonly hasOwnModels: boolean;
}

/** What of its file a client can read as a whole only: with a part of it gone it may take none of the file. */
export interface Unit {
  readonly path: readonly Step[];
  /** Where in it the proxy key stands, and where the proxy's address: by them it is known as ours. */
  readonly key: readonly Step[];
  readonly address: readonly Step[];
}

/** A client that reads a file. */
export interface FileClient extends KnownClient {
  readonly way: 'file';
  readonly format: ConfigFormat;
  /** The file that it reads. Throws a ConfigError (`olderFormat`) where that is one that we do not write. */
  file(places: Places): string;
  /** What makes it use the proxy; `config` is what the file holds now, an empty object where there is none. */
  changes(endpoint: Endpoint, config: unknown, nowIso: string): readonly Change[];
  /** What is taken back as one; all else is taken back value by value. */
  readonly units?: readonly Unit[];
  /** The value on which it depends whether the client uses the rest, where users may put another one in its place. */
  readonly choice?: readonly Step[];
  /** Names of the top without which it takes none of the file: they stay for what else is in it, and go where nothing is. */
  readonly scaffold?: readonly string[];
}

/** A client that is connected by calling what its extension exports. */
export interface ExtensionClient extends KnownClient {
  readonly way: 'extension';
}

export type Client = FileClient | ExtensionClient;

/** For clients that speak as OpenAI's or OpenRouter's. */
export function openAiBaseUrl(origin: string): string {
  return `${origin}/api/v1`;
}

/** For clients that speak as Anthropic's: they put `/v1/messages` behind it. */
export function anthropicBaseUrl(origin: string): string {
  return `${origin}/api`;
}
