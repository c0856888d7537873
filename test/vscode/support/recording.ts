/** Stores of VS Code's shape that keep everything that was ever written to them. */
import type { Memento, SecretStorage, SecretStorageChangeEvent } from 'vscode';
import { EventEmitter } from 'vscode';

export class RecordingSecrets implements SecretStorage {
  readonly values = new Map<string, string>();
  private readonly changed = new EventEmitter<SecretStorageChangeEvent>();
  readonly onDidChange = this.changed.event;

  get(key: string): Promise<string | undefined> {
    return Promise.resolve(this.values.get(key));
  }

  store(key: string, value: string): Promise<void> {
    this.values.set(key, value);
    return Promise.resolve();
  }

  delete(key: string): Promise<void> {
    this.values.delete(key);
    return Promise.resolve();
  }
}

export class RecordingMemento implements Memento {
  /** JSON of every value that was ever kept, in order. */
  readonly written: string[] = [];
  private readonly values = new Map<string, unknown>();

  keys(): readonly string[] {
    return [...this.values.keys()];
  }

  get<T>(key: string, fallback?: T): T | undefined {
    return this.values.has(key) ? (this.values.get(key) as T) : fallback;
  }

  update(key: string, value: unknown): Promise<void> {
    this.written.push(JSON.stringify({ key, value }));
    this.values.set(key, value);
    return Promise.resolve();
  }
}
