/** The faults that a script can cause, and all faults of one answer together. */
import type { ResponsesErrorEvent } from './answers/responses';
import type { ErrorDetails, ErrorKind } from './errors/errorKind';
import type { Coding } from './wire/coding';

export type HeaderValues = Readonly<Record<string, string | readonly string[]>>;

/** `destroy`: FIN without the body's end. `reset`: RST. `cleanEnd`: a close-delimited body that just ends. */
export type CutHow = 'destroy' | 'reset' | 'cleanEnd';

/**
 * One thing that goes wrong. Several can be given together. Counts of events mean server-sent events with data
 * (frames and content alike, comments not) that were sent before. The kinds of `Replacing` stand for the whole
 * answer; the others change an answer that is served as usual, limits included.
 */
export type Fault = Replacing | Changing;

export type Replacing =
  /** Any answer at all: redirects, 204, 304, malformed JSON, an empty body. An object is sent as JSON. */
  | {
      readonly kind: 'respond';
      readonly status: number;
      readonly headers?: HeaderValues;
      readonly body?: string | Buffer | Readonly<Record<string, unknown>>;
    }
  /** One of OpenRouter's errors, in the form of the endpoint. */
  | ({ readonly kind: 'error'; readonly error: ErrorKind } & ErrorDetails)
  /** A 200 with a JSON error for a body, for `stream: true` too. */
  | ({ readonly kind: 'errorIn200'; readonly error: ErrorKind } & ErrorDetails)
  /** The connection stays open and nothing comes. */
  | { readonly kind: 'noAnswer' }
  /** The connection ends before the head; by RST unless `how` says `destroy`. */
  | { readonly kind: 'cutBeforeHead'; readonly how?: 'destroy' | 'reset' };

type Changing =
  | { readonly kind: 'headDelay'; readonly ms: number }
  /** Comments before the first event; before the body of an answer that is not streamed, empty lines. */
  | { readonly kind: 'comments'; readonly count: number; readonly delayMs?: number; readonly text?: string }
  /** An error event after so many events, 0 for the first; the stream ends with it. */
  | ({
      readonly kind: 'errorEvent';
      readonly afterEvents: number;
      readonly error: ErrorKind;
      readonly responsesEvent?: ResponsesErrorEvent;
    } & ErrorDetails)
  /** `choices[0].error` with `finish_reason` error, beside partial content. Chat and completions only. */
  | ({
      readonly kind: 'choiceError';
      readonly afterEvents?: number;
      readonly error: ErrorKind;
    } & ErrorDetails)
  /** The body stops after so many events (default 0) or bytes; one that is not streamed by default after half. */
  | {
      readonly kind: 'cut';
      readonly afterEvents?: number;
      readonly afterBytes?: number;
      readonly how?: CutHow;
    }
  /** Nothing for so long after so many events; a body that is not streamed pauses in its middle. */
  | { readonly kind: 'silent'; readonly afterEvents?: number; readonly ms: number }
  | { readonly kind: 'malformedEvent'; readonly afterEvents: number; readonly text?: string }
  | { readonly kind: 'noEndMarker' }
  | { readonly kind: 'crlf' }
  /** The body in writes of these sizes, the rest in one; or of random sizes from 1 to `maxBytes`. */
  | { readonly kind: 'chunks'; readonly sizes: readonly number[] }
  | { readonly kind: 'randomChunks'; readonly seed: number; readonly maxBytes: number }
  | { readonly kind: 'coded'; readonly coding: Coding };

type Of<Kind extends Fault['kind']> = Extract<Fault, { kind: Kind }>;

/** The faults of one answer, each at most once but for silences. */
export interface FaultSet {
  readonly replacing?: Replacing;
  readonly headDelayMs: number;
  readonly comments?: Of<'comments'>;
  readonly errorEvent?: Of<'errorEvent'>;
  readonly choiceError?: Of<'choiceError'>;
  readonly cut?: Of<'cut'>;
  readonly silences: readonly Of<'silent'>[];
  readonly malformed?: Of<'malformedEvent'>;
  readonly noEndMarker: boolean;
  readonly lineEnd: '\n' | '\r\n';
  readonly chunks?: Of<'chunks'> | Of<'randomChunks'>;
  readonly coding?: Coding;
}

export const noFaults: FaultSet = { headDelayMs: 0, silences: [], noEndMarker: false, lineEnd: '\n' };

export function faultSet(faults: readonly Fault[]): FaultSet {
  return faults.reduce(joined, noFaults);
}

function joined(set: FaultSet, fault: Fault): FaultSet {
  switch (fault.kind) {
    case 'respond':
    case 'error':
    case 'errorIn200':
    case 'noAnswer':
    case 'cutBeforeHead':
      return { ...set, replacing: fault };
    case 'headDelay':
      return { ...set, headDelayMs: set.headDelayMs + fault.ms };
    case 'comments':
      return { ...set, comments: fault };
    case 'errorEvent':
      return { ...set, errorEvent: fault };
    case 'choiceError':
      return { ...set, choiceError: fault };
    case 'cut':
      return { ...set, cut: fault };
    case 'silent':
      return { ...set, silences: [...set.silences, fault] };
    case 'malformedEvent':
      return { ...set, malformed: fault };
    case 'noEndMarker':
      return { ...set, noEndMarker: true };
    case 'crlf':
      return { ...set, lineEnd: '\r\n' };
    case 'chunks':
    case 'randomChunks':
      return { ...set, chunks: fault };
    case 'coded':
      return { ...set, coding: fault.coding };
  }
}
