/** The doctor against real sockets on this machine: its findings for a healthy setup and for each fault. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import path from 'node:path';
import { SystemClock } from '../../../src/base/clock';
import { directRoute } from '../../../src/proxy/upstream/networkRoute';
import type { KeyCheck } from '../../../src/service/keyring/keyCheck';
import { plainKey } from '../../../src/service/keyring/storedKey';
import { codexClient } from '../../../src/clients/codex';
import { examine, type DoctorPorts } from '../../../src/doctor/doctor';
import type { Check, Finding } from '../../../src/doctor/finding';
import { parseLsof, parseNetstat, parseProcNet, portOwner } from '../../../src/doctor/system';
import { doctorPage, doctorReport, findingText } from '../../../src/words/doctorText';
import { pageHtml } from '../../../src/words/pageHtml';
import type { AccountView, ExchangeView, LockView, ProxyFailure } from '../../../src/service/snapshot';
import { TemporaryHome } from '../clients/temporaryHome';
import { exchangeView } from '../service/exchanges';
import { accountView, english, keyView, midnightMs, nowMs, stateOf } from '../vscode/views';

const textContext = english;
const { snapshot } = stateOf([], { proxy: { kind: 'stopped' } });
const good: KeyCheck = { kind: 'good', accountId: 'a', freeLimit: 50, freeUsed: 0, capLeft: null };

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** A server that gives every request this answer, as proxy and as OpenRouter. */
async function answering(
  status: number,
  body: string,
  date?: string,
): Promise<{ server: Server; port: number }> {
  const type = body.startsWith('{') ? 'application/json' : 'text/html';
  const server = createHttpServer((_, response) => {
    response.writeHead(status, { 'content-type': type, ...(date === undefined ? {} : { date }) });
    response.end(body);
  });
  return { server, port: await listening(server) };
}

function portsOf(home: TemporaryHome, change: Partial<DoctorPorts>): DoctorPorts {
  const places = { ...home.places, vscodeFolder: path.join(home.folder, 'Code') };
  const clock = new SystemClock();
  return {
    platform: process.platform,
    snapshot,
    refresh: () => Promise.resolve(change.snapshot ?? snapshot),
    vault: 'ok',
    activity: [],
    port: 1,
    endpoint: { origin: 'http://127.0.0.1:1', proxyKey: 'kw-0123456789abcdef01234567', model: null },
    upstreamUrl: 'http://127.0.0.1:1/api/v1',
    networkRoute: directRoute,
    systemProxy: () => Promise.resolve(null),
    keys: [],
    checkKey: () => Promise.resolve(good),
    connector: home.connector({ places, clock }),
    ...change,
  };
}

async function found(
  home: TemporaryHome,
  check: Check,
  change: Partial<DoctorPorts>,
): Promise<readonly Finding[]> {
  const checked = await examine(portsOf(home, change));
  return checked.find((each) => each.check === check)?.findings ?? [];
}

