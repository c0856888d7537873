/** The doctor against real sockets on this machine: what it finds of a healthy setup and of each fault. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import path from 'node:path';
import { SystemClock } from '../../../../src/base/clock';
import type { KeyCheck } from '../../../../src/service/keyCheck';
import { plainKey } from '../../../../src/service/storedKey';
import { codexClient } from '../../../../src/service/clients/codex';
import { Connector } from '../../../../src/service/clients/connector';
import { examine, type DoctorPorts } from '../../../../src/service/doctor/doctor';
import { toneOf, type Check, type Finding } from '../../../../src/service/doctor/finding';
import { parseLsof, parseNetstat, parseProcNet, portOwner } from '../../../../src/service/doctor/portOwner';
import { doctorPage, doctorReport } from '../../../../src/vscode/doctor/doctorReport';
import { findingText } from '../../../../src/vscode/doctor/doctorText';
import { pageHtml } from '../../../../src/vscode/page/pageHtml';
import { Formats } from '../../../../src/webview/formats';
import { translator } from '../../../../src/webview/translate';
import { TemporaryHome } from '../clients/temporaryHome';

const speech = { t: translator({}), formats: new Formats('en', 'UTC') };
const good: KeyCheck = { kind: 'good', accountId: 'a', freeLimit: 50, freeUsed: 0, capLeft: null };

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** A server that answers everything so, as proxy and as OpenRouter. */
async function answering(
  status: number,
  body: string,
  date?: string,
): Promise<{ server: Server; port: number }> {
  const server = createHttpServer((_, response) => {
    response.writeHead(status, date === undefined ? {} : { date });
    response.end(body);
  });
  return { server, port: await listening(server) };
}

