/** Signing in against the simulator's page: a browser that follows redirects, a listener, an exchange of the code. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { SystemClock } from '../../src/base/clock';
import {
  callbackUrlOf,
  challengeOf,
  exchangeCode,
  newVerifier,
  signInLivesMs,
  signInUrl,
} from '../../src/service/signIn/signIn';
import { SignInListener } from '../../src/service/signIn/signInListener';
import { Simulator } from '../simulator/simulator';
import { ManualClock } from '../support/manualClock';
import { directRoute } from '../../src/proxy/upstream/networkRoute';

const pages = { done: '<p>Done</p>', denied: '<p>Denied</p>' };
const verifier = newVerifier();

describe('signing in with OpenRouter', () => {
  let simulator: Simulator;
  let listener: SignInListener;
  let clock: ManualClock;

  beforeEach(async () => {
    simulator = await Simulator.start({ accounts: [{ name: 'anna', userId: 'user_anna', keys: [] }] });
    clock = new ManualClock();
    listener = await SignInListener.start(clock, pages);
  });

  afterEach(async () => {
    listener.dispose();
    await simulator.stop();
    assert.equal(clock.pending, 0);
  });

  function pageUrl(callbackUrl: string | null = callbackUrlOf(listener.url)): string {
    return signInUrl(simulator.baseUrl, challengeOf(verifier), callbackUrl);
  }

  async function exchange(code: string, own = verifier): ReturnType<typeof exchangeCode> {
    return await exchangeCode(
      { upstreamUrl: simulator.baseUrl, networkRoute: directRoute, clock: new SystemClock() },
      code,
      own,
    );
  }

  async function codeOfListener(): Promise<string> {
    const answer = await listener.answer;
    return answer.kind === 'code' ? answer.code : assert.fail(answer.kind);
  }

  it('ends with a key that works, and a page that says so', async () => {
    const page = await fetch(pageUrl());
    assert.equal(await page.text(), pages.done);
    assert.equal(page.headers.get('cache-control'), 'no-store');
    assert.equal(page.headers.get('referrer-policy'), 'no-referrer');
    assert.match(page.headers.get('content-security-policy') ?? '', /base-uri 'none'; form-action 'none'/);
    const answer = await exchange(await codeOfListener());
    const key = answer.kind === 'key' ? answer.key : assert.fail(answer.kind);
    const check = await fetch(`${simulator.baseUrl}/key`, { headers: { authorization: `Bearer ${key}` } });
    assert.equal(check.status, 200);
  });

  it('listens for one answer only', async () => {
    const { url } = listener;
    await fetch(pageUrl());
    await listener.answer;
    await assert.rejects(fetch(url));
  });

  it('is not ended by strangers: another path is not there, another state is refused', async () => {
    const { url } = listener;
    assert.equal((await fetch(new URL('/callback?code=stolen', url))).status, 404);
    assert.equal((await fetch(`${url}x?code=stolen`)).status, 403);
    assert.equal((await fetch(`${url.replace(/[^/]+$/, '')}?code=stolen`)).status, 403);
    assert.equal((await fetch(`${url}?code=stolen`, { method: 'POST' })).status, 404);
    for (const path of ['//', '//[', '/\\\\x'])
      assert.match(await rawAnswer(url, path), /^HTTP\/1\.1 404 /, path);
    await fetch(pageUrl());
    assert.equal((await exchange(await codeOfListener())).kind, 'key');
  });

  it('is over when the user says no', async () => {
    const page = await fetch(`${listener.url}?error=access_denied`);
    assert.equal(await page.text(), pages.denied);
    assert.deepEqual(await listener.answer, { kind: 'denied' });
  });

  it('waits ten minutes and no longer', async () => {
    const { url } = listener;
    clock.advance(signInLivesMs - 1);
    assert.equal((await fetch(`${url}x`)).status, 403);
    clock.advance(1);
    assert.deepEqual(await listener.answer, { kind: 'timeout' });
    await assert.rejects(fetch(url));
  });

  it('gives a key for a pasted code too, once, and to who began it alone', async () => {
    const shown = await (await fetch(pageUrl(null))).text();
    const code = /id="code">(\w+)</.exec(shown)?.[1] ?? '';
    assert.equal((await exchange(code)).kind, 'key');
    assert.deepEqual(await exchange(code), { kind: 'refused' });
    const another = /id="code">(\w+)</.exec(await (await fetch(pageUrl(null))).text())?.[1] ?? '';
    assert.deepEqual(await exchange(another, newVerifier()), { kind: 'refused' });
  });

  it('tells an upstream that cannot be reached from a code that is refused', async () => {
    const upstreamUrl = 'http://127.0.0.1:9/api/v1';
    const answer = await exchangeCode(
      { upstreamUrl, networkRoute: directRoute, clock: new SystemClock() },
      'code',
      verifier,
    );
    assert.deepEqual(answer, { kind: 'unreachable', detail: 'ECONNREFUSED' });
  });
});

/** The answer to a request whose target is no valid URL. */
async function rawAnswer(url: string, target: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`);
  const [chunk] = (await once(socket, 'data', { signal: AbortSignal.timeout(60_000) })) as [Buffer];
  socket.destroy();
  return chunk.toString('latin1');
}
