// A network proxy on the way to upstream: by CONNECT, with a user and a password, refused, silent; and none of its secrets in the log.
import assert from 'node:assert/strict';
import { askUpstream } from '../../src/service/askUpstream';
import { checkKeyAt } from '../../src/service/keyring/keyCheck';
import { directRoute } from '../../src/proxy/upstream/networkRoute';
import { SystemClock } from '../../src/base/clock';
import { CliBundle } from '../support/cliProcess';
import { ForwardProxy } from '../support/forwardProxy';
import { ask, dataOf } from './client';
import { keyFor, PAID, PROXY_KEY, type Rig } from './support';
import { identities, PemFile, withTlsRig } from './upstreams';

const user = 'us er';
const password = 'pass:word@canary/0123456789';

function assertNoPassword(rig: Rig): void {
  const token = Buffer.from(`${user}:${password}`).toString('base64');
  for (const text of [rig.lines.join('\n'), JSON.stringify(rig.service.snapshot())])
    for (const secret of [password, encodeURIComponent(password), token]) assert.ok(!text.includes(secret));
}

describe('the way through a network proxy', () => {
  it('is a tunnel to a name that only the proxy can resolve, which sees neither keys nor prompts', async () => {
    await withTlsRig(identities.good, async ({ rig, front, go }) => {
      await using proxy = await ForwardProxy.open();
      proxy.names.set('upstream.test', '127.0.0.1');
      await go({ proxyUrl: proxy.url }, { host: 'upstream.test' });
      rig.simulator.forget();
      const reply = await rig.get({ stream: true, model: PAID });
      assert.equal(reply.text, rig.attempts[0]?.sent.text);
      assert.equal(dataOf(reply.text).at(-1), '[DONE]');
      assert.deepEqual(new Set(proxy.targets), new Set([`upstream.test:${front.port}`]));
      assert.doesNotMatch(proxy.seen, /sk-or-v1|messages/);
      assert.ok(rig.lines.some((line) => line.includes(`through the network proxy 127.0.0.1:${proxy.port}`)));
    });
  });

  it('keeps a connection for the next request, and sends headers of one name as they came', async () => {
    await withTlsRig(identities.good, async ({ rig, go }) => {
      await using proxy = await ForwardProxy.open();
      await go({ proxyUrl: proxy.url });
      rig.simulator.forget();
      const headers = ['X-Twice', 'one', 'X-Twice', 'two'];
      for (let count = 0; count < 3; count++) assert.equal((await rig.get({ headers })).status, 200);
      assert.equal(proxy.targets.length, 1);
      const twice = rig.attempts[0]?.headers
        .filter(([name]) => name.toLowerCase() === 'x-twice')
        .map(([, value]) => value);
      assert.deepEqual(twice, ['one', 'two']);
    });
  });

  it('takes a user name and a password with any sign in them, and tells neither to the log', async () => {
    await withTlsRig(identities.good, async ({ rig, go }) => {
      await using proxy = await ForwardProxy.open(`${user}:${password}`);
      await go({ proxyUrl: proxy.url });
      assert.equal((await rig.get()).status, 200);
      assertNoPassword(rig);
    });
  });

  it('that wants another password, or refuses the target, is told so, and asked once', async () => {
    await withTlsRig(identities.good, async ({ rig, go }) => {
      await using proxy = await ForwardProxy.open(`${user}:${password}`);
      await go({ proxyUrl: proxy.url.replace('canary', 'wrong') });
      const refused = await rig.get();
      assert.equal(refused.status, 502);
      assert.match(refused.text, /wants a user name and password/);
      assert.equal((await rig.get()).status, 502);
      assert.equal(proxy.targets.length, 1);
      assert.deepEqual(rig.service.snapshot().unreached?.code, 'PROXY_407');
      proxy.manner = 403;
      await go({ proxyUrl: proxy.url });
      const forbidden = await rig.get();
      assert.match(forbidden.text, /does not let the connection to OpenRouter through/);
      proxy.manner = 'open';
      await rig.service.refresh();
      assert.equal((await rig.get()).status, 200);
      assertNoPassword(rig);
    });
  });

  it('that is away, hangs up, or has no URL is told from an upstream that is away', async () => {
    await withTlsRig(identities.good, async ({ rig, go }) => {
      await using proxy = await ForwardProxy.open();
      for (const [proxyUrl, code] of [
        ['http://127.0.0.1:9', /^PROXY_ECONNREFUSED$/],
        [proxy.url, /^PROXY_UND_ERR_SOCKET$/],
        ['socks5://127.0.0.1:9', /^PROXY_ERR_INVALID_URL$/],
        ['http://', /^PROXY_ERR_INVALID_URL$/],
      ] as const) {
        proxy.manner = 'hangUp';
        await go({ proxyUrl });
        await rig.service.refresh();
        const { unreached } = rig.service.snapshot();
        assert.match(unreached?.code ?? '', code);
      }
    });
  });

  it('whose address cannot be used is told at once, with an example, and shown as no way', async () => {
    await withTlsRig(identities.good, async ({ rig, go }) => {
      await go({ proxyUrl: 'socks5://user:canary@127.0.0.1:9' });
      const reply = await rig.get();
      assert.match(
        reply.text,
        /address cannot be used \(PROXY_ERR_INVALID_URL\).*such as http:\/\/proxy:3128/,
      );
      assert.equal(reply.header('x-keywheel-attempts'), '1');
      assert.doesNotMatch(reply.text + rig.lines.join(), /canary|127\.0\.0\.1:9/);
    });
  });

  it('that is silent is given up after ten seconds', async () => {
    await using proxy = await ForwardProxy.open();
    proxy.manner = 'silent';
    const place = {
      upstreamUrl: 'https://upstream.test/api/v1',
      networkRoute: { ...directRoute, proxyUrl: proxy.url },
    };
    assert.deepEqual(await askUpstream(place, 60_000), {
      kind: 'failed',
      code: 'PROXY_SILENT',
    });
    assert.deepEqual(proxy.targets, ['upstream.test:443']);
  });

  it('is not taken by hosts of NO_PROXY, nor by an upstream without TLS, as the proxy would read the key', async () => {
    await withTlsRig(identities.good, async ({ rig, front, go }) => {
      await using proxy = await ForwardProxy.open();
      await go({ proxyUrl: proxy.url, noProxy: `example.org,localhost:${front.port}` });
      assert.equal((await rig.get()).status, 200);
      const place = {
        upstreamUrl: rig.simulator.baseUrl,
        networkRoute: { ...directRoute, proxyUrl: proxy.url },
      };
      const check = await checkKeyAt({ ...place, clock: new SystemClock() }, keyFor('a'));
      assert.equal(check.kind, 'good');
      assert.deepEqual(proxy.targets, []);
    });
  });

  it('verifies what comes through it, unless its user has switched that off', async () => {
    await withTlsRig(identities.unknownIssuer, async ({ rig, go }) => {
      await using proxy = await ForwardProxy.open();
      await go({ proxyUrl: proxy.url });
      assert.equal((await rig.get()).status, 502);
      assert.equal(rig.service.snapshot().unreached?.code, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
      await go({ proxyUrl: proxy.url, isStrict: false });
      assert.equal((await rig.get()).status, 200);
      await go({ isStrict: false });
      assert.equal((await rig.get()).status, 502, 'what comes directly is verified all the same');
    });
  });

  it('is what the command line takes from HTTPS_PROXY, NO_PROXY and NODE_EXTRA_CA_CERTS', async () => {
    const bundle = await CliBundle.open();
    try {
      await withTlsRig(identities.good, async ({ rig, front }) => {
        await using proxy = await ForwardProxy.open(`${user}:${password}`);
        using pem = new PemFile();
        const environment = {
          OPENROUTER_KEYS: keyFor('a'),
          OPENROUTER_BASE_URL: `https://localhost:${front.port}/api/v1`,
          PROXY_API_KEY: PROXY_KEY,
          PORT: '0',
          LOG_LEVEL: 'debug',
          NODE_EXTRA_CA_CERTS: pem.path,
          https_proxy: proxy.url,
        };
        for (const [more, tunnels] of [
          [{}, true],
          [{ NO_PROXY: 'localhost' }, false],
        ] as const) {
          const cli = bundle.start({ ...environment, ...more });
          const port = await cli.listening();
          proxy.targets.length = 0;
          const reply = await ask(port, { proxyKey: PROXY_KEY });
          const { out, errors } = await cli.kill('SIGTERM');
          assert.equal(reply.status, 200, errors);
          assert.equal(proxy.targets.length > 0 || errors.includes('through the network proxy'), tunnels);
          assert.doesNotMatch(out + errors, /canary/);
        }
        assert.ok(rig.simulator.requests.length > 0);
      });
    } finally {
      await bundle.dispose();
    }
  });
});
