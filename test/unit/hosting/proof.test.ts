import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { firstProxyKey, newNonce, purposes, Seal } from '../../../src/hosting/proof';

const secret = randomBytes(32);

describe('Seal', () => {
  const [nonce, hostNonce] = [newNonce(), newNonce()];
  const seal = new Seal(secret, nonce, hostNonce);

  it('opens what was closed under the same secret, nonces and purpose, and nothing else', () => {
    const sealed = seal.close('keys', { key: 'sk-or-v1-abc' });
    assert.deepEqual(new Seal(secret, nonce, hostNonce).open('keys', sealed), { key: 'sk-or-v1-abc' });
    assert.equal(seal.open('checkKey', sealed), undefined);
    assert.equal(new Seal(randomBytes(32), nonce, hostNonce).open('keys', sealed), undefined);
    assert.equal(new Seal(secret, newNonce(), hostNonce).open('keys', sealed), undefined);
    assert.equal(seal.open('keys', ''), undefined);
    assert.equal(seal.open('keys', `${sealed.slice(0, -4)}AAAA`), undefined);
  });

  it('opens for no other command, no answer, and no other end of a connection', () => {
    const end = { address: '127.0.0.1:9999', machineId: 'm' };
    const all = [
      purposes.request('stop'),
      purposes.request('retire'),
      purposes.answer('stop'),
      purposes.window(end),
      purposes.window({ ...end, address: '127.0.0.1:9998' }),
      purposes.window({ ...end, machineId: 'o' }),
      purposes.keys,
    ];
    for (const purpose of all) {
      const sealed = seal.close(purpose, 'x');
      assert.deepEqual(
        all.filter((other) => seal.open(other, sealed) !== undefined),
        [purpose],
      );
    }
  });

  it('shows nothing of what it closed, and never the same twice', () => {
    const sealed = [1, 2].map(() => seal.close('keys', 'sk-or-v1-abc'));
    assert.notEqual(sealed[0], sealed[1]);
    assert.ok(
      !Buffer.from(sealed[0] ?? '', 'base64url')
        .toString('latin1')
        .includes('sk-or'),
    );
  });
});

describe('firstProxyKey', () => {
  it('is the same for all windows of a secret, and holds nothing of it', () => {
    const key = firstProxyKey(secret);
    assert.match(key, /^kw-[\w-]{32}$/);
    assert.equal(firstProxyKey(secret), key);
    assert.notEqual(firstProxyKey(randomBytes(32)), key);
  });
});
