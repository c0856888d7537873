/** Sends a reply with its delays and faults. */
import type { ServerResponse } from 'node:http';
import { pieceCount } from '../answers/content';
import { aborted, type Pace } from '../clock';
import type { FaultSet, HeaderValues } from '../fault';
import { errorFact } from '../errors/errorFacts';
import type { RequestRecord } from '../record';
import { Outlet } from './outlet';
import type { DownloadReply, Reply, StreamReply, WholeReply } from './reply';
import { streamSteps } from './streamSteps';

const DOWNLOAD_CHUNK_BYTES = 65_536;

export interface Delivery {
  readonly response: ServerResponse;
  readonly record: RequestRecord;
  readonly faults: FaultSet;
  readonly pace: Pace;
  /** Aborts when the connection has closed. */
  readonly signal: AbortSignal;
  /** Of the simulator's clock, for errors in streams and for the record. */
  nowMs(): number;
}

/** Returns when the answer has ended in one way or another. */
export async function deliver(delivery: Delivery, reply: Reply): Promise<void> {
  const timing = reply.timing ?? {};
  const wholeLaterMs = reply.kind === 'whole' ? (timing.durationMs ?? 0) : 0;
  const waitMs = (timing.headDelayMs ?? 0) + delivery.faults.headDelayMs + wholeLaterMs;
  await delivery.pace.sleep(waitMs, delivery.signal);
  if (isGone(delivery.signal)) {
    reply.onEnd?.(0, true);
    return;
  }
  const share = await sendBody(delivery, reply);
  reply.onEnd?.(share, share < 1 && !delivery.record.cut);
}

/** Asked by a function, since waiting changes the answer. */
function isGone(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** Returns the share of the body that was sent. */
async function sendBody(delivery: Delivery, reply: Reply): Promise<number> {
  switch (reply.kind) {
    case 'whole':
      return await sendWhole(delivery, reply);
    case 'download':
      return await sendDownload(delivery, reply);
    case 'stream':
      return await sendStream(delivery, reply, reply.timing ?? {});
  }
}

/** Nothing is sent; the connection stays open until the client closes it. */
export async function deliverNothing(delivery: Delivery): Promise<void> {
  await aborted(delivery.signal);
}

export function cutBeforeHead(delivery: Delivery, how: 'destroy' | 'reset'): void {
  delivery.record.cut = true;
  const { socket } = delivery.response;
  if (how === 'destroy') socket?.destroy();
  else socket?.resetAndDestroy();
}

function writeHead(
  delivery: Delivery,
  status: number,
  headers: HeaderValues,
  length: number | undefined,
): void {
  const { response, record, faults } = delivery;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (faults.coding !== undefined) response.setHeader('Content-Encoding', faults.coding);
  if (faults.cut?.how === 'cleanEnd') {
    // Without length and chunks the body is whatever comes until the connection ends.
    response.setHeader('Connection', 'close');
    response.removeHeader('Transfer-Encoding');
    response.removeHeader('Content-Length');
  } else if (length !== undefined && faults.coding === undefined) {
    response.setHeader('Content-Length', length);
  }
  response.writeHead(status);
  response.flushHeaders();
  record.status = status;
  record.headAtMs = delivery.nowMs();
}

async function sendStream(
  delivery: Delivery,
  reply: StreamReply,
  timing: NonNullable<Reply['timing']>,
): Promise<number> {
  writeHead(delivery, 200, reply.headers, undefined);
  const outlet = new Outlet(delivery.response, delivery.record, delivery.faults, delivery.signal);
  const partly = (): number => Math.min(0.99, delivery.record.eventsSent / (pieceCount(timing) + 2));
  let firstAtMs: number | undefined;
  let isComplete = true;
  for (const step of streamSteps(reply, timing, delivery.faults, delivery.nowMs())) {
    if (isGone(delivery.signal)) {
      isComplete = false;
      break;
    }
    switch (step.kind) {
      case 'bytes':
        await outlet.write(step.bytes);
        if (step.isEvent) delivery.record.eventsSent++;
        break;
      case 'wait':
        await delivery.pace.sleep(step.ms, delivery.signal);
        break;
      case 'pace':
        firstAtMs ??= delivery.pace.nowMs();
        await delivery.pace.sleep(firstAtMs + step.sinceFirstMs - delivery.pace.nowMs(), delivery.signal);
        break;
      case 'cut':
        await outlet.cut(step.how);
        return partly();
    }
  }
  await outlet.end();
  return isComplete ? 1 : partly();
}

async function sendWhole(delivery: Delivery, reply: WholeReply): Promise<number> {
  const { faults, pace, signal, response } = delivery;
  const error = faults.choiceError;
  const fact = error === undefined ? undefined : errorFact(error.error, error, delivery.nowMs());
  const body = (fact === undefined ? undefined : reply.withChoiceError?.(fact)) ?? reply.body;
  const blankLines = faults.comments?.count ?? 0;
  const isBodiless = reply.status === 204 || reply.status === 304;
  writeHead(delivery, reply.status, reply.headers, isBodiless ? undefined : body.length + blankLines);
  const outlet = new Outlet(response, delivery.record, faults, signal);
  for (let index = 0; index < blankLines; index++) {
    await outlet.write(Buffer.from('\n'));
    await pace.sleep(faults.comments?.delayMs ?? 0, signal);
  }
  if (faults.cut !== undefined) {
    await outlet.write(body.subarray(0, faults.cut.afterBytes ?? body.length >> 1));
    await outlet.cut(faults.cut.how ?? 'destroy');
    return 0.5;
  }
  const silentMs = faults.silences[0]?.ms;
  if (silentMs === undefined) {
    await outlet.write(body);
  } else {
    await outlet.write(body.subarray(0, body.length >> 1));
    await pace.sleep(silentMs, signal);
    await outlet.write(body.subarray(body.length >> 1));
  }
  await outlet.end();
  return signal.aborted ? 0.5 : 1;
}

async function sendDownload(delivery: Delivery, reply: DownloadReply): Promise<number> {
  const { faults, signal, response } = delivery;
  const size = reply.toByte - reply.fromByte;
  writeHead(delivery, reply.status, reply.headers, size);
  const outlet = new Outlet(response, delivery.record, faults, signal);
  const endByte = reply.fromByte + (faults.cut === undefined ? size : (faults.cut.afterBytes ?? size >> 1));
  for (let at = reply.fromByte; at < endByte && !signal.aborted; at += DOWNLOAD_CHUNK_BYTES) {
    await outlet.write(downloadBytes(at, Math.min(endByte, at + DOWNLOAD_CHUNK_BYTES)));
  }
  if (faults.cut !== undefined) {
    await outlet.cut(faults.cut.how ?? 'destroy');
    return 0.5;
  }
  await outlet.end();
  return signal.aborted ? 0.5 : 1;
}

/** The bytes of every download are the same: at each place the place's number, in a period of 251. */
export function downloadBytes(fromByte: number, toByte: number): Buffer {
  const bytes = Buffer.allocUnsafe(toByte - fromByte);
  for (let index = 0; index < bytes.length; index++) bytes[index] = (fromByte + index) % 251;
  return bytes;
}
