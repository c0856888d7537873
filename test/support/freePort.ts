/** Ports for programs that need a port before they start. */
import { createServer } from 'node:net';

/** A free port of 127.0.0.1, below those that a system gives for port 0, so that it stays free. */
export async function freePort(): Promise<number> {
  const port = 20_000 + Math.floor(Math.random() * 8_000);
  const server = createServer();
  const isFree = await new Promise<boolean>((resolve) =>
    server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true)),
  );
  await new Promise((resolve) => server.close(resolve));
  return isFree ? port : await freePort();
}
