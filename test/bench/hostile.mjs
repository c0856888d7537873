// Upstream of `npm run bench attack`: the request's model names the answer. The hostile answers come by message.
import { createServer } from 'node:http';

const good = JSON.stringify({
  id: 'gen-1',
  object: 'chat.completion',
  model: 'x/y',
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Hello.' } }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2, cost: 0 },
});
const eventOf = (length) =>
  `data: {"id":"gen-1","object":"chat.completion.chunk","model":"x/y","choices":[{"index":0,"delta":{"content":"${'x'.repeat(length)}"}}]}\n\n`;
/** Events with the pause between them: a stream of 5 MB as fast as the reader takes it, and one that drips. */
const streams = {
  flood: { event: eventOf(4_000), count: 1_300, everyMs: 0 },
  drip: { event: eventOf(20), count: 100_000, everyMs: 100 },
};
let answers = {};

function stream(response, { event, count, everyMs }) {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  let left = count;
  const next = () => {
    if (response.destroyed) return;
    if (left-- <= 0) response.end('data: [DONE]\n\n');
    else if (!response.write(event)) response.once('drain', next);
    else if (everyMs > 0) setTimeout(next, everyMs);
    else setImmediate(next);
  };
  next();
}

function answer(response, model) {
  const bad = answers[model];
  if (model in streams) stream(response, streams[model]);
  else if (bad !== undefined) response.writeHead(bad.status, bad.headers).end(bad.body);
  else response.writeHead(200, { 'content-type': 'application/json' }).end(good);
}

const server = createServer((request, response) => {
  let head = '';
  request.on('data', (piece) => {
    if (head.length < 200) head += piece.toString('latin1', 0, 200);
  });
  request.on('end', () => {
    if (!request.url.endsWith('/key')) answer(response, /"model":"x\/([\w-]+)"/.exec(head)?.[1]);
    else response.writeHead(200, { 'content-type': 'application/json' }).end('{"data":{"label":"a"}}');
  });
  request.on('error', () => undefined);
});
server.keepAliveTimeout = 0;
process.on('message', (told) => (answers = told));
process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
