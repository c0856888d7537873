import assert from 'node:assert/strict';
import { Agent, createServer, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from 'node:net';
import { ask, isKeywheel } from '../../../src/base/http';
import { Authority } from '../../support/certificates';
import { TlsFront } from '../../support/tlsFront';

const timeoutMs = 60_000;

describe('ask', () => {
  let server: Server;
  let url: string;
  let connections: number;

  beforeEach(async () => {
    connections = 0;
    server = createServer((request, response) => {
      if (request.url === '/never') return;
      response.writeHead(request.url === '/health' ? 200 : 418, { 'x-host': request.headers.host });
      response.end('{"program": "keywheel"}');
    });
    server.on('connection', () => connections++);
    url = await listening(server);
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  async function listening(some: TcpServer): Promise<string> {
    await new Promise<void>((resolve) => some.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(some.address() as AddressInfo).port}`;
  }

  for (const way of ['shared', 'bare'] as const) {
    it(`tells status, headers and text of an answer, ${way}`, async () => {
      const answer = await ask({ url: `${url}/tea?pot=1`, way, timeoutMs });
      if (answer.kind !== 'answer') assert.fail(answer.code);
      assert.deepEqual([answer.status, answer.text], [418, '{"program": "keywheel"}']);
      assert.equal(answer.headers['x-host'], new URL(url).host);
      assert.ok(isKeywheel(answer));
    });

    it(`tells why there is none, ${way}`, async () => {
      const failed = async (asked: string, limitMs = timeoutMs): Promise<unknown> =>
        await ask({ url: asked, way, timeoutMs: limitMs });
      assert.deepEqual(await failed('http://127.0.0.1:9'), { kind: 'failed', code: 'ECONNREFUSED' });
      assert.deepEqual(await failed(`${url}/never`, 50), { kind: 'failed', code: 'timeout' });
      assert.deepEqual(await failed('no url'), { kind: 'failed', code: 'ERR_INVALID_URL' });
      const other = createTcpServer((socket) => void socket.end('220 smtp.example ESMTP\r\n'));
      assert.deepEqual(await failed(await listening(other)), { kind: 'failed', code: 'noHttp' });
      other.close();
    });
  }

  it('cuts a body that is too long', async () => {
    const answer = await ask({ url, timeoutMs, mostCharacters: 5 });
    assert.equal(answer.kind === 'answer' && answer.text, '{"pro');
  });

  it('speaks TLS where the address says so, and tells what is wrong with it', async () => {
    const identity = Authority.selfSigned({ names: ['127.0.0.1'] });
    await using front = await TlsFront.open(Number(new URL(url).port), identity, ['http/1.1']);
    const asked = ask({ url: `https://127.0.0.1:${front.port}/`, timeoutMs });
    assert.deepEqual(await asked, { kind: 'failed', code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  });

  it('keeps the connection of an agent', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let count = 0; count < 3; count++) assert.ok(isKeywheel(await ask({ url, way: agent, timeoutMs })));
    assert.equal(connections, 1);
    agent.destroy();
  });
});
