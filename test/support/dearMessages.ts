// Requests and answers that are dear to read: large, deep, coded, or all of one token.
import { once } from 'node:events';
import { constants, createBrotliCompress, createGzip, type BrotliCompress, type Gzip } from 'node:zlib';

const mebibyte = 1024 * 1024;

export interface Bad {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export function chat(model: string, rest: string): Buffer {
  return Buffer.from(`{"model":"${model}",${rest}}`);
}

export const user = '"messages":[{"role":"user","content":"Hi"}]';

/** Bodies of about so many bytes that are dear to read. */
export function dearBodies(bytes: number): Readonly<Record<string, Buffer>> {
  const fill = (unit: string): string => unit.repeat(Math.floor(bytes / unit.length));
  const list = (unit: string): string => `[${fill(`${unit},`)}${unit}]`;
  const parts: string[] = [];
  for (let index = 0, length = 0; length < bytes; index++) {
    const part = `"n${index.toString(36)}":0,`;
    parts.push(part);
    length += part.length;
  }
  const names = parts.join('');
  return {
    'empty objects': chat('x/y', `"messages":${list('{}')}`),
    numbers: chat('x/y', `${user},"numbers":${list('1')}`),
    'small tools': chat('x/y', `${user},"tools":${list('{"type":"function","function":{"name":"a"}}')}`),
    names: chat('x/y', `${user},"extra":{${names}"z":0}`),
    'outer names': chat('x/y', `${user},${names}"z":0`),
    'one text': chat('x/y', `"messages":[{"role":"user","content":"${'a'.repeat(bytes)}"}]`),
    escapes: chat('x/y', `"messages":[{"role":"user","content":"${fill(String.raw`\u0041`)}"}]`),
    'escaped quotes': chat('x/y', `"messages":[{"role":"user","content":"${fill(String.raw`\"`)}"}]`),
    backslashes: chat('x/y', `"messages":[{"role":"user","content":"${fill('\\\\')}"}]`),
    'one number': chat('x/y', `${user},"number":${fill('1')}`),
    blanks: chat('x/y', `${user},${fill(' ')}"z":0`),
    'deep lists': chat('x/y', `${user},"deep":${'['.repeat(bytes / 2)}${']'.repeat(bytes / 2)}`),
  };
}

export async function compressed(
  coder: Gzip | BrotliCompress,
  chunk: Buffer,
  times: number,
): Promise<Buffer> {
  const out: Buffer[] = [];
  coder.on('data', (piece: Buffer) => out.push(piece));
  for (let count = 0; count < times; count++) if (!coder.write(chunk)) await once(coder, 'drain');
  coder.end();
  await once(coder, 'end');
  return Buffer.concat(out);
}

export async function bombs(): Promise<Readonly<Record<string, Bad>>> {
  const zeros = Buffer.alloc(mebibyte);
  const brotli = (): BrotliCompress =>
    createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 5 } });
  const json = { 'content-type': 'application/json' };
  const br = await compressed(brotli(), zeros, 1024);
  const gzip = await compressed(createGzip(), zeros, 1024);
  const comments = await compressed(createGzip(), Buffer.from(': c\n\n'.repeat(20_000)), 2_000);
  // Each block has its own table of codes, and no content.
  const block = Buffer.from('04c081000000000010ffd5040000ffff', 'hex');
  const blocks = await compressed(createGzip(), block, (7.9 * mebibyte) / block.length);
  const dear = dearBodies(7.9 * mebibyte);
  const plain = (body: string | Buffer): Bad => ({ status: 200, headers: json, body: Buffer.from(body) });
  return {
    'br-error': { status: 400, headers: { ...json, 'content-encoding': 'br' }, body: br },
    'br-answer': { status: 200, headers: { ...json, 'content-encoding': 'br' }, body: br },
    'gzip-error': { status: 500, headers: { ...json, 'content-encoding': 'gzip' }, body: gzip },
    'gzip-answer': { status: 200, headers: { ...json, 'content-encoding': 'gzip' }, body: gzip },
    'gzip-stream': {
      status: 200,
      headers: { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' },
      body: comments,
    },
    'deflate-blocks': {
      status: 200,
      headers: { ...json, 'content-encoding': 'deflate, gzip' },
      body: blocks,
    },
    digits: plain('9'.repeat(7.9 * mebibyte)),
    ...Object.fromEntries(
      Object.entries(dear).map(([name, body]) => [`json-${name.replaceAll(' ', '-')}`, plain(body)]),
    ),
    ...Object.fromEntries(
      Object.entries(dear).map(([name, body]) => [
        `error-${name.replaceAll(' ', '-')}`,
        { status: 400, headers: json, body },
      ]),
    ),
  };
}
