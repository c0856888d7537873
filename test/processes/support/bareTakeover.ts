/** The least time of a takeover on this machine at this moment, with which ours is compared. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { servedAgain } from './servedAgain';
import { freePort } from '../../support/freePort';

/** Two processes that know only a port: the first one's worker serves it, the other's does when the first has gone. */
const script = `
  const { Worker } = require('node:worker_threads');
  const [, role, port] = process.argv;
  const worker = "const { workerData } = require('node:worker_threads'); require('node:http').createServer((asked, answer) => answer.end('bare')).listen(workerData, '127.0.0.1')";
  const serve = () => new Worker(worker, { eval: true, workerData: Number(port) });
  if (role === 'host') serve();
  else {
    const socket = require('node:net').connect(Number(port), '127.0.0.1', () => process.stdout.write('follows'));
    socket.on('error', () => undefined);
    socket.on('close', () => setTimeout(serve, 20 + Math.random() * 180));
  }`;

/** Resolves to how long it took, in milliseconds, until a second process answered in the place of one that was killed. */
export async function bareTakeover(): Promise<number> {
  const port = await freePort();
  const start = (role: string): ChildProcess =>
    spawn(process.execPath, ['-e', script, role, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const host = start('host');
  const processes = [host];
  try {
    await servedAgain(port);
    const follower = start('follower');
    processes.push(follower);
    if (follower.stdout !== null) await once(follower.stdout, 'data');
    const killedAtMs = performance.now();
    host.kill('SIGKILL');
    await once(host, 'exit');
    return (await servedAgain(port)) - killedAtMs;
  } finally {
    for (const child of processes) child.kill('SIGKILL');
  }
}
