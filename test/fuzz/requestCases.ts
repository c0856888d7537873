/** Requests as no client should send them: usual ones with their bytes changed, and strange ones put together of parts. */
import type { Chance } from './chance';
import { TAG } from './rawUpstream';

export interface RequestCase {
  /** The request's bytes, in the pieces in which they are written. */
  readonly pieces: readonly Buffer[];
  readonly mayBeHeads: boolean;
  /** Whether one whole request is sent as it should be: it has an answer, whatever is in it. */
  readonly isAnswered: boolean;
  /** Whether its bytes were changed, perhaps also its tag. */
  readonly isMutant: boolean;
}

const methods = [
  'GET',
  'POST',
  'POST',
  'POST',
  'PUT',
  'DELETE',
  'PATCH',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'CONNECT',
  'post',
  'PROPFIND',
  'M-SEARCH',
  'G\0T',
  '',
];
const paths = [
  ...[
    '/api/v1/chat/completions',
    '/v1/chat/completions',
    '/api/v1/responses',
    '/api/v1/messages',
    '/api/v1/models',
  ],
  ...[
    '/',
    '/health',
    '/key-status',
    '/api/v1/key',
    '/api/v1/keys',
    '/api/v1/auth/keys',
    '/host/events',
    '/docs',
    '*',
  ],
  ...[
    '/api/v1/../../admin',
    '/api/v1/%2e%2e/%2e%2e/admin',
    '/api/v1/..%2fadmin',
    '/api/v1\\..\\admin',
    '//api/v1/x',
    '/api//v1/x',
  ],
  ...[
    'http://127.0.0.1/api/v1/x',
    'http://evil.example/api/v1/x',
    'https://user:pass@127.0.0.1/api/v1/x',
    '//evil/api/v1/x',
  ],
  ...[
    '/api/v1/x?a=b&c=%zz',
    '/api/v1/x#part',
    '/api/v1/%00',
    '/api/v1/\xff\xfe',
    '/api/v1/%C0%AE%C0%AE/',
    '/api/v1/x;y=z',
    '/api/alpha/x',
  ],
  ...[
    '/api/v1/;/../..',
    '/api/v1/.%2e/.%2e/',
    '/api/v1/%252e%252e/',
    '/api/v2/x',
    '/apiv1/x',
    'api/v1/x',
    '/api/v1/x\t',
    '/api/v1/x y',
  ],
];
const strangeVersions = ['HTTP/1.0', 'HTTP/2.0', 'HTTP/1.9', 'http/1.1', 'HTTP/1.1 ', 'HTTP/0.9', ''];
const names = [
  ...[
    'Host',
    'Content-Length',
    'Transfer-Encoding',
    'Connection',
    'Expect',
    'Upgrade',
    'TE',
    'Trailer',
    'Keep-Alive',
  ],
  ...[
    'Authorization',
    'Proxy-Authorization',
    'x-api-key',
    'api-key',
    'Cookie',
    'Origin',
    'Referer',
    'Sec-Fetch-Site',
  ],
  ...[
    'Content-Type',
    'Content-Encoding',
    'Accept-Encoding',
    'Forwarded',
    'X-Forwarded-Host',
    'X-Original-URL',
  ],
  ...['X-HTTP-Method-Override', 'x-keywheel-key'],
];
const strangeNames = ['Host ', ' Host', 'Content-Length\t', 'Content_Length', 'X\0Y', '', 'x'.repeat(300)];
const values = [
  ...[
    '127.0.0.1',
    'localhost',
    'evil.example',
    '127.0.0.1:99999',
    '',
    '0',
    '5',
    '-5',
    '+5',
    '5, 5',
    '5,6',
    '0x5',
    '1e3',
    '99999999999999999999',
  ],
  ...[
    'chunked',
    'Chunked',
    'gzip, chunked',
    'chunked, chunked',
    'chunked\t',
    '\x0bchunked',
    'identity',
    'xchunked',
    'close',
    'keep-alive',
  ],
  ...[
    'Authorization',
    'Host, Content-Length',
    'upgrade',
    'websocket',
    'h2c',
    '100-continue',
    '200-ok',
    'trailers',
    'gzip',
    'br',
    'zstd',
  ],
  ...[
    'https://evil.example',
    'null',
    'vscode-webview://abc',
    'cross-site',
    'none',
    'same-origin',
    'application/json',
    'text/event-stream',
  ],
  ...['\xff\xfe', 'a\0b', 'a\rb', 'a\nb', ' \t ', 'x'.repeat(9_000), '"', "';--", '$(id)', '\x1b[31m'],
];
const bodies = [
  ...[
    '',
    '{',
    '[]',
    'null',
    '"x"',
    '1',
    '{"model":1}',
    '{"model":null,"stream":true}',
    '{"model":"","messages":{}}',
  ],
  ...[
    '{"model":"x/y","messages":[]}',
    '{"model":"x/y","stream":true,"messages":[{"role":"user","content":"Hi"}]}',
  ],
  ...[
    '{"model":"x/y","model":"z:free","messages":[]}',
    '{"\\u006dodel":"x/y"}',
    '{"model":"x/y","messages":[{"content":[{"type":"text","text":1}]}]}',
  ],
  ...[
    '\ufeff{"model":"x/y"}',
    '{"model":"x/y"}{"model":"z"}',
    '['.repeat(3_000),
    `{"model":"x/y","messages":${'[{"content":'.repeat(500)}`,
  ],
  ...[
    '\xff\xfe{\0"\0',
    'model=x&messages=y',
    '{"model":"x/y","tools":[{"type":"function"}],"plugins":[{"id":"web"}]}',
    '{"models":["a","b"],"route":"fallback"}',
  ],
];

