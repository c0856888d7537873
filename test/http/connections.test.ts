// Connections that send nothing, that send too much at once, and that are answered while they send.
import assert from 'node:assert/strict';
import { listen } from '../../src/proxy/request/listeners';
import { ask, RawSocket, rawChat } from './client';
import { PAID, PROXY_KEY, realTime, withRig } from './support';

describe('a connection', () => {
  it('without a whole head is closed, with 408, and one with a long answer is not', async () => {
    let answer: () => void = () => assert.fail('never asked');
    const listeners = await listen(
      '127.0.0.1',
      0,
      (request, response) => (answer = () => void response.end(request.url)),
      { headMs: 2_000, checkEveryMs: 50, readerMs: 60_000 },
    );
    try {
      const slow = await RawSocket.open(listeners.port);
      slow.write('GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
      const closed = ['', 'G', 'GET / HTTP/1.1\r\nHost: 127'].map(async (text) => {
        const socket = await RawSocket.open(listeners.port);
        socket.write(text);
        return await socket.untilClosed();
      });
      for (const text of await Promise.all(closed)) assert.match(text, /^HTTP\/1\.1 408 /);
      answer();
      assert.match(await slow.untilClosed(), /^HTTP\/1\.1 200 [^]*\/slow/);
    } finally {
      listeners.destroy();
    }
  });

  it('whose client takes nothing of an answer that has ended is closed, and one that waits for its next request is not', async () => {
    let closed = 0;
    const listeners = await listen(
      '127.0.0.1',
      0,
      ({ url }, response) => {
        response.once('close', () => closed++);
        response.end(url === '/long' ? Buffer.alloc(64 * 1024 * 1024) : 'short');
      },
      { headMs: 60_000, checkEveryMs: 60_000, readerMs: 200 },
    );
    try {
      const [stopped, kept] = [await RawSocket.open(listeners.port), await RawSocket.open(listeners.port)];
      stopped.socket.pause();
      stopped.write('GET /long HTTP/1.1\r\nHost: x\r\n\r\n');
      while (closed === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      kept.write('GET /short HTTP/1.1\r\nHost: x\r\n\r\n');
      await kept.until(/short$/);
      await new Promise((resolve) => setTimeout(resolve, 400));
      assert.deepEqual([closed, kept.isClosed], [2, false]);
    } finally {
      listeners.destroy();
    }
  });

  it('with more requests than anybody sends at once is closed, and nothing of what waits is sent', async () => {
    await withRig({ clock: realTime() }, async (rig) => {
      rig.simulator.script({ fault: { kind: 'noAnswer' } });
      const socket = await RawSocket.open(rig.port);
      socket.write(rawChat(PROXY_KEY, JSON.stringify({ model: PAID, messages: [] })).repeat(100));
      await socket.untilClosed();
      assert.ok(rig.attempts.length <= 1);
    });
  });

  it('with several requests that are not safe to repeat runs one at a time, and reads wait for those before them', async () => {
    await withRig({ clock: realTime() }, async (rig) => {
      rig.simulator.script({ times: 99, fault: { kind: 'headDelay', ms: 30 } });
      const socket = await RawSocket.open(rig.port);
      const body = JSON.stringify({ model: PAID, messages: [] });
      const read = 'GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n';
      socket.write(read + read + rawChat(PROXY_KEY, body).repeat(5) + read);
      await rig.simulator.waitFor(() => socket.text.split('HTTP/1.1 200').length === 9);
      assert.deepEqual(
        rig.attempts.map(({ method }) => method),
        ['GET', 'GET', 'POST', 'POST', 'POST', 'POST', 'POST', 'GET'],
      );
      socket.leave();
    });
  });

  it('whose client leaves starts nothing of what waits on it', async () => {
    await withRig({ clock: realTime() }, async (rig) => {
      rig.simulator.script({ fault: { kind: 'noAnswer' } });
      const socket = await RawSocket.open(rig.port);
      socket.write(rawChat(PROXY_KEY, JSON.stringify({ model: PAID, messages: [] })).repeat(20));
      await rig.simulator.waitFor(() => rig.attempts.length === 1);
      socket.leave();
      await new Promise((resolve) => setTimeout(resolve, 100));
      assert.equal(rig.attempts.length, 1);
    });
  });

  it('whose client still sends gets the refusal whole, though it is to be closed', async () => {
    await withRig({ clock: realTime() }, async (rig) => {
      const body = Buffer.alloc(30_000_000, 'x');
      for (const isKept of [false, true]) {
        for (let count = 0; count < 3; count++) {
          const reply = await ask(rig.port, {
            body,
            headers: ['Connection', isKept ? 'keep-alive' : 'close', 'Authorization', 'Bearer kw-wrong'],
          });
          assert.deepEqual([reply.status, reply.isWhole], [401, true]);
        }
      }
    });
  });

  it('is for no further request, and says so, where an answer begins before all of the body has come', async () => {
    await withRig({ clock: realTime() }, async (rig) => {
      for (const [head, status] of [
        ['POST /v1/chat/completions HTTP/1.1\r\nAuthorization: Bearer kw-wrong\r\nContent-Length: 4', 401],
        ['POST /v1/chat/completions HTTP/1.1\r\nTransfer-Encoding: chunked', 401],
        [`POST /v1/chat/completions HTTP/1.1\r\nx-api-key: ${PROXY_KEY}\r\nContent-Length: 100000000`, 413],
        ['GET /health HTTP/1.1\r\nContent-Length: 4', 200],
      ] as const) {
        const socket = await RawSocket.open(rig.port);
        socket.write(`${head}\r\nHost: localhost\r\n\r\n`);
        await socket.until(new RegExp(`^HTTP/1\\.1 ${status} [^]*\\}$`));
        assert.match(socket.text, /\r\nconnection: close\r\n/i);
        socket.leave();
      }
    });
  });

  it('whose client reads nothing before it has sent all of a body that is too long gets the refusal', async () => {
    await withRig({ clock: realTime() }, async (rig) => {
      for (const [proxyKey, status] of [
        [PROXY_KEY, 413],
        ['kw-wrong', 401],
      ] as const) {
        const raw = await RawSocket.open(rig.port);
        raw.socket.pause();
        const length = 100_000_000;
        raw.write(
          `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${proxyKey}\r\nContent-Length: ${length}\r\n\r\n`,
        );
        const error = await new Promise((resolve) => raw.socket.write(Buffer.alloc(length, 'x'), resolve));
        assert.equal(error ?? null, null);
        raw.socket.resume();
        await raw.until(new RegExp(`^HTTP/1\\.1 ${status} `));
        raw.leave();
      }
    });
  });

  it('whose refused request goes on in single bytes is closed: each would cost as much as a large piece', async () => {
    await withRig({ clock: realTime() }, async (rig) => {
      const raw = await RawSocket.open(rig.port);
      raw.write(
        `POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nx-api-key: kw-wrong\r\nTransfer-Encoding: chunked\r\n\r\n`,
      );
      raw.write(`${'1\r\nx\r\n'.repeat(200_000)}0\r\n\r\n`);
      raw.write('GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
      assert.doesNotMatch(await raw.untilClosed(), / 200 OK/);
    });
  });
});
