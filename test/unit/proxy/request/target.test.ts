import assert from 'node:assert/strict';
import { Secret } from '../../../../src/base/secret';
import {
  changesKeys,
  checkPath,
  operationOf,
  isKeyPath,
  madeThing,
  makesThings,
  queryWithout,
  readTarget,
} from '../../../../src/proxy/request/target';

describe('the target of a request', () => {
  it('is the same below upstream however base URL and path were joined', () => {
    for (const url of [
      '/api/v1/messages?a=/v1',
      '/v1/messages?a=/v1',
      '/messages?a=/v1',
      '/v1//messages?a=/v1',
      '/v1/v1/messages?a=/v1',
      '/api/v1/api/v1/messages?a=/v1',
      '/api/v1/v1/messages?a=/v1',
      '/v1/api/v1/messages?a=/v1',
      '/api/api/v1/messages?a=/v1',
      '/api/messages?a=/v1',
      '/API/V1/messages?a=/v1',
      '/api/v1/messages/?a=/v1',
      '/v1/m%65ssages?a=/v1',
      '/api/v1/messages/v1/messages?a=/v1',
      '/v1/chat/completions/messages?a=/v1',
      '/responses/api/v1/messages?a=/v1',
      'http://localhost:1/v1/messages?a=/v1',
    ]) {
      const { path, query, isWithinBase } = readTarget(url);
      assert.deepEqual([path, query, isWithinBase], ['/messages', '?a=/v1', true], url);
    }
    assert.equal(readTarget('/v1/chat/completions/models').path, '/models');
    for (const path of ['/credits', '/rerank', '/audio/speech', '/key', '/presets/p1/responses'])
      for (const base of ['/api', '/v1/api', '/api/v1']) assert.equal(readTarget(base + path).path, path);
    assert.equal(readTarget('/v1/messages/batches').path, '/messages/batches');
    assert.equal(readTarget('/v1/responses/r/models').path, '/responses/r/models');
    assert.equal(readTarget('/v1x/messages').path, '/v1x/messages');
    assert.equal(readTarget('/api/').path, '/api');
    assert.equal(readTarget('/api/beta/decisions').path, '/api/beta/decisions');
    assert.equal(readTarget('/api/v1/a%2Fb%20c').path, '/a%2Fb%20c');
    assert.equal(readTarget('/api/v1/api/alpha/decisions').path, '/api/alpha/decisions');
    assert.equal(readTarget('http://x.example:1').authority, 'x.example:1');
  });

  it('leaves upstream’s base in no spelling', () => {
    for (const dots of [
      '..',
      '.',
      '%2e.',
      '..;',
      '..;a=b',
      '..%3b',
      '..%00',
      '.%00.',
      '%252e%252e',
      '..%2f',
      '..%255c',
      '..%23',
    ])
      for (const url of [`/api/v1/${dots}/x`, `/a/${dots}`, `/api/alpha/${dots}/x`])
        assert.ok(!readTarget(url).isWithinBase, url);
    for (const url of ['/a/..b', '/a/b..', '/a/...', '/a/.well-known', '/a/x%2fy', '/a/b;..', '/a/100%'])
      assert.ok(readTarget(url).isWithinBase, url);
  });

  it('does not take the proxy key upstream', () => {
    const key = 'kw-0123456789abcdef';
    const secret = new Secret(key);
    const coded = key.replaceAll('-', '%2D');
    assert.equal(queryWithout(secret, `?a=1&key=${key}&b=${coded}&c=100%`), '?a=1&c=100%');
    for (const url of [`/api/v1/${key}/models`, `/x/${coded}`]) {
      assert.throws(() => checkPath(readTarget(url), secret), { code: 'path_not_allowed' }, url);
    }
    checkPath(readTarget('/api/v1/models'), secret);
  });

  it('tells the key of every spelling', () => {
    for (const url of ['/api/v1/key', '/auth/key', '/v1/key/', '/v1//auth//key/', '/v1/%6bey', '/v1/KEY']) {
      assert.ok(isKeyPath(readTarget(url).path), url);
    }
    assert.ok(!isKeyPath('/keys'));
  });
});

describe('operations', () => {
  it('that run a model may be sent again, those that make something not', () => {
    for (const path of [
      '/chat/completions',
      '/cursor/chat/completions',
      '/interns/abc/chat/completions',
      '/presets/x/messages',
      '/systemone',
      '/rerank',
    ]) {
      assert.equal(operationOf('POST', path).kind, 'models', path);
    }
    assert.equal(operationOf('POST', '/images').kind, 'once');
    assert.equal(operationOf('POST', '/files').kind, 'plain');
    assert.equal(operationOf('GET', '/chat/completions').kind, 'plain');
  });

  it('that change keys are told from those that read them, and from all others', () => {
    for (const [method, path] of [
      ['POST', '/auth/keys'],
      ['POST', '/auth/keys/code'],
      ['PATCH', '/keys/abc'],
      ['DELETE', '/KEYS/abc'],
      ['PUT', '/guardrails/1'],
      ['POST', '/workspaces/1/members/add'],
      ['POST', '/byok'],
      ['POST', '/api/beta/keys'],
      ['PROPPATCH', '/keys'],
      ['POST', '/keys;x'],
      ['POST', '/auth;a=b/keys'],
      ['POST', '/;/keys'],
      ['POST', '/%2fkeys%2f'],
      ['POST', '/%256beys'],
      ['POST', '/keys%00'],
      ['POST', '/keys%3fx'],
      ['POST', '/keys.json'],
      ['POST', '/%20keys'],
      ['POST', '/api/v1;x/keys'],
      ['POST', '/api/v1%5ckeys'],
      ['POST', '/API/V1/keys'],
      ['POST', '/api/alpha/v1/keys'],
      ['PUT', '/vault/secrets/x'],
      ['POST', '/vault/interns/i1/secrets/copy'],
      ['POST', '/observability/destinations'],
      ['PATCH', '/scim/group-mappings/x'],
    ] as const) {
      assert.ok(changesKeys(method, path), `${method} ${path}`);
    }
    for (const [method, path] of [
      ['GET', '/keys'],
      ['GET', '/auth/key'],
      ['POST', '/keyboards'],
      ['POST', '/chat/completions'],
      ['POST', '/api-keys-of/x'],
      ['DELETE', '/files/keys'],
    ] as const) {
      assert.ok(!changesKeys(method, path), `${method} ${path}`);
    }
  });

  it('name the things of an account', () => {
    for (const [url, id] of [
      ['/batches/b1/cancel', 'b1'],
      ['/videos/v1/content', 'v1'],
      ['/files/f1', 'f1'],
      ['/containers/c1/files/f2/content', 'c1'],
      ['/generation?id=gen-1', 'gen-1'],
      ['/generation/feedback?id=gen-1', 'gen-1'],
      ['/api/beta/batches/b2', 'b2'],
      ['/models/x', null],
    ] as const) {
      assert.equal(madeThing(readTarget(url)), id, url);
    }
    for (const path of ['/batches', '/files', '/videos', '/containers', '/api/beta/batches']) {
      assert.ok(makesThings('POST', path), path);
      assert.ok(!makesThings('GET', path), path);
    }
    assert.ok(!makesThings('POST', '/batches/b1/cancel'));
  });
});
