// The least that a proxy on Node can do: node:http in front of undici's dispatch, headers as they come, no logic.
import { createServer } from 'node:http';
import { Pool } from 'undici';

const pool = new Pool(process.env.UPSTREAM, { connections: 512, pipelining: 1 });
const stays = new Set([
  'host',
  'connection',
  'content-length',
  'authorization',
  'transfer-encoding',
  'keep-alive',
]);
const returns = new Set(['connection', 'transfer-encoding', 'keep-alive']);

function without(names, raw) {
  const kept = [];
  for (let index = 0; index < raw.length; index += 2) {
    const name = String(raw[index]);
    if (!names.has(name.toLowerCase())) kept.push(name, String(raw[index + 1]));
  }
  return kept;
}

function pass(request, response, body) {
  const headers = [...without(stays, request.rawHeaders), 'authorization', 'Bearer k'];
  pool.dispatch(
    { path: request.url, method: request.method, headers, body },
    {
      onRequestStart() {},
      onResponseStart({ rawHeaders }, status) {
        response.writeHead(status, without(returns, rawHeaders));
      },
      onResponseData(controller, chunk) {
        if (response.write(chunk)) return;
        controller.pause();
        response.once('drain', () => controller.resume());
      },
      onResponseEnd() {
        response.end();
      },
      onResponseError() {
        response.destroy();
      },
    },
  );
}

createServer((request, response) => {
  const pieces = [];
  request.on('data', (piece) => pieces.push(piece));
  request.on('end', () => pass(request, response, Buffer.concat(pieces)));
}).listen(Number(process.env.PORT), '127.0.0.1', () => console.log('ready'));
