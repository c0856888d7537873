// A status that HTTP does not know reaches no client.
import assert from 'node:assert/strict';
import { RawUpstream, type Given } from '../fuzz/rawUpstream';
import { keyFor, PAID, PROXY_KEY, withRig } from './support';

describe('an answer with a status beyond 599', () => {
  it('counts as a server’s error, 502', async () => {
    const body = '{"error":{"code":600,"message":"No"}}';
    const head = `HTTP/1.1 600 x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
    const given: Given = { pieces: [Buffer.from(head + body)], close: 'no' };
    const keys = [keyFor('a'), keyFor('b')];
    const upstream = await RawUpstream.start({ proxyKey: PROXY_KEY, keys, answer: () => given });
    try {
      await withRig({ settings: { upstreamUrl: upstream.baseUrl }, isRead: false }, async (rig) => {
        assert.equal((await rig.get({ model: PAID })).status, 502);
      });
      assert.deepEqual(upstream.faults, []);
    } finally {
      upstream.stop();
    }
  });
});
