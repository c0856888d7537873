// The proxy moves to one port after the other, also when they are asked for quickly.
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TextLog } from '../../../src/base/log';
import { Listening } from '../../../src/service/listening';

async function taken(): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

describe('Listening', () => {
  it('is not overtaken by the failure of an earlier port', async () => {
    const log = new TextLog(() => undefined);
    const listening = new Listening({
      log,
      serve: (_, response) => response.end(),
      onDidChange: () => undefined,
    });
    const { server, port } = await taken();
    const first = listening.start('127.0.0.1', port);
    await listening.stop();
    assert.equal((await listening.start('127.0.0.1', 0)).kind, 'running');
    await first;
    assert.equal(listening.state.kind, 'running');
    listening.dispose();
    server.close();
  });

  it('leaves no port bound that was given up while it was being bound', async () => {
    const log = new TextLog(() => undefined);
    const listening = new Listening({
      log,
      serve: (_, response) => response.end(),
      onDidChange: () => undefined,
    });
    const { server, port } = await taken();
    await new Promise((resolve) => server.close(resolve));
    const first = listening.start('127.0.0.1', port);
    await listening.stop();
    const { kind } = await listening.start('127.0.0.1', port);
    await first;
    assert.deepEqual([kind, listening.state.kind], ['running', 'running']);
    await listening.stop();
    await assert.rejects(fetch(`http://127.0.0.1:${port}/`));
  });
});
