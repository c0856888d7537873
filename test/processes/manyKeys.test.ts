/** A set of very many keys reaches the host, and comes back whole. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { askHost } from '../../src/hosting/hostLine';
import { plainKey } from '../../src/service/keyring/storedKey';
import { openBareHost } from './support/bareHost';

describe('a host that is offered 5,000 keys', () => {
  it('takes them', async () => {
    const host = await openBareHost();
    const all = Array.from({ length: 5_000 }, () => plainKey(`sk-or-v1-${randomBytes(32).toString('hex')}`));
    const reply = await askHost(host.port, host.identity, {
      name: 'keys',
      body: { revision: 1, keys: all, proxyKey: null },
      timeoutMs: 60_000,
    });
    assert.equal(reply?.status, 200);
    assert.deepEqual(reply.body, host.keys.current);
    assert.equal(host.keys.current.keys.length, 5_000);
    host.dispose();
  });
});
