// The host's side of what windows read: a whole state first, then changes, and a beat when there is nothing to say.
import type { ServerResponse } from 'node:http';
import type { Clock } from '../base/clock';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { KeywheelService } from '../service/keywheelService';
import type { Snapshot } from '../service/snapshot';
import { beatEveryMs, eventText, type ByeReason, type HostEvent } from './hostEvents';
import { protocol } from './identity';
import type { Seal } from './proof';
import type { SharedKeys } from './sharedKeys';
import { changeBetween } from './snapshotChange';

/** A window that reads nothing for so long that this much waits for it is let go; it comes back. */
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
  /** What every reader has been told. */
  private last: Snapshot;
  private beat: Disposable;

  constructor(private readonly ports: EventStreamsPorts) {
    const { clock, service, keys } = ports;
    this.last = service.snapshot();
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

  /** Begins a stream to a window that has proven itself; it ends with `bye`, or when the window goes. */
  open(response: ServerResponse, seal: Seal): void {
    const { service } = this.ports;
    // So that what is sent first and what the others have been told is the same.
    this.tellChange();
    const reader: Reader = { response, seal };
    response.writeHead(200, ['content-type', 'text/event-stream', 'cache-control', 'no-store']);
    response.once('close', () => this.readers.delete(reader));
    this.readers.add(reader);
    this.send(reader, { kind: 'hello', protocol });
    this.send(reader, { kind: 'snapshot', snapshot: this.last });
    this.tellKeys(reader);
    this.send(reader, { kind: 'state', state: service.savedState() });
    // The largest comes last: what a takeover needs most has been heard by then.
    this.send(reader, { kind: 'history', history: service.history.save() });
  }

  /** Tells all windows, and what there is now before that. */
  forgotten(): void {
    this.tellChange();
    this.tell({ kind: 'forgotten' });
    this.tell({ kind: 'state', state: this.ports.service.savedState() });
  }

  /** Ends all streams, and says why. */
  bye(reason: ByeReason): void {
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
    const next = this.ports.service.snapshot();
    const change = changeBetween(this.last, next);
    this.last = next;
    if (change !== null) this.tell({ kind: 'change', change });
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