export function requestCase(chance: Chance, number: number, port: number, proxyKey: string): RequestCase {
  const isUsual = chance.happens(0.5);
  const count = chance.happens(0.15) ? 2 + chance.below(3) : 1;
  const requests = Array.from({ length: count }, () =>
    isUsual ? usual(chance, number, port, proxyKey) : strange(chance, number, proxyKey),
  );
  let bytes: Buffer = Buffer.concat(requests);
  const isMutant = chance.happens(0.4);
  if (isMutant) bytes = chance.mutated(bytes);
  const at = chance.below(bytes.length + 1);
  const pieces = chance.happens(0.2) ? [bytes.subarray(0, at), bytes.subarray(at)] : [bytes];
  return { pieces, mayBeHeads: bytes.includes('HEAD'), isAnswered: isUsual && !isMutant, isMutant };
}

function usual(chance: Chance, number: number, port: number, proxyKey: string): Buffer {
  const body = chance.of(bodies);
  const chunked = chance.happens(0.3);
  const length = Buffer.byteLength(body, 'latin1');
  const framing = chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`;
  const sent = chunked
    ? `${length.toString(16)}${chance.of(['', ';x=y', ';x="\n"'])}\r\n${body}\r\n0\r\n${chance.of(['', 'x: y\r\n'])}\r\n`
    : body;
  return Buffer.from(
    `POST /api/v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${proxyKey}\r\n` +
      `Content-Type: application/json\r\n${TAG}: ${number}\r\n${framing}\r\n\r\n${sent}`,
    'latin1',
  );
}

function strange(chance: Chance, number: number, proxyKey: string): Buffer {
  const lines = [
    `${chance.of(methods)} ${chance.of(paths)} ${chance.happens(0.85) ? 'HTTP/1.1' : chance.of(strangeVersions)}`,
  ];
  if (chance.happens(0.9)) lines.push('Host: 127.0.0.1');
  // Few wrong keys, because the proxy answers further ones within a minute slowly.
  if (chance.happens(0.97)) lines.push(`Authorization: Bearer ${proxyKey}`);
  lines.push(`${TAG}: ${number}`);
  for (let count = chance.below(6); count > 0; count--) {
    const value = chance.happens(0.1) ? `Bearer ${proxyKey}` : chance.of(values);
    const name = chance.of(chance.happens(0.95) ? names : strangeNames);
    lines.push(`${name}${chance.happens(0.95) ? ': ' : chance.of([':', ' : ', ':\t', ''])}${value}`);
  }
  if (chance.happens(0.02)) for (let count = 0; count < 2_100; count++) lines.push('a: b');
  const body = chance.of(bodies);
  if (chance.happens(0.7))
    lines.push(`Content-Length: ${Buffer.byteLength(body, 'latin1') + chance.of([0, 0, 0, -1, 1, 100])}`);
  const lineEnd = chance.happens(0.95) ? '\r\n' : chance.of(['\n', '\r', '\n\r']);
  return Buffer.from(`${lines.join(lineEnd)}${lineEnd}${lineEnd}${body}`, 'latin1');
}
