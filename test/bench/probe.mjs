// A good client as a process of its own: one request after another, 5 ms apart. Sends its times in ms since the last question.
import { Agent, request } from 'node:http';

const { PORT: port, PROXY_KEY: proxyKey } = process.env;
const agent = new Agent({ keepAlive: true });
const body = JSON.stringify({ model: 'x/y', messages: [{ role: 'user', content: 'Hi' }] });
const headers = {
  authorization: `Bearer ${proxyKey}`,
  'content-type': 'application/json',
  'content-length': body.length,
};
const options = { agent, port, host: '127.0.0.1', method: 'POST', path: '/api/v1/chat/completions', headers };
let times = [];
let failed = 0;

function ask() {
  const begin = performance.now();
  const over = (isGood) => {
    times.push(performance.now() - begin);
    if (!isGood) failed++;
    setTimeout(ask, 5);
  };
  const sent = request(options, (response) => {
    response.resume().on('end', () => over(response.statusCode === 200));
  });
  sent.on('error', () => over(false)).end(body);
}

process.on('message', () => {
  const sorted = times.sort((one, other) => one - other);
  process.send({
    count: sorted.length,
    failed,
    p50: sorted[sorted.length >> 1] ?? 0,
    p99: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
    worst: sorted.at(-1) ?? 0,
  });
  times = [];
  failed = 0;
});
process.on('disconnect', () => process.exit());
ask();
