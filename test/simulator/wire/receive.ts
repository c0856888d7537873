/** Reads a request's body: kept whole where it is JSON, only measured where it is a file. */
import type { IncomingMessage } from 'node:http';
import { type JsonObject, parseObject } from '../json';
import type { RequestRecord } from '../record';
import { MultipartReader, type Part } from './multipart';

export interface ReceivedBody {
  /** Undefined when the body is no JSON object. */
  readonly json: JsonObject | undefined;
  /** Empty when the body is not multipart. */
  readonly parts: readonly Part[];
  readonly length: number;
}

/** Returns when the whole body has come; rejects when the connection ends before. */
export async function receive(request: IncomingMessage, record: RequestRecord): Promise<ReceivedBody> {
  const multipart = MultipartReader.for(request.headers['content-type']);
  const kept: Buffer[] = [];
  for await (const bytes of request as AsyncIterable<Buffer>) {
    record.body.add(bytes);
    if (multipart === undefined) kept.push(bytes);
    else multipart.add(bytes);
  }
  const json = kept.length === 0 ? undefined : parseObject(Buffer.concat(kept).toString('utf8'));
  return { json, parts: multipart?.parts ?? [], length: record.body.length };
}
