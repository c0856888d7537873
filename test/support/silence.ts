// An address without an answer: connections to it are neither accepted nor refused.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

/** A thread that listens, and stands still before it has accepted a connection. */
const standStill = `
  const { parentPort, workerData } = require('node:worker_threads');
  require('node:net').createServer().listen({ ...workerData, backlog: 1 }, () => {
    parentPort.postMessage('listening');
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
  }).on('error', () => parentPort.postMessage('not listening'));
`;

export class Silence implements Disposable {
  private constructor(
    private readonly worker: Worker,
    private readonly sockets: readonly Socket[],
  ) {}

  /** Uses up the few connections that the system accepts by itself; an address of another machine is dead anyway. */
  static async on(host: string, port: number): Promise<Silence> {
    const worker = new Worker(standStill, { eval: true, workerData: { host, port } });
    await once(worker, 'message');
    const sockets = Array.from({ length: 8 }, () => connect(port, host).on('error', () => undefined));
    await new Promise((resolve) => setTimeout(resolve, 200));
    return new Silence(worker, sockets);
  }

  [Symbol.dispose](): void {
    for (const socket of this.sockets) socket.destroy();
    void this.worker.terminate();
  }
}
