import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { SilenceWatch } from '../../../../src/base/silence';
import { Secret } from '../../../../src/base/secret';
import { Answer } from '../../../../src/proxy/answer/answer';
import { relay, type Relayed } from '../../../../src/proxy/answer/relay';
import { readHead } from '../../../../src/proxy/request/admission';
import { planOf, type Plan } from '../../../../src/proxy/request/plan';
import type { Held } from '../../../../src/proxy/upstream/peek';
import { Reply } from '../../../../src/proxy/upstream/reply';
import { ManualClock } from '../../../support/manualClock';

const streamed = ['content-type', 'text/event-stream'];

async function planFor(path: string): Promise<Plan> {
  const bytes = Buffer.from('{"model":"x/y","stream":true}');
  const release = (): void => undefined;
  const request = { bytes, isDecoded: false, length: bytes.length, passing: null, release };
  return await planOf({ ...readHead('POST', path, []), body: request }, new Secret('kw'));
}

const nothingHeld: Held = {
  chunks: [],
  isWhole: false,
  event: null,
  text: null,
  fault: null,
  sawComments: false,
};

describe('What is told of an answer that was passed on', () => {
  /** The answer's bytes as a client gets them, and what the relay told of them. */
  async function relayed(path: string, headers: readonly string[], body: string): Promise<[Relayed, string]> {
    const plan = await planFor(path);
    const flow = { pause: () => undefined, resume: () => undefined, abort: () => undefined };
    const reply = new Reply(200, 'OK', headers, flow);
    reply.data(Buffer.from(body));
    reply.end();
    const told: Promise<Relayed>[] = [];
    const server = createServer((_, response) => {
      const clock = new ManualClock();
      const answer = new Answer(response, clock, plan.form);
      const watch = new SilenceWatch(clock);
      const options = { watch, plan, answer, idleTimeoutMs: 90_000 };
      told.push(new Promise((resolve) => relay(reply, nothingHeld, options, resolve)));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const got = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      const text = await got.text();
      const [relayed] = await Promise.all(told);
      assert.ok(relayed !== undefined);
      return [relayed, text];
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  const word = 'data: {"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}]}\n\n';
  const errors: readonly (readonly [string, string, RegExp])[] = [
    [
      '/v1/chat/completions',
      `${word}data: {"choices":[],"error":{"code":402,"message":"No credits"}}\n\n`,
      /^\{"error":\{"code":402/,
    ],
    [
      '/v1/responses',
      'data: {"type":"response.failed","response":{"error":{"code":"x","message":"Down"}}}\n\n',
      /^\{"error":\{"code":"x"/,
    ],
    [
      '/v1/messages',
      'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Busy"}}',
      /"overloaded_error"/,
    ],
  ];

  it('is the error that upstream ended the stream with, as an error answer, and the stream stays as it came', async () => {
    for (const [path, body, said] of errors) {
      const [{ end, failure }, text] = await relayed(path, streamed, body);
      assert.equal(end, 'error');
      assert.equal(failure?.status, 200);
      assert.match(failure.body.toString('utf8'), said);
      assert.equal(text, body);
    }
  });

  it('is the error that JSON turned out to be after its head was passed on', async () => {
    const body = '\n\n{"error":{"code":429,"message":"Slow down"}}';
    const [{ failure }] = await relayed('/v1/chat/completions', ['content-type', 'application/json'], body);
    assert.equal(failure?.body.toString('utf8'), body);
  });

  it('is no error where there was none', async () => {
    const [{ end, failure }] = await relayed('/v1/chat/completions', streamed, `${word}data: [DONE]\n\n`);
    assert.deepEqual([end, failure], ['whole', null]);
  });
});

describe('The rest of an answer whose beginning was held', () => {
  it('waits at upstream while the client takes nothing', async () => {
    const plan = await planFor('/v1/chat/completions');
    let flows = false;
    const flow = { pause: () => (flows = false), resume: () => (flows = true), abort: () => undefined };
    const reply = new Reply(200, 'OK', ['content-type', 'application/json'], flow);
    const chunks = Array.from({ length: 64 }, () => Buffer.alloc(1024 * 1024, 0x20));
    const server = createServer((_, response) => {
      const clock = new ManualClock();
      const watch = new SilenceWatch(clock);
      const answer = new Answer(response, clock, plan.form);
      const options = { watch, plan, answer, idleTimeoutMs: 90_000 };
      relay(reply, { ...nothingHeld, chunks }, options, () => undefined);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1').pause();
    client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(server, 'request');
    assert.equal(flows, false);
    client.destroy();
    server.close();
  });
});
