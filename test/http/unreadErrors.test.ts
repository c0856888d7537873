// Errors of which the proxy cannot read the body, or not all of it: the client gets them all the same.
import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { dataOf, headersOf } from './client';
import { withRig } from './support';

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
  ['deflate without its frame', 'deflate', Buffer.from('4b4a4c4a0600', 'hex')],
] as const;

describe('an error in a coding that cannot be undone', () => {
  for (const [title, coding, body] of unknownCodings) {
    it(`reaches the client as it came: ${title}`, async () => {
      await withRig({}, async (rig) => {
        for (const path of ['/api/v1/chat/completions', '/api/v1/generation?id=gen-1']) {
          const headers = { 'Content-Type': 'application/json', 'Content-Encoding': coding };
          rig.simulator.script({ fault: { kind: 'respond', status: 404, headers, body } });
          const method = path.includes('?') ? 'GET' : 'POST';
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
