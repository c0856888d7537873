// The proxy moves to one port after the other, also when they are asked for quickly.
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TextLog } from '../../../src/base/log';
import { PortListener } from '../../../src/service/portListener';

async function taken(): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

describe('PortListener', () => {
  it('is not overtaken by the failure of an earlier port', async () => {
    const log = new TextLog(() => undefined);
    const listener = new PortListener({
      log,
      serve: (_, response) => response.end(),
      onDidChange: () => undefined,
    });
    const { server, port } = await taken();
    const first = listener.start('127.0.0.1', port);
    await listener.stop();
    assert.equal((await listener.start('127.0.0.1', 0)).kind, 'running');
    await first;
    assert.equal(listener.state.kind, 'running');
    listener.dispose();
    server.close();
  });

  it('leaves no port bound that was given up while it was being bound', async () => {
    const log = new TextLog(() => undefined);
    const listener = new PortListener({
      log,
      serve: (_, response) => response.end(),
      onDidChange: () => undefined,
    });
    const { server, port } = await taken();
    await new Promise((resolve) => server.close(resolve));
    const first = listener.start('127.0.0.1', port);
    await listener.stop();
    const { kind } = await listener.start('127.0.0.1', port);
    await first;
    assert.deepEqual([kind, listener.state.kind], ['running', 'running']);
    await listener.stop();
    await assert.rejects(fetch(`http://127.0.0.1:${port}/`));
  });
});
