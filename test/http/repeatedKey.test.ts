// An upstream that repeats the request's key: client, log, state and views get a mask of the key.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { ManualClock } from '../support/manualClock';
import { accountsOf, FREE, keyFor, PAID, realTime, withRig } from './support';

const canary = keyFor('repeatedcanary');

type Answering = (response: ServerResponse, key: string) => void;

function error(status: number, change: (key: string) => object = () => ({})): Answering {
  return (response, key) => {
    const said = { code: status, message: `No: ${key}`, ...change(key) };
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ error: said }));
  };
}

const chat = (model: string): string =>
  JSON.stringify({ id: 'gen-1', model, choices: [{ message: { role: 'assistant', content: 'Hi' } }] });
const chunk = (model: string): string =>
  `data: ${JSON.stringify({ id: 'gen-1', model, choices: [{ delta: { content: 'Hi' }, finish_reason: null }] })}\n\n`;

function events(response: ServerResponse, text: string, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', ...headers }).end(text);
}

const ways: Readonly<Record<string, Answering>> = {
  'the message of a 400': error(400),
  'the message of a 402': error(402),
  'the message of a 403': error(403),
  'the message of a 500': error(500),
  'the message, its hyphens escaped': (response, key) =>
    response
      .writeHead(400, { 'content-type': 'application/json' })
      .end(JSON.stringify({ error: { code: 400, message: key } }).replaceAll('-', String.raw`\u002d`)),
  'the message, escaped as a whole': (response, key) =>
    response
      .writeHead(400, { 'content-type': 'application/json' })
      .end(
        JSON.stringify({ error: { code: 400, message: key } }).replace(key, (text) =>
          text.replaceAll(/./g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`),
        ),
      ),
  'a page': (response, key) =>
    response.writeHead(403, { 'content-type': 'text/html' }).end(`<p>${key}${key}</p>`),
  'the metadata of an error': error(400, (key) => ({ message: 'No', metadata: { raw: { headers: [key] } } })),
  'a header of an error': (response, key) =>
    response
      .writeHead(400, { 'content-type': 'application/json', 'x-debug-authorization': `Bearer ${key}` })
      .end('{"error":{"code":400,"message":"No"}}'),
  'a header of an answer': (response, key) =>
    response
      .writeHead(200, { 'content-type': 'application/json', 'x-debug-authorization': `Bearer ${key}` })
      .end(chat(PAID)),
  'the reason phrase': (response, key) =>
    response.writeHead(200, `OK ${key}`, { 'content-type': 'application/json' }).end(chat(PAID)),
  'a head before the answer': (response, key) => {
    response.socket?.write(`HTTP/1.1 103 Early Hints\r\nlink: <${key}>\r\n\r\n`);
    response.writeHead(200, { 'content-type': 'application/json' }).end(chat(PAID));
  },
  'the error in a 200': (response, key) =>
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ error: { code: 400, message: key } })),
  'the first event': (response, key) =>
    events(response, `data: ${JSON.stringify({ error: { code: 400, message: key } })}\n\n`),
  'the first event, in pieces': (response, key) => {
    const text = chunk(key);
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(text.slice(0, 60));
    setTimeout(() => response.end(`${text.slice(60)}data: [DONE]\n\n`), 20);
  },
  'a later event, in pieces': (response, key) => {
    const text = `${chunk('m')}${chunk(key)}data: [DONE]\n\n`;
    const half = text.indexOf(key) + 20;
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(text.slice(0, half));
    setTimeout(() => response.end(text.slice(half)), 20);
  },
  'the body of a redirect': (response, key) =>
    response.writeHead(302, { 'content-type': 'text/plain', location: '/' }).end(key),
  'an error beyond what is held': (response, key) =>
    response
      .writeHead(400, { 'content-type': 'application/json' })
      .end(JSON.stringify({ error: { code: 400, message: 'x'.repeat(1_100_000), metadata: { key } } })),
  'a coded error': (response, key) =>
    response
      .writeHead(400, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
      .end(gzipSync(JSON.stringify({ error: { code: 400, message: key } }))),
  'the id of the generation': (response, key) =>
    response.writeHead(200, { 'content-type': 'application/json', 'x-generation-id': key }).end(chat(PAID)),
  'the name of the model': (response, key) => {
    const text = chat(key);
    const length = String(Buffer.byteLength(text));
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': length }).end(text);
  },
  'the name of a stream’s model': (response, key) => events(response, `${chunk(key)}data: [DONE]\n\n`),
};

describe('the key that upstream repeats', () => {
  let server: Server;
  let answering: Answering = error(400);
  let asked = 0;

  before(async () => {
    server = createServer((request, response) => {
      const key = /^Bearer (.*)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
      if (request.url !== '/api/v1/key') asked++;
      request.resume().once('end', () => answering(response, key));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  after(() => {
    server.closeAllConnections();
    server.close();
  });

  for (const [where, way] of Object.entries(ways)) {
    it(`is masked in ${where}`, async () => {
      answering = way;
      asked = 0;
      const { port } = server.address() as AddressInfo;
      const upstreamUrl = `http://127.0.0.1:${port}/api/v1`;
      const accounts = accountsOf({ name: 'repeatedcanary', credits: 5 });
      // Real time for pieces, because a manual clock would run on to the next time-out between them.
      const clock = where.endsWith('in pieces') ? realTime() : new ManualClock();
      await withRig({ clock, accounts, settings: { upstreamUrl }, isRead: false }, async (rig) => {
        const left: string[] = [];
        rig.service.onDidFinishExchange((view) => left.push(JSON.stringify(view)));
        for (const [model, stream] of [
          [PAID, false],
          [FREE, true],
        ] as const) {
          const reply = await rig.get({ model, stream });
          left.push(`${reply.statusText}\n${reply.rawHeaders.join('\n')}\n${reply.text}`);
          assert.ok(reply.isWhole, 'the answer is whole');
        }
        const plain = await rig.get({ method: 'GET', path: '/api/v1/credits' });
        left.push(`${plain.rawHeaders.join('\n')}\n${plain.text}`);
        await rig.drive(rig.service.refresh());
        left.push((await rig.get({ method: 'GET', path: '/key-status' })).text);
        left.push(JSON.stringify([rig.service.savedState(), rig.service.snapshot(), rig.service.activity()]));
        left.push(JSON.stringify(rig.service.history.save()), ...rig.lines);
        assert.ok(asked > 0, 'upstream was asked');
        for (const text of left) {
          assert.ok(!text.includes(canary), `the key is in: ${text.slice(0, 2_000)}`);
          assert.ok(!text.includes(canary.slice(-16)), `the key’s end is in: ${text.slice(0, 2_000)}`);
        }
      });
    });
  }
});
