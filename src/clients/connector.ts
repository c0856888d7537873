// Finds installed clients, tells their states, connects and disconnects them, by file or by extension.
import type { Log } from '../base/log';
import {
  filesOf,
  type Client,
  type ClientFile,
  type ClientId,
  type Endpoint,
  type FileClient,
  type Places,
} from './client';
import { clientOf, clients } from './clientList';
import { ConfigError } from './configFile';
import { valueDigest } from './configValue';
import {
  FileConnections,
  type ConnectionState,
  type FileConnectionsPorts,
  type Planned,
  type Undone,
} from './fileConnections';
import type { ConnectionRecord, EarlierClient, FileRecord } from './records';
import { connectRoo, disconnectRoo, rooProfileName, type RooApi } from './roo';
import { filesOfProfiles } from './vscodeChat';

export interface ConnectorPorts extends FileConnectionsPorts {
  readonly isExtensionInstalled: (extensionId: string) => boolean;
  /**
   * The API of Roo Code or Zoo Code; null if it is not installed or has another shape. Without `wakes` an inactive extension is
   * not activated (`asleep`).
   */
  readonly rooApi: (client: Client, wakes: boolean) => Promise<RooApi | 'asleep' | null>;
  readonly log: Pick<Log, 'error'>;
}

/** The result for one record. With an `error` the client was not changed and its record stays. */
export interface Disconnected {
  readonly client: ClientId;
  /** Null for a client that is connected through its extension. */
  readonly file: string | null;
  readonly undone: Undone | null;
  readonly error: unknown;
}

/** The result for one client. With an `error` the client is as before. */
export interface Connected {
  readonly client: Client;
  readonly error: unknown;
}

export interface KnownConnection {
  readonly client: Client;
  readonly record: ConnectionRecord;
  readonly state: ConnectionState;
}

/** One connection for each client: the first one that is not `current`, if any. */
export function byClient(all: readonly KnownConnection[]): ReadonlyMap<ClientId, KnownConnection> {
  const clients = new Map<ClientId, KnownConnection>();
  for (const known of all)
    if ((clients.get(known.client.id)?.state ?? 'current') === 'current') clients.set(known.client.id, known);
  return clients;
}

/** The extension is not installed, or its API has another shape. */
export class ExtensionUnknownError extends Error {
  readonly code = 'extensionUnknown';
  override readonly name = 'ExtensionUnknownError';
}

export class Connector {
  private readonly files: FileConnections;

  constructor(private readonly ports: ConnectorPorts) {
    this.files = new FileConnections(ports);
  }

  get places(): Places {
    return this.ports.places;
  }

  /** The clients whose extension is installed or that have left a trace, in display order. */
  installed(): readonly Client[] {
    const { places, isExtensionInstalled } = this.ports;
    return clients.filter(
      (client) => client.extensionIds.some(isExtensionInstalled) || client.traces(places).some(places.exists),
    );
  }

  /** The records of all connections. Rejects with a RecordsError if they cannot be read. */
  async records(): Promise<readonly ConnectionRecord[]> {
    return await this.ports.records.all();
  }

  /** Whether the window must be reloaded after a change: Cline's extension keeps its files in memory. */
  needsReload(client: Client): boolean {
    return client.id === 'cline' && client.extensionIds.some(this.ports.isExtensionInstalled);
  }

  /**
   * The state of each file or profile of each connected client; reads only. One failure does not affect the others. Without an
   * endpoint all are `current`. Rejects if the records cannot be read.
   */
  async states(endpoint: Endpoint | null): Promise<readonly KnownConnection[]> {
    const records = await this.records();
    return await Promise.all(
      records.map(async (record) => ({
        client: clientOf(record.client),
        record,
        state: endpoint === null ? 'current' : await this.stateOrUnknown(record, endpoint),
      })),
    );
  }

  /** The changes that `connect` would write, file by file; null for a client that is connected through its extension. */
  async plan(client: Client, endpoint: Endpoint): Promise<readonly Planned[] | null> {
    if (client.way !== 'file') return null;
    return (await this.filePlans(client, endpoint)).map(({ plan }) => plan);
  }