describe('the doctor', () => {
  it('finds no fault where all is well, and its report holds no secret, no label and no home', async () => {
    await using home = await TemporaryHome.make();
    const proxy = await answering(200, '{"program":"keywheel"}');
    const upstream = await answering(401, '{}');
    const endpoint = {
      origin: `http://127.0.0.1:${proxy.port}`,
      proxyKey: 'kw-0123456789abcdef01234567',
      model: 'a/b',
    };
    await home.connections.connect(codexClient, endpoint);
    try {
      const checked = await examine(
        portsOf(home, {
          snapshot: stateOf([accountView()], {
            proxy: {
              kind: 'running',
              host: '127.0.0.1',
              port: proxy.port,
              baseUrl: `${endpoint.origin}/api/v1`,
            },
          }).snapshot,
          endpoint,
          upstreamUrl: `http://127.0.0.1:${upstream.port}/api/v1`,
          keys: [plainKey(`sk-or-v1-${'a'.repeat(64)}`, 'Anna Smith')],
        }),
      );
      assert.deepEqual(
        checked.map(({ findings }) => findings.map(({ code }) => code)),
        [
          ['served'],
          ['selfGood'],
          ['upstreamGood', 'wayDirect'],
          ['clockGood'],
          ['keyGood'],
          ['noLimits'],
          ['client'],
          ['noLeftovers'],
        ],
      );
      const report = doctorReport(checked, { Version: '1' }, textContext, home.folder);
      assert.match(report, /Codex: connected \(~\/\.codex\/config\.toml\)/);
      assert.doesNotMatch(report, /sk-or|kw-|Anna/);
      assert.ok(!report.includes(home.folder));
      const { blocks } = doctorPage(checked, textContext);
      assert.deepEqual(blocks[0], { kind: 'paragraph', text: 'Everything looks good. Checked at 18:00.' });
    } finally {
      proxy.server.close();
      upstream.server.close();
    }
  });

  it('warns of a proxy that does not run and of an upstream out of reach, and says what to do', async () => {
    await using home = await TemporaryHome.make();
    const key = plainKey(`sk-or-v1-${'a'.repeat(64)}`, 'Work');
    const checkKey = (): Promise<KeyCheck> => assert.fail('no key is to be checked');
    const checked = await examine(portsOf(home, { keys: [key], checkKey }));
    const { blocks } = doctorPage(checked, textContext);
    const troubles = blocks.flatMap((block) =>
      block.kind === 'finding' && ['warn', 'bad'].includes(block.tone)
        ? [[block.text, block.advice ?? '']]
        : [],
    );
    assert.deepEqual(
      troubles.map(([text]) => text),
      [
        'The proxy is stopped. Port 1 is free.',
        'OpenRouter cannot be reached (connection refused, ECONNREFUSED).',
      ],
    );
    assert.deepEqual(checked.find(({ check }) => check === 'keys')?.findings, [{ code: 'keysUnchecked' }]);
    for (const [text, advice] of troubles) assert.notEqual(advice, '', text);
  });

  it('tells one outage once, with what the proxy knows of it', async () => {
    await using home = await TemporaryHome.make();
    const unreached = { code: 'ENOTFOUND', sinceMs: nowMs - 60_000, heldUntilMs: null };
    const known = { ...snapshot, unreached };
    const findings = (await examine(portsOf(home, { snapshot: known }))).flatMap((each) => each.findings);
    const troubles = findings
      .map((finding) => findingText(finding, textContext))
      .filter(({ tone }) => tone === 'bad');
    assert.deepEqual(
      troubles.map(({ text, advice }) => [text, advice]),
      [
        [
          'OpenRouter has been unreachable since 17:59 (connection refused, ECONNREFUSED).',
          'Check your network. If it requires a network proxy, set http.proxy.',
        ],
        ['No key.', 'Add a key to send requests.'],
      ],
    );
  });

  it('tells no outage and no lock that is over, as it asks the proxy to look again first', async () => {
    await using home = await TemporaryHome.make();
    const upstream = await answering(401, '{}');
    const upstreamUrl = `http://127.0.0.1:${upstream.port}/api/v1`;
    const locks = [{ covers: 'all', reason: 'belowZero', untilMs: midnightMs }] as const;
    const held = stateOf([accountView({ state: 'locked', locks })]).snapshot;
    const stale = { ...held, unreached: { code: 'ENOTFOUND', sinceMs: nowMs, heldUntilMs: null } };
    const fresh = stateOf([accountView()]).snapshot;
    const codes = async (now: typeof stale | typeof fresh): Promise<readonly string[]> => {
      const change = { upstreamUrl, snapshot: stale, refresh: () => Promise.resolve(now) };
      const findings = [...(await found(home, 'upstream', change)), ...(await found(home, 'limits', change))];
      return findings.map(({ code }) => code);
    };
    assert.deepEqual(await codes(fresh), ['upstreamGood', 'wayDirect', 'noLimits']);
    assert.deepEqual(await codes(stale), ['upstreamGood', 'unreached', 'wayDirect', 'accountHeld']);
    upstream.server.close();
  });

  it('tells trouble of OpenRouter’s own from what answers in its place, and checks no key by either', async () => {
    await using home = await TemporaryHome.make();
    const keys = ['a', 'b'].map((name) => plainKey(`sk-or-v1-${name.repeat(64)}`, name));
    for (const [status, body, code] of [
      [503, '{}', 'upstreamTroubled'],
      [502, '<html>Bad gateway', 'upstreamTroubled'],
      [429, '<html>Error 1015', 'upstreamTroubled'],
      [200, '<html>Sign in', 'upstreamStrange'],
      [401, '<html>Sign in', 'upstreamStrange'],
      [403, '{}', 'upstreamStrange'],
    ] as const) {
      const upstream = await answering(status, body);
      const change = { keys, upstreamUrl: `http://127.0.0.1:${upstream.port}/api/v1` };
      const [finding] = await found(home, 'upstream', change);
      assert.deepEqual(finding, { code, status });
      assert.deepEqual(await found(home, 'keys', change), [{ code: 'keysUnchecked' }]);
      upstream.server.close();
    }
  });

  it('says that the keychain has not given the keys, and nothing of clients that are judged by them', async () => {
    await using home = await TemporaryHome.make();
    await home.connections.connect(codexClient, {
      origin: 'http://127.0.0.1:1',
      proxyKey: 'kw-own',
      model: 'a/b',
    });
    const endpoint = { origin: 'http://127.0.0.1:1', proxyKey: '', model: null };
    const said = async (check: Check, vault: DoctorPorts['vault']): Promise<unknown> => {
      const findings = await found(home, check, { vault, endpoint });
      return findings.map((finding) => [
        findingText(finding, textContext).tone,
        findingText(finding, textContext).text,
      ]);
    };
    assert.deepEqual(await said('keys', 'refused'), [
      ['bad', 'The system keychain is not available. Unlock it, then reload this window.'],
    ]);
    assert.deepEqual(await said('keys', 'loading'), [['warn', 'The keys are not loaded yet.']]);
    assert.deepEqual(await said('clients', 'refused'), [
      ['note', 'Clients not checked: the proxy key is not loaded yet.'],
    ]);
  });

  it('says of a proxy that is starting no more than that', async () => {
    await using home = await TemporaryHome.make();
    const starting = stateOf([], { proxy: { kind: 'starting' } }).snapshot;
    const [finding] = await found(home, 'port', { snapshot: starting });
    assert.ok(finding);
    const { text, remedy } = findingText(finding, textContext);
    assert.deepEqual([text, remedy], ['The proxy is starting. Port 1 is free.', null]);
  });

  it('calls each thing on the port by its name, and offers what mends it', async () => {
    await using home = await TemporaryHome.make();
    const said = async (code: ProxyFailure): Promise<unknown> => {
      const proxy = { kind: 'failed', code, port: 1, detail: 'Cursor' } as const;
      const [finding] = await found(home, 'port', { snapshot: stateOf([], { proxy }).snapshot });
      assert.ok(finding);
      const { tone, text, remedy } = findingText(finding, textContext);
      return [tone, text, remedy];
    };
    assert.deepEqual(
      await Promise.all(
        (['portInUse', 'portSilent', 'otherMachine', 'otherProduct', 'otherVersion'] as const).map(said),
      ),
      [
        ['bad', 'Port 1 is used by another program.', 'openPortSetting'],
        ['bad', 'The program on port 1 does not answer.', null],
        ['note', 'Port 1 is served by another machine through VS Code.', null],
        ['warn', "Cursor's Keywheel has port 1.", 'openPortSetting'],
        ['warn', 'Port 1 is served by another version of Keywheel.', 'reloadWindow'],
      ],
    );
  });

  it('finds who owns the port', async () => {
    const server = createServer();
    const port = await listening(server);
    const owner = await portOwner(port, process.platform);
    assert.equal(owner?.processId, process.pid);
    assert.match(owner.program, /node/);
    server.close();
  });

  it('reads what the tools of other systems print', () => {
    assert.deepEqual(parseLsof('p4242\nccom.docker\nf12\n'), { processId: 4242, program: 'com.docker' });
    assert.equal(parseLsof(''), null);
    const netstat =
      '  Proto  Lokale Adresse  Remoteadresse  Status\r\n  TCP    127.0.0.1:9999    0.0.0.0:0    ABHÖREN    4242\r\n  TCP    127.0.0.1:99990   0.0.0.0:0   ABHÖREN   1\r\n';
    assert.equal(parseNetstat(netstat.replaceAll('\r', ''), 9999), 4242);
    const line =
      '   0: 0100007F:270F 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 77 1 0';
    assert.deepEqual(parseProcNet(`  sl  local_address\n${line}\n`, 9999), ['77']);
  });

  it('finds a proxy that is silent, and a stranger in its place', async () => {
    await using home = await TemporaryHome.make();
    const stranger = await answering(407, 'proxy');
    const running = (port: number): Partial<DoctorPorts> => ({
      snapshot: stateOf([], { proxy: { kind: 'running', host: '127.0.0.1', port, baseUrl: '' } }).snapshot,
      endpoint: { origin: `http://127.0.0.1:${port}`, proxyKey: 'kw', model: null },
    });
    assert.deepEqual(await found(home, 'self', running(1)), [{ code: 'selfSilent', got: 'ECONNREFUSED' }]);
    assert.deepEqual(await found(home, 'self', running(stranger.port)), [{ code: 'selfCaught', got: '407' }]);
    stranger.server.close();
  });

  it('finds a program on the same port of IPv6, which whoever asks for localhost may reach', async () => {
    await using home = await TemporaryHome.make();
    const proxy = await answering(200, '{"program":"keywheel"}');
    const { port } = proxy;
    const running = stateOf([], {
      proxy: { kind: 'running', host: '127.0.0.1', port, baseUrl: '' },
    }).snapshot;
    const endpoint = { origin: `http://127.0.0.1:${port}`, proxyKey: 'kw', model: null };
    const other = createHttpServer((_, response) => response.end('hello'));
    await new Promise<void>((resolve) => other.listen(port, '::1', resolve));
    const codes = async (): Promise<readonly string[]> =>
      (await found(home, 'self', { snapshot: running, endpoint })).map(({ code }) => code);
    assert.deepEqual(await codes(), ['selfGood', 'strangerOnIpv6']);
    await new Promise((resolve) => other.close(resolve));
    assert.deepEqual(await codes(), ['selfGood']);
    proxy.server.close();
  });

  it('finds an upstream that is away, strange, or on another clock', async () => {
    await using home = await TemporaryHome.make();
    const way = { code: 'wayDirect' } as const;
    const [failed, ...rest] = await found(home, 'upstream', {});
    assert.deepEqual([failed, rest], [{ code: 'upstreamFailed', got: 'ECONNREFUSED' }, [way]]);
    assert.deepEqual(await found(home, 'clock', {}), [{ code: 'clockUnknown' }]);
    const portal = await answering(302, 'sign in', 'Thu, 01 Jan 2026 00:00:00 GMT');
    const upstreamUrl = `http://127.0.0.1:${portal.port}/api/v1`;
    assert.deepEqual(await found(home, 'upstream', { upstreamUrl }), [
      { code: 'upstreamStrange', status: 302 },
      way,
    ]);
    const [off] = await found(home, 'clock', { upstreamUrl });
    assert.equal(off?.code, 'clockOff');
    portal.server.close();
  });

  it('says which way leads to upstream, what is not verified on it, and which proxy of the system is not followed', async () => {
    await using home = await TemporaryHome.make();
    const upstreamUrl = 'https://upstream.test/api/v1';
    const networkRoute = { ...directRoute, proxyUrl: 'http://user:canary@127.0.0.1:9', isStrict: false };
    const byProxy = await found(home, 'upstream', { upstreamUrl, networkRoute });
    assert.deepEqual(byProxy, [
      { code: 'upstreamFailed', got: 'PROXY_ECONNREFUSED' },
      { code: 'wayByProxy', proxy: '127.0.0.1:9' },
      { code: 'wayUnverified' },
    ]);
    const script = { kind: 'pac', at: 'http://wpad/x.pac' } as const;
    const direct = await found(home, 'upstream', { systemProxy: () => Promise.resolve(script) });
    assert.deepEqual(direct.slice(1), [{ code: 'wayDirect' }, { code: 'systemProxyUnused', found: script }]);
    const texts = [...byProxy, ...direct].map((finding) => findingText(finding, textContext));
    const all = texts.map(({ text, advice }) => `${text} ${advice ?? ''}`).join('\n');
    assert.match(all, /through the network proxy 127\.0\.0\.1:9/);
    assert.match(all, /http:\/\/wpad\/x\.pac.*does not follow/);
    const nameless = findingText({ code: 'systemProxyUnused', found: { kind: 'pac', at: '' } }, textContext);
    assert.match(nameless.text, /chooses a network proxy\. /);
    assert.match(all, /Check the setting http\.proxy/);
    assert.doesNotMatch(all, /canary/);
    const wrong = { ...directRoute, proxyUrl: 'http://user:canary@127.0.0.1:port' };
    assert.deepEqual(await found(home, 'upstream', { upstreamUrl, networkRoute: wrong }), [
      { code: 'upstreamFailed', got: 'PROXY_ERR_INVALID_URL' },
    ]);
  });

  it('finds a clock that is more than a minute off, says which way and what to do', async () => {
    await using home = await TemporaryHome.make();
    for (const [aheadS, code, text] of [
      [0, 'clockGood', /agrees/],
      [55, 'clockGood', /agrees/],
      [-55, 'clockGood', /agrees/],
      [70, 'clockOff', /(?:69|70|71) s ahead of OpenRouter’s/],
      [-70, 'clockOff', /(?:69|70|71) s behind OpenRouter’s/],
    ] as const) {
      const date = new Date(Date.now() - aheadS * 1000).toUTCString();
      const upstream = await answering(401, '{}', date);
      const upstreamUrl = `http://127.0.0.1:${upstream.port}/api/v1`;
      const [finding] = await found(home, 'clock', { upstreamUrl });
      upstream.server.close();
      assert.ok(finding);
      assert.equal(finding.code, code, String(aheadS));
      const said = findingText(finding, textContext);
      assert.match(said.text, text);
      assert.equal(
        said.advice,
        code === 'clockGood' ? null : 'Correct this machine’s clock; resets depend on it.',
      );
    }
  });

  it('finds clients whose values were changed or whose file is gone, and says what to do', async () => {
    await using home = await TemporaryHome.make();
    await home.write('.codex/config.toml', '# mine\n');
    const endpoint = { origin: 'http://127.0.0.1:1', proxyKey: 'kw-0123456789abcdef01234567', model: 'a/b' };
    await home.connections.connect(codexClient, endpoint);
    const said = async (): Promise<unknown> => {
      const [finding] = await found(home, 'clients', { endpoint });
      assert.ok(finding);
      const { tone, text, advice, remedy } = findingText(finding, textContext);
      return [tone, text.replace(home.folder, '~'), advice, remedy];
    };
    const again = ['Connect it again, or disconnect it.', 'connectClient'];
    assert.deepEqual(await said(), ['good', 'Codex: connected (~/.codex/config.toml)', null, null]);
    const ours = await home.read('.codex/config.toml');
    await home.write('.codex/config.toml', ours.replace('127.0.0.1:1', 'example.org'));
    const changed = 'Codex: was connected; settings changed since (~/.codex/config.toml)';
    assert.deepEqual(await said(), ['warn', changed, ...again]);
    await rm(path.join(home.folder, '.codex/config.toml'));
    const gone = 'Codex: was connected; its configuration file is missing (~/.codex/config.toml)';
    assert.deepEqual(await said(), ['warn', gone, ...again]);
  });

  it('finds accounts at a limit and the requests that wait for them, with the times', async () => {
    await using home = await TemporaryHome.make();
    const minute = accountView({ name: 'anna', state: 'waiting', untilMs: nowMs + 41_000 });
    const day = accountView({ name: 'berta', state: 'usedUp', untilMs: midnightMs });
    const limits = async (accounts: readonly AccountView[], waiting: number): Promise<unknown> => {
      const state = stateOf(accounts, { proxy: { kind: 'stopped' } }).snapshot;
      const findings = await found(home, 'limits', {
        snapshot: { ...state, wheel: { ...state.wheel, waiting } },
      });
      return findings.map((finding) => {
        const { tone, text } = findingText(finding, textContext);
        return [tone, text];
      });
    };
    assert.deepEqual(await limits([minute, day], 6), [
      ['warn', '6 requests waiting. The next account is free at 18:00:41.'],
      ['warn', '“anna”: Minute limit reached until 18:00:41.'],
      ['warn', '“berta”: Used up until 00:00.'],
    ]);
    assert.deepEqual(await limits([accountView()], 0), [['good', 'No account is at a limit.']]);
    assert.deepEqual(await limits([], 0), []);
  });

  it('says what ends a lock that time alone does not, of paid requests too, and leaves refused keys to their check', async () => {
    await using home = await TemporaryHome.make();
    const lock = (reason: LockView['reason'], covers: LockView['covers']): LockView => {
      return { reason, covers, untilMs: midnightMs };
    };
    const said = async (account: Partial<AccountView>): Promise<unknown> => {
      const { snapshot: known } = stateOf([accountView(account)]);
      const findings = await found(home, 'limits', { snapshot: known });
      return findings.map((finding) => {
        const { tone, text, advice } = findingText(finding, textContext);
        return [tone, text, advice];
      });
    };
    assert.deepEqual(
      await said({ state: 'locked', untilMs: midnightMs, locks: [lock('belowZero', 'all')] }),
      [
        [
          'warn',
          '“Private”: Credits below zero until 00:00.',
          'Add credits at openrouter.ai/settings/credits, then run the doctor again.',
        ],
      ],
    );
    assert.deepEqual(await said({ keys: [keyView({ locks: [lock('keyCap', 'paid')] })] }), [
      [
        'note',
        '“Private”: Ready (free only). Paid: Key’s spending limit reached, next try 00:00.',
        'Raise the limit at openrouter.ai/settings/keys, then run the doctor again.',
      ],
    ]);
    assert.deepEqual(await said({ state: 'usedUp', untilMs: midnightMs }), [
      ['warn', '“Private”: Used up until 00:00.', 'It ends by itself.'],
    ]);
    const free = [['good', 'No account is at a limit.', null]];
    const refused = keyView({ locks: [lock('unauthorized', 'all')] });
    assert.deepEqual(await said({ state: 'locked', untilMs: midnightMs, keys: [refused] }), free);
    assert.deepEqual(await said({ keys: [keyView(), keyView({ locks: [lock('keyCap', 'paid')] })] }), free);
    assert.deepEqual(await said({ state: 'off', keys: [keyView({ enabled: false })] }), free);
  });

  it('tells why a client got no answer to its last request, and names no account in the report', async () => {
    await using home = await TemporaryHome.make();
    await home.connections.connect(codexClient, {
      origin: 'http://127.0.0.1:2',
      proxyKey: 'kw-old',
      model: 'a/b:free',
    });
    const last = {
      client: 'Codex',
      model: 'a/b:free',
      startedAtMs: home.clock.wallMs() + 9,
      endedAtMs: nowMs,
    } as const;
    const asked = async (change: Partial<ExchangeView>): Promise<readonly Finding[]> => {
      const [, ...rest] = await found(home, 'clients', { activity: [exchangeView({ ...last, ...change })] });
      return rest;
    };
    const refused = {
      end: 'refused',
      status: 429,
      refusal: 'accounts_exhausted',
      message: 'Anna: used up',
    } as const;
    const findings = await asked(refused);
    assert.deepEqual(
      findings.map((finding) => findingText(finding, textContext).text),
      ['Codex got no answer to its last request, for a/b:free (429): Anna: used up'],
    );
    const report = doctorReport([{ check: 'clients', findings }], {}, textContext);
    assert.match(report, /for a\/b:free \(429\): accounts_exhausted/);
    assert.doesNotMatch(report, /Anna/);
    for (const change of [
      {},
      { ...refused, endedAtMs: nowMs - 3_600_000 },
      { ...refused, end: 'cancelled' as const },
    ])
      assert.deepEqual(
        (await asked(change)).map(({ code }) => code),
        ['clientAsked'],
      );
  });

  it('tells which model a client really asks for, and what to do where it is another one', async () => {
    await using home = await TemporaryHome.make();
    await home.connections.connect(codexClient, {
      origin: 'http://127.0.0.1:2',
      proxyKey: 'kw-old',
      model: 'a/b:free',
    });
    const said = async (...models: readonly string[]): Promise<unknown> => {
      const activity = models.map((model, index) =>
        exchangeView({ client: 'Codex', model, class: 'paid', startedAtMs: home.clock.wallMs() + 9 - index }),
      );
      const [, finding] = await found(home, 'clients', { activity });
      if (finding === undefined) return null;
      const { tone, text, advice, remedy } = findingText(finding, textContext);
      return [tone, text, advice, remedy];
    };
    assert.equal(await said(), null);
    const good = ['good', 'Codex used a/b:free in its last request.', null, null];
    assert.deepEqual(await said('a/b:free'), good);
    assert.deepEqual(await said('a/b:free', 'x/dear'), good);
    assert.deepEqual(await said('x/dear'), [
      'warn',
      'Codex asked for x/dear, a paid model, instead of a/b:free, which you selected.',
      'Select the model in the client, restart the client, or connect it again.',
      'connectClient',
    ]);
  });

  it('finds a backup that is lost, and a file that was left half-written', async () => {
    await using home = await TemporaryHome.make();
    await home.write('.codex/config.toml', '# mine\n');
    const { backup } = await home.connections.connect(codexClient, {
      origin: 'http://127.0.0.1:2',
      proxyKey: 'kw-old',
      model: 'a/b',
    });
    assert.ok(backup);
    await rm(backup);
    const half = await home.write('.codex/config.toml.0123.keywheel-partial', '');
    const findings = await found(home, 'leftovers', {});
    assert.deepEqual(findings, [
      { code: 'leftover', file: half },
      { code: 'backupLost', client: 'codex', file: backup },
    ]);
    const advice = findings.map((finding) => findingText(finding, textContext).advice ?? '');
    assert.match(advice[0] ?? '', /You can delete it/);
    assert.match(advice[1] ?? '', /cannot restore/);
  });

  it('counts keys that are all refused at once as one problem, and advises to remove none', async () => {
    await using home = await TemporaryHome.make();
    const keys = ['a', 'b', 'c'].map((name) => plainKey(`sk-or-v1-${name.repeat(64)}`, name));
    const upstream = await answering(401, '{}');
    const upstreamUrl = `http://127.0.0.1:${upstream.port}/api/v1`;
    const said = async (check: (key: string) => KeyCheck): Promise<unknown> => {
      const checkKey = (key: string): Promise<KeyCheck> => Promise.resolve(check(key));
      const findings = await found(home, 'keys', { keys, checkKey, upstreamUrl });
      return findings.map((finding) => [
        findingText(finding, textContext).text,
        findingText(finding, textContext).remedy,
      ]);
    };
    const bad = { kind: 'bad' } as const;
    assert.deepEqual(await said(() => bad), [['OpenRouter refuses all 3 keys.', null]]);
    assert.deepEqual(await said((key) => (key.endsWith('a') ? { kind: 'management' } : bad)), [
      ['OpenRouter refuses all 2 keys.', null],
      ['“a” is a management key.', 'removeKey'],
    ]);
    assert.deepEqual(await said((key) => (key.endsWith('a') ? good : bad)), [
      ['OpenRouter accepts “a”.', null],
      ['OpenRouter does not accept “b”.', 'removeKey'],
      ['OpenRouter does not accept “c”.', 'removeKey'],
    ]);
    upstream.server.close();
  });

  it('finds bad keys, damaged and outdated clients, and leftovers', async () => {
    await using home = await TemporaryHome.make();
    const keys = ['a', 'b'].map((name) => plainKey(`sk-or-v1-${name.repeat(64)}`, name));
    const checkKey = (key: string): Promise<KeyCheck> =>
      Promise.resolve(key.endsWith('b') ? { kind: 'bad' } : good);
    const upstream = await answering(401, '{}');
    const upstreamUrl = `http://127.0.0.1:${upstream.port}/api/v1`;
    assert.deepEqual(await found(home, 'keys', { keys, checkKey, upstreamUrl }), [
      { code: 'keyGood', label: 'a' },
      { code: 'keyBad', label: 'b' },
    ]);
    upstream.server.close();
    await home.connections.connect(codexClient, {
      origin: 'http://127.0.0.1:2',
      proxyKey: 'kw-old',
      model: 'a/b',
    });
    const state = async (): Promise<unknown> =>
      (await found(home, 'clients', {})).map((each) => 'state' in each && each.state);
    assert.deepEqual(await state(), ['outdated']);
    await home.write('.codex/config.toml', 'half = [');
    assert.deepEqual(await state(), ['damaged']);
    const left = [
      await home.write('.claude/settings.json.keywheel-backup', '{}'),
      await home.write('Code/chatLanguageModels.json.keywheel-backup', '[]'),
    ].map((file) => ({ code: 'leftover', file }));
    assert.deepEqual(await found(home, 'leftovers', {}), left);
  });

  it('goes on where one check fails', async () => {
    await using home = await TemporaryHome.make();
    await home.write('vscode/globalStorage/connections.json', 'damaged');
    assert.deepEqual(await found(home, 'clients', {}), [{ code: 'checkFailed', got: 'RecordsError' }]);
    assert.deepEqual(await found(home, 'keys', {}), [{ code: 'noKeys' }]);
  });
});

describe('a page', () => {
  const local = (...path: readonly string[]): string => `vscode:${path.join('/')}`;
  const frame = { locale: 'en', cspSource: 'vscode:', local, nonce: 'abc' };

  it('escapes all that it is given, and allows its own script alone', () => {
    const html = pageHtml(
      { title: '<b>', blocks: [{ kind: 'paragraph', text: '"><img src=x onerror=1>' }] },
      frame,
    );
    assert.doesNotMatch(html, /<img|<b>/);
    assert.match(
      html,
      /default-src 'none'; style-src vscode:; script-src 'nonce-abc'; base-uri 'none'; form-action 'none'"/,
    );
  });
});
