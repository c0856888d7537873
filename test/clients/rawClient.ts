/** HTTP by hand, so that no library mends or hides bytes of the answer. */
import { connect } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
  /** Whether the body ended as its head says that it ends. */
  readonly isWhole: boolean;
}

interface RawAsked {
  readonly baseUrl: string;
  readonly apiKey: string;
}

/** Posts the chat request on a connection of its own and returns all that came until the proxy closed it. */
export async function rawAnswer({ baseUrl, apiKey }: RawAsked, request: unknown): Promise<RawAnswer> {
  const { hostname, port, host, pathname } = new URL(baseUrl);
  const body = JSON.stringify(request);
  const head = [
    `POST ${pathname}/chat/completions HTTP/1.1`,
    `Host: ${host}`,
    `Authorization: Bearer ${apiKey}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  const chunks: Buffer[] = [];
  await new Promise<void>((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.once('error', reject);
    socket.once('close', () => resolve());
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  });
  return parse(Buffer.concat(chunks));
}

function parse(bytes: Buffer): RawAnswer {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) throw new Error('No head came.');
  const head = bytes.toString('latin1', 0, end);
  const rest = bytes.subarray(end + 4);
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]);
  if (/^transfer-encoding: *chunked/im.test(head)) return { status, head, ...unchunked(rest) };
  const told = /^content-length: *(\d+)/im.exec(head)?.[1];
  const isWhole = told === undefined || rest.length === Number(told);
  return { status, head, body: rest.toString('utf8'), isWhole };
}

/** Decodes chunks by RFC 9112 7.1, without trailers. */
function unchunked(bytes: Buffer): { readonly body: string; readonly isWhole: boolean } {
  const chunks: Buffer[] = [];
  for (let at = 0; ;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    const size = lineEnd < 0 ? Number.NaN : Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    const isWhole = size === 0;
    if (isWhole || Number.isNaN(size)) return { body: Buffer.concat(chunks).toString('utf8'), isWhole };
    chunks.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
}
