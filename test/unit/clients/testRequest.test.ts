/** The test request against real sockets: its result for an upstream that answers, and for one that does not. */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { directRoute } from '../../../src/proxy/upstream/networkRoute';
import { sendTestRequest, type TestRequestPorts } from '../../../src/clients/testRequest';

const proxyKey = 'kw-0123456789abcdef01234567';
const answer = JSON.stringify({ model: 'a/b', choices: [{ message: { content: ' Hello ' } }] });

describe('the test request', () => {
  let proxy: Server;
  let asked: number;
  let answers: boolean;
  let origin: string;

  beforeEach(async () => {
    asked = 0;
    answers = true;
    proxy = createServer((_, response) => {
      asked++;
      if (answers) response.setHeader('x-keywheel-key', 'Work').end(answer);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  });

  afterEach(() => {
    proxy.closeAllConnections();
    proxy.close();
  });

  function ports(change: Partial<TestRequestPorts> = {}): TestRequestPorts {
    // An upstream that answers at all can be reached.
    return {
      upstreamUrl: `${origin}/upstream`,
      networkRoute: directRoute,
      signal: new AbortController().signal,
      ...change,
    };
  }

  it('tells what the model said and with which key', async () => {
    const result = await sendTestRequest({ origin, proxyKey }, 'a/b', ports());
    assert.equal(result.kind, 'answered');
    assert.deepEqual(
      { ...result, tookMs: 0 },
      { kind: 'answered', model: 'a/b', text: 'Hello', tookMs: 0, keyLabel: 'Work', attempts: 1 },
    );
  });

  it('asks nothing of the proxy where OpenRouter cannot be reached', async () => {
    const upstreamUrl = 'http://127.0.0.1:9/api/v1';
    assert.deepEqual(await sendTestRequest({ origin, proxyKey }, 'a/b', ports({ upstreamUrl })), {
      kind: 'unreachable',
      code: 'ECONNREFUSED',
    });
    assert.equal(asked, 0);
  });

  it('tells a proxy that is not there from an upstream that is not there', async () => {
    const gone = { origin: 'http://127.0.0.1:9', proxyKey };
    assert.deepEqual(await sendTestRequest(gone, 'a/b', ports()), { kind: 'failed', code: 'ECONNREFUSED' });
  });

  it('ends at once when it is cancelled, however long the request would wait', async () => {
    const cancelled = new AbortController();
    proxy.prependListener('request', ({ method }) => {
      answers = method === 'GET';
      if (!answers) cancelled.abort();
    });
    const { signal } = cancelled;
    assert.deepEqual(await sendTestRequest({ origin, proxyKey }, 'a/b', ports({ signal })), {
      kind: 'cancelled',
    });
    assert.equal(asked, 2);
  });
});