function portsOf(home: TemporaryHome, change: Partial<DoctorPorts>): DoctorPorts {
  const { places, records } = home;
  const clock = new SystemClock();
  return {
    clock,
    platform: process.platform,
    places,
    proxy: { kind: 'stopped' },
    port: 1,
    endpoint: { origin: 'http://127.0.0.1:1', proxyKey: 'kw-0123456789abcdef01234567', model: null },
    upstreamUrl: 'http://127.0.0.1:1/api/v1',
    keys: [],
    checkKey: () => Promise.resolve(good),
    connector: new Connector({
      places,
      records,
      clock,
      isExtensionInstalled: () => false,
      rooApi: () => Promise.resolve(null),
      log: { error: (message) => assert.fail(message) },
    }),
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
          proxy: {
            kind: 'running',
            host: '127.0.0.1',
            port: proxy.port,
            baseUrl: `${endpoint.origin}/api/v1`,
          },
          endpoint,
          upstreamUrl: `http://127.0.0.1:${upstream.port}/api/v1`,
          keys: [plainKey(`sk-or-v1-${'a'.repeat(64)}`, 'Anna Smith')],
        }),
      );
      assert.deepEqual(
        checked.map(({ findings }) => findings.map(({ code }) => code)),
        [['served'], ['selfGood'], ['upstreamGood'], ['clockGood'], ['keyGood'], ['client'], ['noLeftovers']],
      );
      const report = doctorReport(checked, { Version: '1' }, speech, home.folder);
      assert.match(report, /Codex: connected \(~\/\.codex\/config\.toml\)/);
      assert.doesNotMatch(report, /sk-or|kw-|Anna/);
      assert.ok(!report.includes(home.folder));
      const { blocks } = doctorPage(checked, speech);
      assert.deepEqual(blocks[0], { kind: 'paragraph', text: 'No fault was found.' });
    } finally {
      proxy.server.close();
      upstream.server.close();
    }
  });

  it('warns of a proxy that does not run and of an upstream out of reach, and says what to do', async () => {
    await using home = await TemporaryHome.make();
    const key = plainKey(`sk-or-v1-${'a'.repeat(64)}`, 'Work');
    const checkKey = (): Promise<KeyCheck> =>
      Promise.resolve({ kind: 'unreachable', detail: 'ECONNREFUSED' });
    const checked = await examine(portsOf(home, { keys: [key], checkKey }));
    const { blocks } = doctorPage(checked, speech);
    const troubles = blocks.flatMap((block) =>
      block.kind === 'finding' && ['warn', 'bad'].includes(block.tone)
        ? [[block.text, block.advice ?? '']]
        : [],
    );
    assert.deepEqual(
      troubles.map(([text]) => text),
      [
        'The proxy does not run. Port 1 is free.',
        'OpenRouter cannot be reached (connection refused, ECONNREFUSED).',
        '“Work” could not be checked (connection refused, ECONNREFUSED).',
      ],
    );
    for (const [text, advice] of troubles) assert.notEqual(advice, '', text);
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
      proxy: { kind: 'running', host: '127.0.0.1', port, baseUrl: '' },
      endpoint: { origin: `http://127.0.0.1:${port}`, proxyKey: 'kw', model: null },
    });
    assert.deepEqual(await found(home, 'self', running(1)), [{ code: 'selfSilent', got: 'ECONNREFUSED' }]);
    assert.deepEqual(await found(home, 'self', running(stranger.port)), [{ code: 'selfCaught', got: '407' }]);
    stranger.server.close();
  });

  it('finds an upstream that is away, strange, or on another clock', async () => {
    await using home = await TemporaryHome.make();
    assert.deepEqual(await found(home, 'upstream', {}), [{ code: 'upstreamFailed', got: 'ECONNREFUSED' }]);
    assert.deepEqual(await found(home, 'clock', {}), [{ code: 'clockUnknown' }]);
    const portal = await answering(302, 'sign in', 'Thu, 01 Jan 2026 00:00:00 GMT');
    const upstreamUrl = `http://127.0.0.1:${portal.port}/api/v1`;
    assert.deepEqual(await found(home, 'upstream', { upstreamUrl }), [
      { code: 'upstreamStrange', status: 302 },
    ]);
    const [off] = await found(home, 'clock', { upstreamUrl });
    assert.equal(off?.code, 'clockOff');
    portal.server.close();
  });

  it('finds a clock that is more than a minute off, says which way and what to do', async () => {
    await using home = await TemporaryHome.make();
    // A header tells whole seconds.
    for (const [aheadS, code, text] of [
      [0, 'clockGood', /agrees/],
      [55, 'clockGood', /agrees/],
      [-55, 'clockGood', /agrees/],
      [70, 'clockOff', /7\d s ahead of OpenRouter’s/],
      [-70, 'clockOff', /(69|70) s behind OpenRouter’s/],
    ] as const) {
      const date = new Date(Date.now() - aheadS * 1000).toUTCString();
      const upstream = await answering(401, '{}', date);
      const upstreamUrl = `http://127.0.0.1:${upstream.port}/api/v1`;
      const [finding] = await found(home, 'clock', { upstreamUrl });
      upstream.server.close();
      assert.ok(finding);
      assert.equal(finding.code, code, String(aheadS));
      const said = findingText(finding, speech.t, speech.formats);
      assert.match(said.text, text);
      assert.equal(
        said.advice,
        code === 'clockGood' ? null : 'Set the clock: resets and waits are judged by it.',
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
      const { text, advice, remedy } = findingText(finding, speech.t, speech.formats);
      return [toneOf(finding), text.replace(home.folder, '~'), advice, remedy];
    };
    const again = ['Connect it again, or disconnect it.', 'connectClient'];
    assert.deepEqual(await said(), ['good', 'Codex: connected (~/.codex/config.toml)', null, null]);
    const ours = await home.read('.codex/config.toml');
    await home.write('.codex/config.toml', ours.replace('127.0.0.1:1', 'example.org'));
    const changed = 'Codex: connected once; its values were changed since (~/.codex/config.toml)';
    assert.deepEqual(await said(), ['warn', changed, ...again]);
    await rm(path.join(home.folder, '.codex/config.toml'));
    const gone = 'Codex: connected once; its configuration is gone (~/.codex/config.toml)';
    assert.deepEqual(await said(), ['warn', gone, ...again]);
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
    const advice = findings.map((finding) => findingText(finding, speech.t, speech.formats).advice ?? '');
    assert.match(advice[0] ?? '', /You can delete it/);
    assert.match(advice[1] ?? '', /by hand/);
  });

  it('finds bad keys, damaged and outdated clients, and leftovers', async () => {
    await using home = await TemporaryHome.make();
    const keys = ['a', 'b'].map((name) => plainKey(`sk-or-v1-${name.repeat(64)}`, name));
    const checkKey = (key: string): Promise<KeyCheck> =>
      Promise.resolve(key.endsWith('b') ? { kind: 'bad' } : good);
    assert.deepEqual(await found(home, 'keys', { keys, checkKey }), [
      { code: 'keyGood', label: 'a' },
      { code: 'keyBad', label: 'b' },
    ]);
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
    const left = await home.write('.claude/settings.json.keywheel-backup', '{}');
    assert.deepEqual(await found(home, 'leftovers', {}), [{ code: 'leftover', file: left }]);
  });

  it('goes on where one check fails', async () => {
    await using home = await TemporaryHome.make();
    await home.write('vscode/globalStorage/connections.json', 'damaged');
    assert.deepEqual(await found(home, 'clients', {}), [{ code: 'checkFailed', got: 'RecordsError' }]);
    assert.deepEqual(await found(home, 'keys', {}), [{ code: 'noKeys' }]);
  });
});

describe('a page', () => {
  const frame = { locale: 'en', cspSource: 'vscode:', styleUri: 'vscode:page.css', nonce: 'abc' };

  it('escapes all that it is given, and allows its own script alone', () => {
    const html = pageHtml(
      { title: '<b>', blocks: [{ kind: 'paragraph', text: '"><img src=x onerror=1>' }] },
      frame,
    );
    assert.doesNotMatch(html, /<img|<b>/);
    assert.match(html, /default-src 'none'; style-src vscode:; script-src 'nonce-abc'/);
  });
});
