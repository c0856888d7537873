/** Writes one answer's body: coded, cut into chunks, with backpressure, and recorded. */
import type { ServerResponse } from 'node:http';
import type { CutHow, FaultSet } from '../fault';
import type { RequestRecord } from '../record';
import { BodyCoder } from './coding';
import { Cutting } from './cutting';

export class Outlet {
  private readonly coder: BodyCoder | undefined;
  private readonly cutting: Cutting | undefined;

  constructor(
    private readonly response: ServerResponse,
    private readonly record: RequestRecord,
    faults: FaultSet,
    private readonly signal: AbortSignal,
  ) {
    this.coder = faults.coding === undefined ? undefined : new BodyCoder(faults.coding);
    this.cutting = Cutting.of(faults.chunks);
  }

  /** Returns when more may be written; does nothing once the client has gone. */
  async write(bytes: Buffer): Promise<void> {
    if (this.signal.aborted) return;
    await this.cutAndSend(this.coder === undefined ? bytes : await this.coder.code(bytes));
  }

  /** Ends the body as it should be ended. */
  async end(): Promise<void> {
    if (!this.signal.aborted) {
      if (this.coder !== undefined) await this.cutAndSend(await this.coder.end());
      await this.send(this.cutting?.end());
    }
    this.coder?.close();
    this.response.end();
  }

  /** Ends the body where it should not end. */
  async cut(how: CutHow): Promise<void> {
    await this.send(this.cutting?.end());
    this.coder?.close();
    const { socket } = this.response;
    // Waits until all bytes have left the socket, because destroying it drops the bytes that it still holds.
    while (!this.signal.aborted && this.response.writableLength > 0) await turn();
    this.record.cut = true;
    switch (how) {
      case 'cleanEnd':
        this.response.end();
        return;
      case 'destroy':
        socket?.destroy();
        return;
      case 'reset':
        // A reset makes the other side discard bytes that it has not read.
        await new Promise((resolve) => setTimeout(resolve, 20));
        // A busy process may have run this timer before it looked at its sockets.
        for (let passed = 0; passed < 3; passed++) await turn();
        socket?.resetAndDestroy();
    }
  }

  private async cutAndSend(bytes: Buffer): Promise<void> {
    if (this.cutting === undefined) {
      await this.send(bytes);
      return;
    }
    for (const chunk of this.cutting.add(bytes)) {
      await this.send(chunk);
      // A new turn of the event loop, so that the next chunk is a packet of its own.
      await turn();
    }
  }

  private async send(bytes: Buffer | undefined): Promise<void> {
    if (bytes === undefined || bytes.length === 0 || this.signal.aborted) return;
    this.record.sent.add(bytes);
    if (this.response.write(bytes)) return;
    await new Promise<void>((resolve) => {
      const go = (): void => {
        this.response.off('drain', go);
        this.signal.removeEventListener('abort', go);
        resolve();
      };
      this.response.on('drain', go);
      this.signal.addEventListener('abort', go);
    });
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
