/** Answers as no upstream should give them: usual ones with their bytes changed, and strange ones put together of parts. */
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { Chance } from './chance';
import type { Given } from './rawUpstream';

const chunk = (delta: object, more: object = {}): string =>
  `data: ${JSON.stringify({ id: 'gen-1', model: 'x/y', choices: [{ delta, finish_reason: null }], ...more })}\n\n`;
const streams = [
  `: OPENROUTER PROCESSING\n\n${chunk({ role: 'assistant', content: '' })}${chunk({ content: 'Hi' })}data: [DONE]\n\n`,
  `${chunk({ content: 'Hi' })}data: {"error":{"code":502,"message":"No"},"choices":[{"finish_reason":"error"}]}\n\n`,
  `event: error\ndata: ${'['.repeat(5_000)}\n\n`,
  `data: ${'{"error":'.repeat(5_000)}\n\n`,
  'event: message_start\ndata: {"type":"message_start","message":{"content":[]}}\n\nevent: error\ndata: {"type":"error","error":{}}\n\n',
  ...[
    '\r\r\r\n\n',
    ':\n'.repeat(500),
    'data\n\ndata:\n\ndata: \n\n',
    '\ufeffdata: [DONE]\n\n',
    'retry: 1\n\nid: \0\n\n',
    'data: [DONE]',
  ],
];
const values = [
  '{"id":"gen-1","model":"x/y","choices":[{"message":{"role":"assistant","content":"Hi"}}],"usage":{"prompt_tokens":1,"completion_tokens":1,"cost":0}}',
  '{"error":{"code":400,"message":"No","metadata":{"raw":"{\\"error\\":\\"x\\"}","provider_name":"p"}}}',
  '{"error":"No"}',
  '{"type":"error","error":{"type":"overloaded_error","message":"No"}}',
  '{"choices":[{"error":{"code":500}}]}',
  '[{"error":'.repeat(3_000),
  `{"usage":${'{"usage":'.repeat(3_000)}`,
  ...[
    '',
    'null',
    '{',
    '"',
    '<html>No</html>',
    '\ufeff{}',
    '\xff\xfe\0',
    '{"a":1}{"b":2}',
    '9'.repeat(20_000),
    ' '.repeat(20_000),
  ],
];
const statuses = [
  '200 OK',
  '200 OK',
  '200 OK',
  '200 OK',
  '200',
  '201 Made',
  '204 None',
  '206 Part',
  '302 There',
  '304 Same',
  '400 Bad',
  '404 No',
  '418 Tea',
  '500 No',
  '502 No',
  '503 Wait',
  '529 Full',
  '599 x',
  '600 x',
  '099 x',
  '1000 x',
  '2x0 OK',
  '101 Other',
  '100 Go on',
  '-200 OK',
  '',
];
/** Answers that lock an account or a key for a while; if they were frequent, no request would be sent any more. */
const rare: readonly string[] = ['429 Slow', '402 Pay', '403 No', '401 Who'];
const rareEvents =
  'data: {"error":{"code":429,"message":"Rate limit exceeded","metadata":{"headers":{"X-RateLimit-Reset":"1e99"}}}}\n\n';
const names = [
  'Content-Type',
  'Content-Encoding',
  'Content-Length',
  'Transfer-Encoding',
  'Connection',
  'Date',
  'Retry-After',
  'X-RateLimit-Reset',
  'Location',
  'Set-Cookie',
  'x-generation-id',
  'x-keywheel-key',
  'Trailer',
  'Upgrade',
  'Age',
  'Keep-Alive',
  'X\0Y',
  '',
  ' x',
  'x y',
  'x'.repeat(2_000),
];
const headerValues = [
  'text/event-stream',
  'application/json',
  'text/html',
  'gzip',
  'br',
  'gzip, gzip',
  'zstd',
  'deflate',
  'x-none',
  'chunked',
  'gzip, chunked',
  'close',
  'keep-alive',
  'x-generation-id',
  '0',
  '5',
  '-1',
  '99999999999',
  '1e400',
  'NaN',
  'Wed, 21 Oct 2099 07:28:00 GMT',
  'never',
  '',
  '\xff',
  'a\0b',
  'a\rb',
  'x'.repeat(70_000),
];

export function answerCase(chance: Chance): Given {
  const isStream = chance.happens(0.5);
  const text = isStream && chance.happens(0.002) ? rareEvents : chance.of(isStream ? streams : values);
  const body = coded(chance, Buffer.from(text, chance.happens(0.5) ? 'utf8' : 'latin1'));
  const lines = [
    `HTTP/1.1 ${statusOf(chance)}`,
    `Content-Type: ${isStream ? 'text/event-stream' : 'application/json'}`,
  ];
  if (body.coding !== null) lines.push(`Content-Encoding: ${body.coding}`);
  for (let count = chance.below(3); count > 0; count--) {
    if (chance.happens(0.5)) lines.push(`${chance.of(names)}: ${chance.of(headerValues)}`);
  }
  let bytes = body.bytes;
  if (chance.happens(0.4)) bytes = chance.mutated(bytes);
  const framed = framing(chance, bytes, lines);
  const early = chance.happens(0.05) ? 'HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n' : '';
  let whole: Buffer = Buffer.concat([Buffer.from(`${early}${lines.join('\r\n')}\r\n\r\n`, 'latin1'), framed]);
  if (chance.happens(0.2)) whole = chance.mutated(whole);
  if (chance.happens(0.05)) whole = chance.bytes(chance.below(300));
  const cut = chance.happens(0.15) ? chance.below(whole.length + 1) : whole.length;
  const at = chance.below(cut + 1);
  const pieces = chance.happens(0.3)
    ? [whole.subarray(0, at), whole.subarray(at, cut)]
    : [whole.subarray(0, cut)];
  // The connection ends after the bytes, because the proxy would wait for the end of an answer that has none.
  return { pieces, close: chance.happens(0.9) ? 'end' : 'reset' };
}

function statusOf(chance: Chance): string {
  if (chance.happens(0.4)) return '200 OK';
  return chance.of(chance.happens(0.005) ? rare : statuses);
}

function coded(chance: Chance, bytes: Buffer): { readonly bytes: Buffer; readonly coding: string | null } {
  if (chance.happens(0.8)) return { bytes, coding: null };
  const long = chance.happens(0.02) ? Buffer.alloc(32 * 1024 * 1024) : bytes;
  return chance.happens(0.5)
    ? { bytes: gzipSync(long, { level: 1 }), coding: 'gzip' }
    : { bytes: brotliCompressSync(long.subarray(0, 1_000_000)), coding: 'br' };
}

function framing(chance: Chance, bytes: Buffer, lines: string[]): Buffer {
  switch (chance.below(4)) {
    case 0:
      lines.push(`Content-Length: ${bytes.length + chance.of([0, 0, 0, 0, -1, 1, 1_000])}`);
      return bytes;
    case 1: {
      lines.push('Transfer-Encoding: chunked');
      const at = chance.below(bytes.length + 1);
      const chunks = [bytes.subarray(0, at), bytes.subarray(at)].filter(({ length }) => length > 0);
      const framed = chunks.map((part) =>
        Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]),
      );
      return Buffer.concat([...framed, Buffer.from(chance.happens(0.9) ? '0\r\n\r\n' : '')]);
    }
    case 2:
      lines.push('Connection: close');
      return bytes;
    default:
      lines.push(`Content-Length: ${bytes.length}`);
      return bytes;
  }
}