  /** Configures the client for the proxy and records how to undo that. Rejects with a ConfigError or an ExtensionUnknownError. */
  async connect(client: Client, endpoint: Endpoint): Promise<void> {
    if (client.way === 'file') {
      await this.connectFiles(client, endpoint);
      return;
    }
    const { records } = this.ports;
    const known = await records.of(client.id);
    const before = await connectRoo(await this.roo(client.id), endpoint);
    const earlier = before ?? (known?.way === 'extension' ? known.earlier : null);
    const { model } = endpoint;
    const connectedAtMs = this.ports.clock.wallMs();
    const written = digestOf(endpoint);
    await records.put({ way: 'extension', client: client.id, model, connectedAtMs, earlier, written });
  }

  /**
   * Runs VS Code's command that adds the client's models, and records what it wrote. Resolves to false if no profile's file has
   * them; rejects as the command does.
   */
  async connectByCommand(run: () => Promise<void>): Promise<boolean> {
    return await this.files.adopt(await filesOfProfiles(this.ports.places), run);
  }

  /**
   * Updates an older address or key that Keywheel wrote into the client. Resolves to false, and changes nothing, without one.
   * Rejects with a ConfigError or an ExtensionUnknownError.
   */
  async update(client: Client, endpoint: Endpoint): Promise<boolean> {
    if (client.way === 'file') {
      const updated: (FileRecord | null)[] = [];
      for (const file of filesOf(client)) updated.push(await this.files.update(file, endpoint));
      return updated.some((record) => record !== null);
    }
    const record = await this.ports.records.of(client.id);
    if (record === null || (await this.state(record, endpoint, true)) !== 'outdated') return false;
    await this.connect(client, { ...endpoint, model: record.model });
    return true;
  }

  private async disconnect(record: ConnectionRecord): Promise<Undone> {
    if (record.way === 'file') {
      const file = fileOf(record);
      if (file === null) throw new ConfigError('unsupported', record.file);
      return await this.files.disconnect(file, record);
    }
    const wasThere = await disconnectRoo(await this.roo(record.client), record.earlier);
    await this.ports.records.remove(record);
    return wasThere ? 'restored' : 'left';
  }

  /**
   * Disconnects all clients, or those of the ids in `some`; without `some` it also clears `earlier`. One failure does not
   * affect the others. Rejects only if the records cannot be read.
   */
  async disconnectAll(some?: readonly ClientId[]): Promise<readonly Disconnected[]> {
    const done: Disconnected[] = [];
    for (const record of await this.records()) {
      const { client } = record;
      if (some?.includes(client) === false) continue;
      const file = record.way === 'file' ? record.file : null;
      try {
        done.push({ client, file, undone: await this.disconnect(record), error: null });
      } catch (error: unknown) {
        done.push({ client, file, undone: null, error });
      }
    }
    if (some === undefined && (await this.ports.records.earlier()).length > 0)
      await this.ports.records.keepEarlier([]);
    return done;
  }

  /** Disconnects all clients, and remembers the clients and their models for `connectEarlier`. */
  async disconnectForNow(): Promise<readonly Disconnected[]> {
    const { records } = this.ports;
    const all = [...(await records.earlier()), ...(await records.all())];
    // VS Code's chat is left out: its key is in VS Code's secrets, so Keywheel cannot connect it again.
    const known = all.filter(({ client }) => client !== 'vscodeChat');
    const done = await this.disconnectAll();
    const left = done.filter(({ error }) => error !== null).map(({ client }) => client);
    const models = new Map(known.map(({ client, model }) => [client, model]));
    const earlier = [...models].map(([client, model]) => ({ client, model }));
    await records.keepEarlier(earlier.filter(({ client }) => !left.includes(client)));
    return done;
  }

  /** Clients of `disconnectForNow` that are not connected again yet. Rejects if the records cannot be read. */
  async earlier(): Promise<readonly EarlierClient[]> {
    const connected = (await this.records()).map(({ client }) => client);
    return (await this.ports.records.earlier()).filter(({ client }) => !connected.includes(client));
  }

