// CONNECT, which Node hands over as a bare socket: it is refused, or cut where a refusal could be misread, and ends nothing else.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { listen } from '../../src/proxy/request/listeners';
import { RawSocket, rawChat } from './client';
import { PROXY_KEY, withRig } from './support';

const tunnel = 'CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n';

describe('CONNECT', () => {
  it('is refused', async () => {
    await withRig({}, async (rig) => {
      const socket = await RawSocket.open(rig.port);
      socket.write(tunnel);
      assert.match(await socket.untilClosed(), /^HTTP\/1\.1 405 /);
    });
  });

  it('behind a request that runs is no answer to it', async () => {
    await withRig({ simulator: { answer: { headDelayMs: 500 } } }, async (rig) => {
      const socket = await RawSocket.open(rig.port);
      socket.write(rawChat(PROXY_KEY, '{"model":"x/y","messages":[]}') + tunnel);
      assert.equal(await rig.drive(socket.untilClosed()), '');
    });
  });

  it('lets go of a client that does not close its side', async () => {
    const limits = { headMs: 100, checkEveryMs: 60_000, readerMs: 60_000 };
    const listeners = await listen('127.0.0.1', 0, () => undefined, limits);
    try {
      const client = connect({ host: '127.0.0.1', port: listeners.port, allowHalfOpen: true });
      client.on('error', () => undefined).write(tunnel);
      await once(client.resume(), 'end');
      await delay(500);
      // Only a client that writes notices the cut, at its second write.
      while (!client.destroyed) {
        client.write('x');
        await delay(20);
      }
    } finally {
      listeners.destroy();
    }
  });

  it('on a connection that is half closed ends nothing but it', async () => {
    const listeners = await listen('127.0.0.1', 0, (request) => {
      request.socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    });
    try {
      const client = connect({ host: '127.0.0.1', port: listeners.port, allowHalfOpen: true });
      client.on('error', () => undefined).write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
      await once(client.resume(), 'end');
      client.write(tunnel);
      await delay(50);
      client.destroy();
    } finally {
      listeners.destroy();
    }
  });
});
