/** The answer of a route, before faults and delays. */
import type { AnswerOptions } from '../answers/answerOptions';
import type { WireEvent } from '../answers/wireEvent';
import type { ErrorFact } from '../errors/errorFact';
import type { HeaderValues } from '../fault';
import type { ResponsesErrorEvent } from '../answers/responses';

export interface WholeReply {
  readonly kind: 'whole';
  readonly status: number;
  readonly headers: HeaderValues;
  readonly body: Buffer;
  /** The same body with its first choice in error, where the endpoint has choices. */
  readonly withChoiceError?: (fact: ErrorFact) => Buffer;
}

/** Bytes made while they are sent, so that a large download costs no memory. */
export interface DownloadReply {
  readonly kind: 'download';
  readonly status: number;
  readonly headers: HeaderValues;
  /** First byte (inclusive) and last byte (exclusive) of the file. */
  readonly fromByte: number;
  readonly toByte: number;
}

export interface StreamReply {
  readonly kind: 'stream';
  readonly headers: HeaderValues;
  readonly events: Iterable<WireEvent>;
  readonly errorEvent: (fact: ErrorFact, responsesEvent: ResponsesErrorEvent) => WireEvent;
  readonly choiceErrorEvent: (fact: ErrorFact) => WireEvent;
}

export type Reply = (WholeReply | DownloadReply | StreamReply) & {
  /** How long things take; default nothing. */
  readonly timing?: AnswerOptions;
  /** Called once when the answer has ended, with the share (0 to 1) of it that was sent. */
  readonly onEnd?: (sentShare: number, cancelled: boolean) => void;
};

export function jsonReply(body: unknown, status = 200, headers: HeaderValues = {}): Reply {
  return {
    kind: 'whole',
    status,
    headers: { 'Content-Type': 'application/json', ...headers },
    body: Buffer.from(JSON.stringify(body)),
  };
}

export function htmlReply(html: string, status: number, headers: HeaderValues = {}): Reply {
  return {
    kind: 'whole',
    status,
    headers: { 'Content-Type': 'text/html; charset=UTF-8', ...headers },
    body: Buffer.from(html),
  };
}