  /** Connects the clients of `earlier` again; those that fail stay in `earlier`. */
  async connectEarlier(
    endpointFor: (client: Client, model: string | null) => Endpoint,
  ): Promise<readonly Connected[]> {
    const done: Connected[] = [];
    const left: EarlierClient[] = [];
    for (const each of await this.earlier()) {
      const client = clientOf(each.client);
      const connected = await this.tryToConnect(client, endpointFor(client, each.model));
      if (connected.error !== null) left.push(each);
      done.push(connected);
    }
    await this.ports.records.keepEarlier(left);
    return done;
  }

  /** Connects clients that use the model with another one, unless the user has changed their settings since. */
  async replaceModel(
    model: string,
    endpoint: Endpoint,
    endpointFor: (client: Client) => Endpoint,
  ): Promise<readonly Connected[]> {
    const all = (await this.states(endpoint)).filter(({ record }) => record.model === model);
    const done: Connected[] = [];
    for (const { client, state } of byClient(all).values())
      if (state === 'current' || state === 'outdated' || state === 'outranked')
        done.push(await this.tryToConnect(client, endpointFor(client)));
    return done;
  }

  private async tryToConnect(client: Client, endpoint: Endpoint): Promise<Connected> {
    return await this.connect(client, endpoint).then(
      () => ({ client, error: null }),
      (error: unknown) => ({ client, error }),
    );
  }

  private async filePlans(
    client: FileClient,
    endpoint: Endpoint,
  ): Promise<readonly { readonly file: ClientFile; readonly plan: Planned }[]> {
    const plans = await Promise.all(
      filesOf(client).map(async (file) => ({ file, plan: await this.files.plan(file, endpoint) })),
    );
    return plans.filter(({ plan }) => plan.changes.length > 0);
  }

  /** Connects each file that has changes. If one fails, files that this call has newly connected are disconnected again. */
  private async connectFiles(client: FileClient, endpoint: Endpoint): Promise<void> {
    const added: { readonly file: ClientFile; readonly record: FileRecord }[] = [];
    try {
      for (const { file } of await this.filePlans(client, endpoint)) {
        const isNew = (await this.ports.records.of(client.id, file.part)) === null;
        const record = await this.files.connect(file, endpoint);
        if (isNew) added.push({ file, record });
      }
    } catch (error: unknown) {
      for (const { file, record } of added.reverse())
        await this.files
          .disconnect(file, record)
          .catch((failure: unknown) => this.ports.log.error(`${record.file} stays connected.`, failure));
      throw error;
    }
  }

  private async stateOrUnknown(record: ConnectionRecord, endpoint: Endpoint): Promise<ConnectionState> {
    try {
      return await this.state(record, endpoint, false);
    } catch (error: unknown) {
      this.ports.log.error(`${record.client} could not be looked at.`, error);
      return 'unknown';
    }
  }

  /** Assumes that the profile of an inactive extension still exists. */
  private async state(
    record: ConnectionRecord,
    endpoint: Endpoint,
    wakes: boolean,
  ): Promise<ConnectionState> {
    if (record.way === 'file') {
      const file = fileOf(record);
      return file === null ? 'missing' : await this.files.state(file, record, endpoint);
    }
    const api = await this.ports.rooApi(clientOf(record.client), wakes);
    const profiles = api === 'asleep' ? [rooProfileName] : api?.getProfiles();
    if (!Array.isArray(profiles) || !profiles.includes(rooProfileName)) return 'missing';
    return record.written === digestOf({ ...endpoint, model: record.model }) ? 'current' : 'outdated';
  }

  private async roo(id: ClientId): Promise<RooApi> {
    const api = await this.ports.rooApi(clientOf(id), true);
    if (api === null || api === 'asleep') throw new ExtensionUnknownError(id);
    return api;
  }
}

/** The client's file of this record; null if this version does not know it. */
function fileOf(record: FileRecord): ClientFile | null {
  const client = clientOf(record.client);
  const files = client.way === 'file' ? filesOf(client) : [];
  // Each profile of VS Code is a separate part.
  return files.find(({ part }) => part === record.part || client.id === 'vscodeChat') ?? null;
}

function digestOf({ origin, proxyKey, model }: Endpoint): string {
  return valueDigest([origin, proxyKey, model]);
}
