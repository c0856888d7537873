// Upstream over TLS, as OpenRouter is: two addresses, HTTP/2 on offer, streams, resets, half-closed connections, sessions.
import assert from 'node:assert/strict';
import { SystemClock } from '../../src/base/clock';
import type { Look } from '../../src/proxy/upstream/addressBook';
import { Upstream } from '../../src/proxy/upstream/upstream';
import { directRoute } from '../../src/proxy/upstream/networkRoute';
import { Silence } from '../support/silence';
import { dataOf } from './client';
import { PAID } from './support';
import { identities, PemFile, withTlsRig } from './upstreams';

describe('upstream over TLS', () => {
  it('is spoken to in HTTP/1.1, although it would rather speak HTTP/2', async () => {
    await withTlsRig(identities.good, async ({ rig, front }) => {
      const reply = await rig.get();
      assert.equal(reply.status, 200);
      assert.deepEqual(new Set(front.handshakes.map(({ alpn }) => alpn)), new Set(['http/1.1']));
    });
  });

  it('streams byte for byte', async () => {
    await withTlsRig(identities.good, async ({ rig }) => {
      rig.simulator.forget();
      const reply = await rig.get({ stream: true, model: PAID });
      assert.ok(reply.isWhole);
      assert.equal(reply.text, rig.attempts[0]?.sent.text);
      assert.equal(dataOf(reply.text).at(-1), '[DONE]');
    });
  });

  it('serves many requests on one connection, and takes up a known session for the next', async () => {
    await withTlsRig(identities.good, async ({ rig, front }) => {
      for (let count = 0; count < 5; count++) assert.equal((await rig.get()).status, 200);
      const before = front.handshakes.length;
      assert.equal(before, 1);
      const replies = await Promise.all([rig.get(), rig.get(), rig.get()]);
      for (const { status } of replies) assert.equal(status, 200);
      const later = front.handshakes.slice(before);
      assert.ok(later.length > 0);
      assert.ok(later.every(({ isReused }) => isReused));
    });
  });

  it('that resets an idle connection costs no request', async () => {
    await withTlsRig(identities.good, async ({ rig, front }) => {
      await rig.get();
      front.reset();
      const reply = await rig.get();
      assert.equal(reply.status, 200);
    });
  });

  it('that resets in the middle of a stream ends it in an error, and no key is blamed', async () => {
    await withTlsRig(identities.good, async ({ rig, front }) => {
      rig.simulator.setAnswer({ events: 200, eventDelayMs: 20 });
      let seen = 0;
      const reply = await rig.get({
        stream: true,
        model: PAID,
        onData: () => {
          if (++seen === 3) front.reset();
        },
      });
      assert.equal(reply.isWhole, false);
      assert.match(reply.text, /"code":502/);
      assert.ok(rig.service.snapshot().accounts.every(({ locks }) => locks.length === 0));
    });
  });

  it('that half-closes idle connections costs no request', async () => {
    await withTlsRig(identities.good, async ({ rig, front }) => {
      await Promise.all([rig.get(), rig.get()]);
      front.halfClose();
      assert.equal((await rig.get()).status, 200);
    });
  });

  it('that speaks no TLS is told from one that is away', async () => {
    await withTlsRig(identities.good, async ({ rig, go }) => {
      await go({}, { port: rig.simulator.port });
      await rig.service.refresh();
      const { unreached } = rig.service.snapshot();
      assert.match(unreached?.code ?? '', /SSL|EPROTO/);
      assert.equal(unreached?.heldUntilMs, null);
    });
  });
});

describe('a name with two addresses of which one is dead', () => {
  const dead = '127.0.0.2';

  for (const [kind, silence] of [
    ['refuses', async () => await Promise.resolve({ [Symbol.dispose]: () => undefined })],
    ['is silent', async (port: number) => await Silence.on(dead, port)],
  ] as const) {
    it(`is reached by the other: the first ${kind}`, async () => {
      await withTlsRig(identities.good, async ({ front }) => {
        using silent = await silence(front.port);
        assert.ok(Symbol.dispose in silent);
        using pem = new PemFile();
        const look: Look = (_host, _options, answer) =>
          answer(
            null,
            [dead, '127.0.0.1'].map((address) => ({ address, family: 4 })),
          );
        const upstream = new Upstream(
          new SystemClock(),
          {
            upstreamUrl: `https://upstream.test:${front.port}/api/v1`,
            networkRoute: { ...directRoute, extraCaFile: pem.path },
          },
          undefined,
          look,
        );
        try {
          const status = await statusOf(upstream);
          assert.equal(status, 401);
          assert.equal(upstream.reachability.unreached, null);
        } finally {
          upstream.close();
        }
      });
    });
  }
});

async function statusOf(upstream: Upstream): Promise<number | string> {
  const question = { method: 'GET', path: '/key', key: null, body: null, fresh: true };
  const sent = await upstream.send(
    { ...question, headers: [], headTimeoutMs: 30_000 },
    { onSent: () => undefined },
    new AbortController().signal,
  );
  return 'reply' in sent ? sent.reply.status : sent.fault.code;
}
