// Errors whose body the proxy cannot read, or not all of it: the client gets them unchanged.
import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { dataOf, headersOf } from './client';
import { FREE, PAID, withRig } from './support';

const error = JSON.stringify({ error: { code: 400, message: 'Input required: messages' } });

/** Gzip whose length at the end is wrong. */
function damagedGzip(): Buffer {
  const coded = gzipSync(error);
  coded.fill(0xff, coded.length - 8);
  return coded;
}

const unknownCodings = [
  ['a coding that nobody here knows', 'dcb', Buffer.from('any bytes')],
  ['damaged gzip', 'gzip', damagedGzip()],
] as const;

describe('an error in a coding that cannot be undone', () => {
  for (const [title, coding, body] of unknownCodings) {
    it(`reaches the client as it came: ${title}`, async () => {
      await withRig({}, async (rig) => {
        for (const path of ['/api/v1/chat/completions', '/api/v1/credits']) {
          const headers = { 'Content-Type': 'application/json', 'Content-Encoding': coding };
          rig.simulator.script({ fault: { kind: 'respond', status: 404, headers, body } });
          const method = path.endsWith('credits') ? 'GET' : 'POST';
          const reply = await rig.get({ method, path, headers: ['Accept-Encoding', coding] });
          assert.equal(reply.status, 404);
          assert.deepEqual(reply.body, body);
          assert.ok(reply.isWhole);
          assert.deepEqual(headersOf(reply.rawHeaders, 'content-encoding'), [coding]);
          assert.deepEqual(headersOf(reply.rawHeaders, 'content-length'), [String(body.length)]);
        }
        assert.equal(rig.attempts.length, 2);
      });
    });
  }

  it('is told without its bytes where the client was given a stream', async () => {
    await withRig({}, async (rig) => {
      const headers = { 'Content-Type': 'application/json', 'Content-Encoding': 'dcb' };
      const fault = { kind: 'respond', status: 404, headers, body: 'any bytes' } as const;
      rig.simulator.script({ fault: [{ kind: 'headDelay', ms: 50_000 }, fault] });
      const reply = await rig.get({ stream: true });
      assert.equal(reply.status, 200);
      assert.match(dataOf(reply.text)[0] ?? '', /OpenRouter answered with an error/);
      assert.doesNotMatch(reply.text, /any bytes/);
    });
  });

  it('reaches the client decoded where it can be undone', async () => {
    await withRig({}, async (rig) => {
      const headers = { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' };
      rig.simulator.script({ fault: { kind: 'respond', status: 400, headers, body: gzipSync(error) } });
      const reply = await rig.get();
      assert.equal(reply.status, 400);
      assert.equal(reply.text, error);
      assert.equal(reply.header('content-encoding'), undefined);
    });
  });
});

describe('an error larger than what the proxy holds', () => {
  const large = JSON.stringify({ error: { code: 400, message: 'x'.repeat(1_500_000) } });
  const headers = { 'Content-Type': 'application/json', 'X-Odd': 'kept' };

  it('reaches the client whole, as it came, and is not asked for again', async () => {
    await withRig({}, async (rig) => {
      for (const model of [FREE, PAID]) {
        for (const stream of [false, true]) {
          rig.simulator.script({ fault: { kind: 'respond', status: 400, headers, body: large } });
          const reply = await rig.get({ model, stream });
          assert.equal(reply.status, 400);
          assert.ok(reply.isWhole);
          assert.ok(reply.text === large, `${reply.body.length} bytes of ${large.length}`);
          assert.equal(reply.header('content-length'), String(large.length));
          assert.equal(reply.header('x-odd'), 'kept');
          assert.equal(reply.header('x-keywheel-attempts'), '1');
          assert.equal(rig.service.activity()[0]?.end, 'refused');
        }
      }
      assert.equal(rig.attempts.length, 4);
    });
  });

  it('that breaks off after that is cut for the client too', async () => {
    await withRig({}, async (rig) => {
      const fault = { kind: 'respond', status: 400, headers, body: large } as const;
      rig.simulator.script({ fault: [fault, { kind: 'cut', afterBytes: 1_300_000 }] });
      const reply = await rig.get();
      assert.equal(reply.status, 400);
      assert.ok(!reply.isWhole);
      assert.equal(rig.attempts.length, 1);
    });
  });

  it('that is tried again, and comes back in the end, is the last one, whole', async () => {
    await withRig({}, async (rig) => {
      rig.simulator.script({ times: 99, fault: { kind: 'respond', status: 503, headers, body: large } });
      const reply = await rig.get({ model: PAID });
      assert.ok(rig.attempts.length >= 4);
      assert.equal(reply.status, 503);
      assert.ok(reply.text === large);
    });
  });

  it('is told by its beginning where its connection is gone, and is JSON then', async () => {
    await withRig({}, async (rig) => {
      rig.simulator.script({ times: 9, fault: { kind: 'respond', status: 402, headers, body: large } });
      const reply = await rig.get({ model: PAID });
      const { error: told } = reply.json() as { error: { message: string; metadata: { raw: string } } };
      assert.equal(reply.status, 402);
      assert.equal(rig.attempts.length, 2);
      assert.match(told.message, /status 402; its error is longer than the 1 MiB/);
      assert.ok(large.startsWith(told.metadata.raw) && told.metadata.raw.length > 1_000);
    });
  });

  it('is told by its beginning where the client was given a stream', async () => {
    await withRig({}, async (rig) => {
      const fault = { kind: 'respond', status: 400, headers, body: large } as const;
      rig.simulator.script({ fault: [{ kind: 'headDelay', ms: 50_000 }, fault] });
      const reply = await rig.get({ stream: true });
      assert.equal(reply.status, 200);
      assert.ok(!reply.isWhole);
      assert.match(dataOf(reply.text)[0] ?? '', /its error is longer than the 1 MiB.*"raw":"/);
    });
  });
});
