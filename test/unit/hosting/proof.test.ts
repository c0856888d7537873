import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { firstProxyKey, healthProof, newNonce, requestSignature, Seal } from '../../../src/hosting/proof';

const secret = randomBytes(32);

describe('healthProof', () => {
  const claim = { nonce: 'n', address: '127.0.0.1:9999', machineId: 'm' };

  it('is another for each nonce, address, machine and secret', () => {
    const proofs = [
      healthProof(secret, claim),
      healthProof(secret, { ...claim, nonce: 'o' }),
      healthProof(secret, { ...claim, address: '[::1]:9999' }),
      healthProof(secret, { ...claim, machineId: 'o' }),
      healthProof(randomBytes(32), claim),
    ];
    assert.equal(new Set(proofs).size, proofs.length);
    assert.equal(healthProof(secret, claim), proofs[0]);
  });
});

describe('requestSignature', () => {
  const request = { hostNonce: 'h', nonce: 'n', method: 'POST', path: '/host/stop', body: Buffer.from('{}') };

  it('is another for each part of the request', () => {
    const signatures = [
      request,
      { ...request, hostNonce: 'i' },
      { ...request, nonce: 'o' },
      { ...request, method: 'GET' },
      { ...request, path: '/host/retire' },
      { ...request, body: Buffer.from('[]') },
    ].map((each) => requestSignature(secret, each));
    assert.equal(new Set(signatures).size, signatures.length);
  });
});

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
