/** Files, videos and transcriptions: things that belong to the account that made them. */
import { createHash } from 'node:crypto';
import type { AnswerContext } from '../answers/answerContext';
import { jsonReply, type Reply } from '../wire/reply';
import type { Caller, StoredThing } from '../world';
import { errorReply, type Visit } from './visit';

/** Echoes size and digest of what arrived, of the whole body and of each file in it. */
export function transcriptionReply(visit: Visit, context: AnswerContext): Reply {
  const file = visit.body.parts.find((part) => part.filename !== undefined);
  return jsonReply({
    text: 'A simulated transcription.',
    model: context.model,
    bytes: file?.length ?? visit.body.length,
    sha256: file?.sha256 ?? visit.record.bodySha256,
    body_bytes: visit.body.length,
    body_sha256: visit.record.bodySha256,
    usage: { seconds: 1, cost: context.usage.cost },
  });
}

/** The first answer of a video: 202 and where to ask for it. */
export function videoReply(visit: Visit, { account }: Caller, context: AnswerContext): Reply {
  const id = visit.world.newId('vid');
  const nowMs = visit.world.nowMs();
  const length = visit.answer.downloadBytes ?? 65_536;
  visit.world.videos.set(id, { id, account, createdAtMs: nowMs, filename: `${id}.mp4`, length, sha256: '' });
  const polling_url = `${visit.origin}/api/v1/videos/${id}`;
  return jsonReply({ id, generation_id: context.generationId, polling_url, status: 'pending' }, 202);
}

/** `GET /videos/{id}` and `/videos/{id}/content`. */
export function videoRoute(visit: Visit, caller: Caller): Reply | undefined {
  const match = /^\/videos\/([^/]+)(\/content)?$/.exec(visit.path);
  if (match === null) return undefined;
  const video = visit.world.videos.get(match[1] ?? '');
  if (video?.account !== caller.account) return errorReply(visit, 'notFound', { message: 'Video not found' });
  if (match[2] !== undefined) return downloadReply(visit, video, 'video/mp4');
  const url = `${visit.origin}/api/v1/videos/${video.id}/content`;
  return jsonReply({ id: video.id, status: 'completed', unsigned_urls: [url], usage: { cost: 0.001 } });
}

/** `/files`, `/files/{id}`, `/files/{id}/content`. */
export function fileRoute(visit: Visit, caller: Caller): Reply | undefined {
  if (visit.path === '/files')
    return visit.method === 'POST' ? storeFile(visit, caller) : listFiles(visit, caller);
  const match = /^\/files\/([^/]+)(\/content)?$/.exec(visit.path);
  if (match === null) return undefined;
  const file = visit.world.files.get(match[1] ?? '');
  if (file?.account !== caller.account) return errorReply(visit, 'notFound', { message: 'File not found' });
  if (match[2] !== undefined) return downloadReply(visit, file, 'application/octet-stream');
  if (visit.method !== 'DELETE') return jsonReply(fileBody(file));
  visit.world.files.delete(file.id);
  return jsonReply({ id: file.id, object: 'file', deleted: true });
}

function storeFile(visit: Visit, { account }: Caller): Reply {
  const part = visit.body.parts.find((candidate) => candidate.filename !== undefined);
  const file: StoredThing = {
    id: visit.world.newId('file'),
    account,
    createdAtMs: visit.world.nowMs(),
    filename: part?.filename ?? 'upload',
    length: part?.length ?? visit.body.length,
    sha256: part?.sha256 ?? visit.record.bodySha256,
  };
  visit.world.files.set(file.id, file);
  return jsonReply(fileBody(file));
}

function listFiles(visit: Visit, { account }: Caller): Reply {
  const own = [...visit.world.files.values()].filter((file) => file.account === account);
  return jsonReply({ object: 'list', data: own.map(fileBody) });
}

function fileBody(file: StoredThing): Record<string, unknown> {
  const created_at = Math.floor(file.createdAtMs / 1000);
  return {
    id: file.id,
    object: 'file',
    filename: file.filename,
    bytes: file.length,
    sha256: file.sha256,
    created_at,
  };
}

/** Bytes of `downloadBytes` (`wire/delivery.ts`), not what was uploaded; one range is understood. */
function downloadReply(visit: Visit, thing: StoredThing, contentType: string): Reply {
  const size = visit.answer.downloadBytes ?? thing.length;
  const etag = `"${createHash('sha256').update(thing.id).digest('hex').slice(0, 16)}"`;
  const headers = {
    'Content-Type': contentType,
    'Accept-Ranges': 'bytes',
    ETag: etag,
    ...visit.answer.headers,
  };
  const timing = visit.answer;
  if (visit.record.header('if-none-match') === etag) {
    return { kind: 'whole', status: 304, headers: { ETag: etag }, body: Buffer.alloc(0) };
  }
  const range = /^bytes=(\d+)-(\d*)$/.exec(visit.record.header('range') ?? '');
  if (range === null) return { kind: 'download', status: 200, headers, fromByte: 0, toByte: size, timing };
  const fromByte = Number(range[1]);
  const toByte = range[2] === '' ? size : Math.min(size, Number(range[2]) + 1);
  if (fromByte >= toByte) {
    const contentRange = { 'Content-Range': `bytes */${size}` };
    return { kind: 'whole', status: 416, headers: contentRange, body: Buffer.alloc(0) };
  }
  const contentRange = { ...headers, 'Content-Range': `bytes ${fromByte}-${toByte - 1}/${size}` };
  return { kind: 'download', status: 206, headers: contentRange, fromByte, toByte, timing };
}
