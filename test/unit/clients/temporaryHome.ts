/** A home of its own for each test, on the real file system. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Endpoint, FileClient, Places } from '../../../src/clients/client';
import { Connector, type ConnectorPorts } from '../../../src/clients/connector';
import { FileConnections, type ConnectionState } from '../../../src/clients/fileConnections';
import { ConnectionRecords, type FileRecord } from '../../../src/clients/records';
import { ManualClock } from '../../support/manualClock';

export const endpoint: Endpoint = {
  origin: 'http://127.0.0.1:9999',
  proxyKey: 'kw-0123456789abcdef01234567',
  model: 'openrouter/free',
};

/** Where the proxy is after it has moved. */
export const moved: Endpoint = {
  ...endpoint,
  origin: 'http://127.0.0.1:1234',
  proxyKey: 'kw-another-0123456789abcdef',
};

export async function statesOf(connector: Connector, at = endpoint): Promise<readonly ConnectionState[]> {
  return (await connector.states(at)).map(({ state }) => state);
}

export class TemporaryHome implements AsyncDisposable {
  readonly places: Places;
  readonly records: ConnectionRecords;
  readonly connections: FileConnections;
  readonly clock = new ManualClock();

  private constructor(readonly folder: string) {
    this.places = { home: folder, env: {}, exists: existsSync };
    this.records = new ConnectionRecords(this.recordsFolder, (error) => assert.fail(String(error)));
    this.connections = new FileConnections({ places: this.places, records: this.records, clock: this.clock });
  }

  static async make(): Promise<TemporaryHome> {
    return new TemporaryHome(await mkdtemp(path.join(tmpdir(), 'keywheel-home-')));
  }

  /** Without extensions; nothing may be logged. */
  connector(change: Partial<ConnectorPorts> = {}): Connector {
    const { places, records, clock } = this;
    return new Connector({
      places,
      records,
      clock,
      isExtensionInstalled: () => false,
      rooApi: () => Promise.resolve(null),
      log: { error: (message) => assert.fail(message) },
      ...change,
    });
  }

  get recordsFolder(): string {
    return path.join(this.folder, 'vscode', 'globalStorage');
  }

  async write(name: string, text: string, mode = 0o644): Promise<string> {
    const file = path.join(this.folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text, { mode });
    return file;
  }

  /** Connects the client, whose file has the text before. */
  async connected(client: FileClient, file: string, text: string): Promise<FileRecord> {
    await this.write(file, text);
    return await this.connections.connect(client, endpoint);
  }

  async read(name: string): Promise<string> {
    return await readFile(path.join(this.folder, name), 'utf8');
  }

  async mode(name: string): Promise<number> {
    return (await stat(path.join(this.folder, name))).mode & 0o777;
  }

  /** All files but the records, sorted. */
  async files(): Promise<string[]> {
    const entries = await readdir(this.folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => path.relative(this.folder, path.join(entry.parentPath, entry.name)))
      .filter((name) => !name.startsWith('vscode'))
      .sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
