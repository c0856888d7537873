// The memory that a request holds is given back however its connection ends.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { RunningExchange } from '../../../src/proxy/runningExchange';
import { ManualClock } from '../../support/manualClock';

describe('what is held of an answer', () => {
  it('is given back when the client has it, and when it leaves before its turn', async () => {
    let sum = 0;
    const held = { count: (bytes: number) => (sum += bytes) >= 0 };
    const begun: RunningExchange[] = [];
    const server = createServer((request, response) => {
      const on = new RunningExchange(request, response, new ManualClock(), { isHurried: () => false, held });
      on.hold(10);
      begun.push(on);
    }).listen(0, '127.0.0.1');
    try {
      await once(server, 'listening');
      const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
      const get = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
      client.on('error', () => undefined).write(get);
      while (begun.length < 1) await once(server, 'request');
      begun[0]?.answer.whole(200, [], 'x');
      begun[0]?.end();
      await once(client, 'data');
      assert.equal(sum, 0);
      client.write(get + get);
      while (begun.length < 3) await once(server, 'request');
      assert.equal(sum, 20);
      // The second one has ended, and waits for the first.
      begun[2]?.answer.whole(200, [], 'x');
      begun[2]?.end();
      client.destroy();
      const [connection] = [begun[1]?.request.socket];
      if (connection?.closed === false) await once(connection, 'close');
      assert.equal(sum, 0);
      assert.equal(begun[1]?.hold(10), false);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
