/** Lets a manual clock jump to its next timer whenever nothing moves on any socket: minutes pass in milliseconds. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type { ManualClock } from '../support/manualClock';

/** Quiet: no movement for so many milliseconds of real time, and then for so many turns of the event loop. */
const usualQuietMs = 1;
const quietTurns = 16;

/**
 * Clients, proxy and simulator run in this process, so that the sockets that servers accepted here show all movement.
 * Time stands still while no request runs: then the client sleeps, in real time.
 */
export class QuietTime implements Disposable {
  private readonly sockets = new Set<Socket>();
  private readonly running = new Set<ServerResponse>();
  private moved = 0;

  constructor(
    private readonly clock: ManualClock,
    private readonly quietMs = usualQuietMs,
  ) {
    subscribe('net.server.socket', this.onSocket);
    subscribe('http.server.request.start', this.onRequest);
  }

  /** Waits for the promise and moves the time for it; `always` moves it even while no request runs. */
  async until<T>(promise: Promise<T>, always = false): Promise<T> {
    const over = new AbortController();
    const watched = promise.finally(() => over.abort());
    watched.catch(() => undefined);
    const mayMove = (): boolean => !over.signal.aborted && (always || this.running.size > 0);
    while (!over.signal.aborted) {
      if ((await this.isQuiet()) && mayMove() && this.clock.pending > 0) {
        this.clock.advanceTo(this.clock.nextDueAtMs);
      }
    }
    return await watched;
  }

  [Symbol.dispose](): void {
    unsubscribe('net.server.socket', this.onSocket);
    unsubscribe('http.server.request.start', this.onRequest);
  }

  private readonly onSocket = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    this.moved++;
    this.sockets.add(socket);
    socket.once('close', () => {
      this.moved += socket.bytesRead + socket.bytesWritten + 1;
      this.sockets.delete(socket);
    });
  };

  private readonly onRequest = (message: unknown): void => {
    const { response } = message as { response: ServerResponse };
    this.running.add(response);
    response.once('close', () => this.running.delete(response));
  };

  private get movement(): number {
    let sum = this.moved;
    for (const socket of this.sockets) sum += socket.bytesRead + socket.bytesWritten;
    return sum;
  }

  private async isQuiet(): Promise<boolean> {
    const { movement } = this;
    for (let passed = 0; passed < this.quietMs; passed++) {
      await sleep(1);
      if (this.movement !== movement) return false;
    }
    for (let turn = 0; turn < quietTurns; turn++) await setImmediate();
    return this.movement === movement;
  }
}
