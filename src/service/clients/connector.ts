// All clients at once: which are there, how they stand, connecting and disconnecting, whatever their way.
import type { Log } from '../../base/log';
import type { Client, ClientId, Endpoint } from './client';
import { clientOf, clients, isInstalled } from './clientList';
import { valueDigest } from './configValue';
import { disconnectAll, type Disconnected } from './disconnectAll';
import {
  FileConnections,
  type ConnectionState,
  type FileConnectionsPorts,
  type Planned,
  type Undone,
} from './fileConnections';
import type { ConnectionRecord, ExtensionRecord } from './records';
import { connectRoo, disconnectRoo, rooProfileName, type RooApi } from './roo';

export interface ConnectorPorts extends FileConnectionsPorts {
  readonly isExtensionInstalled: (extensionId: string) => boolean;
  /** What Roo Code exports, or null where it is not there or exports something else. */
  readonly rooApi: () => Promise<RooApi | null>;
  readonly log: Pick<Log, 'error'>;
}

export interface KnownConnection {
  readonly client: Client;
  readonly record: ConnectionRecord;
  readonly state: ConnectionState;
}

/** Its extension is not there, or is not as we know it. */
export class ExtensionUnknownError extends Error {
  readonly code = 'extensionUnknown';
  override readonly name = 'ExtensionUnknownError';
}

export class Connector {
  private readonly files: FileConnections;

  constructor(private readonly ports: ConnectorPorts) {
    this.files = new FileConnections(ports);
  }

  /** In the order in which they are shown. */
  installed(): readonly Client[] {
    const { places, isExtensionInstalled } = this.ports;
    return clients.filter((client) => isInstalled(client, places, isExtensionInstalled));
  }

  /** Rejects with a RecordsError where the records cannot be read. */
  async records(): Promise<readonly ConnectionRecord[]> {
    return await this.ports.records.all();
  }

  /** How each connected client stands, whatever happens to the others; reads only. Rejects where the records cannot be read. */
  async states(endpoint: Endpoint): Promise<readonly KnownConnection[]> {
    const records = await this.records();
    return await Promise.all(
      records.map(async (record) => ({
        client: clientOf(record.client),
        record,
        state: await this.stateOrUnknown(record, endpoint),
      })),
    );
  }

  /** What connecting would write; null for a client that is connected through its extension. */
  async plan(client: Client, endpoint: Endpoint): Promise<Planned | null> {
    return client.way === 'file' ? await this.files.plan(client, endpoint) : null;
  }

  /** The client uses the proxy, and a record tells how to take that back. Rejects with a ConfigError or an ExtensionUnknownError. */
  async connect(client: Client, endpoint: Endpoint): Promise<void> {
    if (client.way === 'file') {
      await this.files.connect(client, endpoint);
      return;
    }
    const { records } = this.ports;
    const known = await records.of(client.id);
    const before = await connectRoo(await this.roo(client.id), endpoint);
    const earlier = before ?? (known?.way === 'extension' ? known.earlier : null);
    const { model } = endpoint;
    await records.put({ way: 'extension', client: client.id, model, earlier, written: digestOf(endpoint) });
  }

  /**
   * A client that asks for the proxy where it was asks for it where it is. False where it does not (any more): then nothing was
   * changed. Rejects with a ConfigError or an ExtensionUnknownError.
   */
  async move(client: Client, endpoint: Endpoint): Promise<boolean> {
    if (client.way === 'file') return (await this.files.move(client, endpoint)) !== null;
    const record = await this.ports.records.of(client.id);
    if (record === null || (await this.state(record, endpoint)) !== 'outdated') return false;
    await this.connect(client, { ...endpoint, model: record.model });
    return true;
  }

  async disconnect(record: ConnectionRecord): Promise<Undone | null> {
    const client = clientOf(record.client);
    if (record.way === 'extension') return await this.disconnectExtension(record);
    return client.way === 'file' ? await this.files.disconnect(client, record) : null;
  }

  async disconnectAll(): Promise<readonly Disconnected[]> {
    return await disconnectAll(this.ports.records, async (record) => await this.disconnect(record));
  }

  private async stateOrUnknown(record: ConnectionRecord, endpoint: Endpoint): Promise<ConnectionState> {
    try {
      return await this.state(record, endpoint);
    } catch (error: unknown) {
      this.ports.log.error(`${record.client} could not be looked at.`, error);
      return 'unknown';
    }
  }

  private async state(record: ConnectionRecord, endpoint: Endpoint): Promise<ConnectionState> {
    const client = clientOf(record.client);
    if (record.way === 'file') {
      return client.way === 'file' ? await this.files.state(client, record, endpoint) : 'missing';
    }
    const api = await this.ports.rooApi();
    const profiles = api?.getProfiles();
    if (!Array.isArray(profiles) || !profiles.includes(rooProfileName)) return 'missing';
    return record.written === digestOf({ ...endpoint, model: record.model }) ? 'current' : 'outdated';
  }

  private async disconnectExtension(record: ExtensionRecord): Promise<Undone> {
    const wasThere = await disconnectRoo(await this.roo(record.client), record.earlier);
    await this.ports.records.remove(record.client);
    return wasThere ? 'restored' : 'left';
  }

  private async roo(id: ClientId): Promise<RooApi> {
    const api = await this.ports.rooApi();
    if (api === null) throw new ExtensionUnknownError(id);
    return api;
  }
}

function digestOf({ origin, proxyKey, model }: Endpoint): string {
  return valueDigest([origin, proxyKey, model]);
}
