// The proxy has moved, and connected clients still ask at its old address: whether this window tells of it.
import type { SharedRecord } from '../noticeTurn';

export interface MoveNewsPorts {
  /** The record is shared with windows of other machines. */
  readonly machine: string;
  /** Where clients find the proxy; null while it does not run. */
  readonly origin: () => string | null;
  readonly isFocused: () => boolean;
  /** Whether a connected client has another address or key than the proxy. */
  readonly isOutdated: () => Promise<boolean>;
  /** Of which move the user was told last. */
  readonly record: SharedRecord;
}

export class MoveNews {
  constructor(
    private readonly ports: MoveNewsPorts,
    /** Where this window knows the proxy: at its start, where the settings say. */
    private known: string,
  ) {}

  /** Resolves to whether the user is to be told now: once for each move, over all windows, in the one with the focus. */
  async look(): Promise<boolean> {
    const { machine, origin, isFocused, isOutdated, record } = this.ports;
    const now = origin();
    if (now === null || now === this.known || !isFocused()) return false;
    // At once: while the clients' files are read, the next change comes.
    this.known = now;
    const news = (await isOutdated()) ? `${machine} ${now}` : undefined;
    if (record.read() === news) return false;
    await record.write(news);
    return news !== undefined;
  }
}
