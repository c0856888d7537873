// A cheap stand-in for OpenRouter: one JSON answer, a stream whose events contain the time of their writing, and readings.
import { createServer } from 'node:http';

const events = 100;
const everyMs = 5;
const answer = JSON.stringify({
  id: 'gen-1',
  object: 'chat.completion',
  model: 'a/b',
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'x'.repeat(600) } }],
  usage: { prompt_tokens: 10, completion_tokens: 100, total_tokens: 110 },
});
const reading = JSON.stringify({
  data: { free_model_daily_requests: { used: 0, limit: 100_000_000, remaining: 100_000_000 } },
});

function json(response, text) {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length }).end(text);
}

function stream(response) {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  let sent = 0;
  const timer = setInterval(() => {
    const content = `${process.hrtime.bigint()}`;
    response.write(
      `data: {"id":"gen-1","object":"chat.completion.chunk","model":"a/b","choices":[{"index":0,"delta":{"content":"${content}"},"finish_reason":null}]}\n\n`,
    );
    if (++sent < events) return;
    clearInterval(timer);
    response.end('data: [DONE]\n\n');
  }, everyMs);
}

const server = createServer((request, response) => {
  if (request.url.endsWith('/key')) {
    request.resume();
    json(response, reading);
    return;
  }
  let isStream = false;
  request.on('data', (piece) => (isStream ||= piece.includes('"stream":true')));
  request.on('end', () => (isStream ? stream(response) : json(response, answer)));
});
server.keepAliveTimeout = 60_000;
server.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('ready'));
