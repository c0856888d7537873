/** A request of VS Code's chat over real sockets: its bytes, its answer, its end. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { sendChat } from '../../../src/chat/chatRequest';

const proxyKey = 'kw-0123456789abcdef01234567';

describe('a request of VS Code’s chat', () => {
  let proxy: Server;
  let heard: string;
  const cancelled = new AbortController();

  beforeEach(async () => {
    heard = '';
    proxy = createServer();
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
  });

  afterEach(() => {
    proxy.closeAllConnections();
    proxy.close();
  });

  async function send(
    answer: (response: ServerResponse, request: IncomingMessage) => void,
    onText = (piece: string): void => void (heard += piece),
  ): Promise<void> {
    proxy.once('request', (request: IncomingMessage, response: ServerResponse) => answer(response, request));
    const origin = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const { signal } = cancelled;
    await sendChat({ endpoint: { origin, proxyKey }, body: { model: 'é' }, signal, onText });
  }

  it('goes to the proxy as a client of that name, and hears the whole answer', async () => {
    let body: Promise<string> | undefined;
    let sent: IncomingMessage | undefined;
    await send((response, request) => {
      sent = request;
      body = text(request);
      response.write('data: a\n\n');
      response.end('data: b\n\n');
    });
    assert.equal(heard, 'data: a\n\ndata: b\n\n');
    assert.equal(await body, '{"model":"é"}');
    assert.equal(sent?.url, '/api/v1/chat/completions');
    const { authorization, 'x-title': title, 'content-length': length } = sent.headers;
    assert.deepEqual([authorization, title, length], [`Bearer ${proxyKey}`, 'VS Code chat', '14']);
  });

  it('is refused in the proxy’s own words', async () => {
    const refusal = send((response) => response.writeHead(429).end('{"error":{"message":"Busy."}}'));
    await assert.rejects(refusal, { kind: 'refused', message: 'Busy.', status: 429 });
  });

  it('is refused in the provider’s words too, where OpenRouter passes them on', async () => {
    const error = {
      message: 'Provider returned error',
      metadata: { raw: 'Roles must alternate.', is_byok: false },
    };
    const refusal = send((response) => response.writeHead(400).end(JSON.stringify({ error })));
    await assert.rejects(refusal, { message: 'Provider returned error: Roles must alternate.', status: 400 });
  });

  it('says by what code the connection broke', async () => {
    const cut = send((response) => {
      response.write('data: a\n\n', () => response.destroy());
    });
    await assert.rejects(cut, { kind: 'cut', message: 'ECONNRESET' });
    assert.equal(heard, 'data: a\n\n');
  });

  it('ends with what its reader throws, and leaves the proxy', async () => {
    const left = new Promise((resolve) =>
      proxy.once('request', (_, response) => response.once('close', resolve)),
    );
    const failing = send(
      (response) => response.write('data: a\n\n'),
      () => assert.fail('enough'),
    );
    await assert.rejects(failing, /enough/);
    await left;
  });

  it('leaves the proxy at once when it is cancelled', async () => {
    const left = new Promise((resolve) =>
      proxy.once('request', (_, response) => response.once('close', resolve)),
    );
    const running = send(
      (response) => response.write('data: a\n\n'),
      () => cancelled.abort(),
    );
    await assert.rejects(running, { kind: 'cut' });
    await left;
  });
});
