// The host's side of the stream that windows read: the whole state first, then each part that changes, and a beat.
import type { ServerResponse } from 'node:http';
import type { Clock } from '../base/clock';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { KeywheelService } from '../service/keywheelService';
import { beatEveryMs, eventText, type ByeReason, type HostEvent } from './hostEvents';
import { protocol } from './identity';
import type { Seal } from './proof';
import type { SharedKeys } from './keyShare';

/** A window with more unread bytes than this is disconnected; it connects again. */
const mostWaitingBytes = 8 * 1024 * 1024;

export type StreamedService = Pick<
  KeywheelService,
  'snapshot' | 'history' | 'savedState' | 'onDidChange' | 'onDidFinishExchange' | 'onDidChangeState'
>;

export interface EventStreamsPorts {
  readonly clock: Clock;
  readonly service: StreamedService;
  readonly keys: Pick<SharedKeys, 'current' | 'onDidChange'>;
}

interface Reader {
  readonly response: ServerResponse;
  readonly seal: Seal;
}

export class EventStreams implements Disposable {
  private readonly readers = new Set<Reader>();
  private readonly owned = new DisposableStore();
  /** The last snapshot that all readers got, without its time. */
  private told = '';
  private beat: Disposable;

  constructor(private readonly ports: EventStreamsPorts) {
    const { clock, service, keys } = ports;
    this.owned.add(service.onDidChange(() => this.tellChange()));
    this.owned.add(service.onDidFinishExchange((exchange) => this.tell({ kind: 'exchange', exchange })));
    this.owned.add(
      service.history.onDidReplace(() => this.tell({ kind: 'history', history: service.history.save() })),
    );
    this.owned.add(service.onDidChangeState((state) => this.tell({ kind: 'state', state })));
    this.owned.add(
      keys.onDidChange(() => {
        for (const reader of this.readers) this.tellKeys(reader);
      }),
    );
    this.beat = clock.after(beatEveryMs, () => this.tellBeat());
  }

  /** Begins a stream to a proven window; it ends with `bye`, or when the window disconnects. */
  open(response: ServerResponse, seal: Seal): void {
    const { service } = this.ports;
    const reader: Reader = { response, seal };
    // The new reader may get a newer snapshot than the others: the next change goes to all.
    this.told = '';
    response.writeHead(200, ['content-type', 'text/event-stream', 'cache-control', 'no-store']);
    response.once('close', () => this.readers.delete(reader));
    this.readers.add(reader);
    this.send(reader, { kind: 'hello', protocol });
    this.send(reader, { kind: 'snapshot', snapshot: service.snapshot() });
    this.tellKeys(reader);
    this.send(reader, { kind: 'state', state: service.savedState() });
    // The history is the largest: it comes after what a takeover needs first.
    this.send(reader, { kind: 'history', history: service.history.save() });
  }

  /** Tells all windows, after the new snapshot, that counts and exchanges were deleted. */
  forgotten(): void {
    this.tellChange();
    this.tell({ kind: 'forgotten' });
    this.tell({ kind: 'state', state: this.ports.service.savedState() });
  }

  /** Ends all streams with the reason. */
  bye(reason: ByeReason): void {
    // The next host and this window's file need the last counts.
    this.tell({ kind: 'state', state: this.ports.service.savedState() });
    this.tell({ kind: 'bye', reason });
    for (const { response } of this.readers) response.end();
    this.readers.clear();
  }

  dispose(): void {
    this.beat.dispose();
    this.owned.dispose();
    for (const { response } of this.readers) response.destroy();
  }

  private tellChange(): void {
    if (this.readers.size === 0) return;
    const snapshot = this.ports.service.snapshot();
    const untimed = JSON.stringify({ ...snapshot, atMs: 0 });
    if (untimed === this.told) return;
    this.told = untimed;
    this.tell({ kind: 'snapshot', snapshot });
  }

  private tellKeys(reader: Reader): void {
    this.send(reader, { kind: 'keys', sealed: reader.seal.close('keys', this.ports.keys.current) });
  }

  private tellBeat(): void {
    this.tell({ kind: 'beat' });
    this.beat = this.ports.clock.after(beatEveryMs, () => this.tellBeat());
  }

  private tell(event: HostEvent): void {
    if (this.readers.size === 0) return;
    const text = eventText(event);
    for (const { response } of this.readers) write(response, text);
  }

  private send({ response }: Reader, event: HostEvent): void {
    write(response, eventText(event));
  }
}

function write(response: ServerResponse, text: string): void {
  if (response.writableLength > mostWaitingBytes) response.destroy();
  else response.write(text);
}
