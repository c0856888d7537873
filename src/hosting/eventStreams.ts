// Sends the host's event stream to windows: the whole state first, then each changed snapshot, and a regular beat.
import type { ServerResponse } from 'node:http';
import { every, type Clock } from '../base/clock';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { KeywheelService } from '../service/keywheelService';
import { beatEveryMs, eventText, type ByeReason, type HostEvent } from './hostEvents';
import { protocol } from './identity';
import type { Seal } from './proof';
import type { SharedKeys } from './keyShare';

/** A window with more unread bytes than this is disconnected; it connects again. */
const mostWaitingBytes = 8 * 1024 * 1024;

export interface EventStreamsPorts {
  readonly clock: Clock;
  readonly service: KeywheelService;
  readonly keys: SharedKeys;
}

export class EventStreams implements Disposable {
  /** The open streams, each with the seal of its window. */
  private readonly readers = new Map<ServerResponse, Seal>();
  private readonly owned = new DisposableStore();
  /** The last snapshot that all readers got, without its time. */
  private lastSent = '';

  constructor(private readonly ports: EventStreamsPorts) {
    const { clock, service, keys } = ports;
    this.owned.add(service.onDidChange(() => this.sendChange()));
    this.owned.add(service.onDidFinishExchange((exchange) => this.sendToAll({ kind: 'exchange', exchange })));
    this.owned.add(
      service.history.onDidReplace(() =>
        this.sendToAll({ kind: 'history', history: service.history.save() }),
      ),
    );
    this.owned.add(service.onDidChangeState(() => this.sendState()));
    this.owned.add(
      keys.onDidChange(() => {
        for (const [response, seal] of this.readers) this.sendKeys(response, seal);
      }),
    );
    this.owned.add(every(clock, beatEveryMs, () => this.sendToAll({ kind: 'beat' })));
  }

  /** Begins a stream to a proven window; it ends with `bye`, or when the window disconnects. */
  open(response: ServerResponse, seal: Seal): void {
    const { service } = this.ports;
    // The new reader may get a newer snapshot than the other readers have: the next one is sent to all, even if unchanged.
    this.lastSent = '';
    response.writeHead(200, ['content-type', 'text/event-stream', 'cache-control', 'no-store']);
    response.once('close', () => this.readers.delete(response));
    this.readers.set(response, seal);
    send(response, { kind: 'hello', protocol });
    send(response, { kind: 'snapshot', snapshot: service.snapshot() });
    this.sendKeys(response, seal);
    send(response, { kind: 'state', state: service.savedState() });
    // The history is the largest part: it follows the parts that a takeover needs first.
    send(response, { kind: 'history', history: service.history.save() });
  }

  /** Ends all streams with the reason. */
  bye(reason: ByeReason): void {
    // The next host and this window's file need the last counts.
    this.sendState();
    this.sendToAll({ kind: 'bye', reason });
    for (const response of this.readers.keys()) response.end();
    this.readers.clear();
  }

  dispose(): void {
    this.owned.dispose();
    for (const response of this.readers.keys()) response.destroy();
  }

  private sendChange(): void {
    if (this.readers.size === 0) return;
    const snapshot = this.ports.service.snapshot();
    const untimed = JSON.stringify({ ...snapshot, atMs: 0 });
    if (untimed === this.lastSent) return;
    this.lastSent = untimed;
    this.sendToAll({ kind: 'snapshot', snapshot });
  }

  private sendKeys(response: ServerResponse, seal: Seal): void {
    send(response, { kind: 'keys', sealed: seal.close('keys', this.ports.keys.current) });
  }

  private sendState(): void {
    this.sendToAll({ kind: 'state', state: this.ports.service.savedState() });
  }

  private sendToAll(event: HostEvent): void {
    if (this.readers.size === 0) return;
    const text = eventText(event);
    for (const response of this.readers.keys()) write(response, text);
  }
}

function send(response: ServerResponse, event: HostEvent): void {
  write(response, eventText(event));
}

function write(response: ServerResponse, text: string): void {
  if (response.writableLength > mostWaitingBytes) response.destroy();
  else response.write(text);
}
