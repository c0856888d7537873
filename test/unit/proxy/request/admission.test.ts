// Admission by the name in Host and by the origin; over sockets: test/http/admission.test.ts.
import assert from 'node:assert/strict';
import { Secret } from '../../../../src/base/secret';
import {
  checkHost,
  checkOrigin,
  readHead,
  type AdmissionRules,
  type RequestHead,
} from '../../../../src/proxy/request/admission';

function head(method: string, path: string, ...rawHeaders: readonly string[]): RequestHead {
  return readHead(method, path, rawHeaders);
}

function answersTo(host: string, boundHost: string, ...allowedHosts: readonly string[]): boolean {
  const rules: AdmissionRules = {
    boundHost,
    allowedHosts,
    proxyKey: new Secret('kw'),
    allowKeyChanges: false,
  };
  try {
    checkHost(head('GET', '/health', 'Host', host), rules);
    return true;
  } catch {
    return false;
  }
}

function serves(method: string, path: string, ...rawHeaders: readonly string[]): boolean {
  try {
    checkOrigin(head(method, path, ...rawHeaders));
    return true;
  } catch {
    return false;
  }
}

const beyond = ['0.0.0.0', '::', '192.168.0.7'];
const addresses = ['192.168.0.7:9999', '10.0.0.1', '[fe80::1]:9999', '[::1]', '127.0.0.1:1', 'localhost'];

describe('checkHost', () => {
  it('lets any address and any name in where the proxy is bound beyond loopback', () => {
    for (const bound of beyond)
      for (const host of [...addresses, 'keys.example.org', 'DOCKER-HOST:9999'])
        assert.ok(answersTo(host, bound), `${host} at ${bound}`);
  });

  it('lets any address, and of names those that are allowed, in where some are', () => {
    for (const bound of beyond) {
      for (const host of [...addresses, 'keys.example.org', 'KEYS.example.org:443'])
        assert.ok(answersTo(host, bound, 'keys.example.org'), `${host} at ${bound}`);
      for (const host of ['evil.example', 'keys.example.org.evil.example', ''])
        assert.ok(!answersTo(host, bound, 'keys.example.org'), `${host} at ${bound}`);
    }
  });

  it('lets loopback names in on loopback, and those that are allowed', () => {
    for (const bound of ['127.0.0.1', 'localhost', '::1']) {
      for (const host of ['localhost', '127.0.0.1:9999', '[::1]:1']) assert.ok(answersTo(host, bound));
      for (const host of ['192.168.0.7', '[fe80::1]', 'evil.example', '0.0.0.0'])
        assert.ok(!answersTo(host, bound));
      assert.ok(answersTo('keys.example.org', bound, 'keys.example.org'));
      assert.ok(!answersTo('192.168.0.7', bound, 'keys.example.org'));
    }
  });

  it('lets in what names no host at all, as HTTP/1.0 may and no browser does', () => {
    const rules = { boundHost: '127.0.0.1', allowedHosts: ['keys.example.org'], allowKeyChanges: false };
    checkHost(head('GET', '/health'), { ...rules, proxyKey: new Secret('kw') });
  });
});

describe('checkOrigin', () => {
  const host = ['Host', 'keys.example.org:9999'];
  const site = ['Sec-Fetch-Site', 'same-origin'];

  it('lets a page of the proxy itself send, and no other one that says so', () => {
    assert.ok(
      serves('POST', '/v1/chat/completions', ...host, ...site, 'Origin', 'http://keys.example.org:9999'),
    );
    assert.ok(
      serves('POST', '/v1/chat/completions', ...host, ...site, 'Origin', 'https://keys.example.org:9999'),
    );
    for (const origin of [
      'http://keys.example.org',
      'http://keys.example.org:9998',
      'http://evil.example',
      'keys.example.org:9999x',
      'null',
      '',
    ])
      assert.ok(!serves('POST', '/v1/chat/completions', ...host, ...site, 'Origin', origin), origin);
    for (const other of ['same-site', 'cross-site', 'none'])
      assert.ok(
        !serves('POST', '/v1/x', ...host, 'Sec-Fetch-Site', other, 'Origin', 'http://keys.example.org:9999'),
        other,
      );
    const own = ['Origin', 'http://keys.example.org:9999'];
    // Without TLS, beyond loopback, no browser tells the site.
    assert.ok(serves('POST', '/v1/x', ...host, ...own));
    assert.ok(!serves('POST', '/v1/x', ...host, 'Origin', 'http://evil.example'));
    assert.ok(!serves('POST', '/v1/x', ...host, ...site, 'Sec-Fetch-Site', 'cross-site', ...own));
  });
});
