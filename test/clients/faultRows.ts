/** Faults of upstream, and the result that every client must give. */
import type { Rule } from '../simulator/script';
import { paidModel } from './bench';

export type Expected =
  /** The whole answer, as if nothing had happened. */
  | { readonly got: 'whole' }
  /** An error that says what it is. `heard`: content events that had come before. */
  | { readonly got: 'error'; readonly message: RegExp; readonly status?: number; readonly heard?: number }
  /** Either result, by chance. */
  | { readonly got: 'wholeOrError'; readonly message: RegExp };

export interface FaultRow {
  readonly name: string;
  readonly stream: boolean;
  /** Default a free one. */
  readonly model?: string;
  readonly rules: (nowMs: number) => readonly Rule[];
  readonly expected: Expected;
  /** Requests that upstream sees, least and most. */
  readonly attempts: readonly [number, number];
  /** How long the client waits, least and most, in seconds of the proxy's clock. */
  readonly seconds: readonly [number, number];
  /** Whether the proxy learns a limit from the fault, which only a new reading of the accounts lifts. */
  readonly isLearned?: boolean;
  /** Real milliseconds without movement before time jumps, where the simulator itself waits in real time. */
  readonly quietMs?: number;
}

export const events = 60;
const always = Number.POSITIVE_INFINITY;
const whole: Expected = { got: 'whole' };

/** The same fault for a stream and for an answer in one piece. */
function both(row: Omit<FaultRow, 'stream'>): readonly FaultRow[] {
  return [
    { ...row, stream: true },
    { ...row, stream: false },
  ];
}

const tooMany: readonly FaultRow[] = [
  ...both({
    name: 'a busy provider that says when to come again',
    rules: () => [{ fault: { kind: 'error', error: 'providerBusy', retryAfterSeconds: 3 } }],
    expected: whole,
    attempts: [2, 2],
    seconds: [3, 4],
  }),
  ...both({
    name: 'a busy provider that says nothing more',
    rules: () => [{ fault: { kind: 'error', error: 'providerBusyPlain' } }],
    expected: whole,
    attempts: [2, 2],
    seconds: [0.5, 4],
  }),
  ...both({
    name: 'an account whose day is used up',
    rules: () => [{ fault: { kind: 'error', error: 'dailyLimit' } }],
    expected: whole,
    attempts: [2, 2],
    seconds: [0, 0.1],
  }),
  ...both({
    name: 'an account whose minute is full',
    rules: () => [{ fault: { kind: 'error', error: 'minuteLimit' } }],
    expected: whole,
    attempts: [2, 2],
    seconds: [0, 0.1],
  }),
  ...both({
    name: 'a provider that stays busy, with hints',
    rules: () => [{ times: always, fault: { kind: 'error', error: 'providerBusy', retryAfterSeconds: 10 } }],
    expected: { got: 'error', message: /busy|rate-limited|Provider returned error/, status: 429 },
    attempts: [4, 10],
    seconds: [30, 100],
  }),
  ...both({
    name: 'a provider that stays busy, without hints',
    rules: () => [{ times: always, fault: { kind: 'error', error: 'providerBusyPlain' } }],
    expected: { got: 'error', message: /busy|Too Many Requests|Provider returned error/, status: 429 },
    attempts: [4, 10],
    seconds: [10, 240],
  }),
  ...both({
    name: 'accounts whose day is used up, both of them',
    rules: () => [{ times: always, fault: { kind: 'error', error: 'dailyLimit' } }],
    expected: { got: 'error', message: /None of the 2 accounts has anything left/, status: 429 },
    attempts: [2, 2],
    seconds: [0, 0.1],
    isLearned: true,
  }),
];

const down: readonly FaultRow[] = [
  ...both({
    name: '503 for ever',
    rules: () => [{ times: always, fault: { kind: 'error', error: 'providerDown', status: 503 } }],
    expected: { got: 'error', message: /Provider returned error|upstream connect error/, status: 503 },
    attempts: [4, 10],
    seconds: [4, 240],
  }),
  ...both({
    name: 'a connection that is reset before the head',
    rules: () => [{ fault: { kind: 'cutBeforeHead' } }],
    expected: whole,
    attempts: [2, 2],
    seconds: [0, 2],
  }),
  ...both({
    name: 'connections that are all reset before the head',
    rules: () => [{ times: always, fault: { kind: 'cutBeforeHead' } }],
    expected: { got: 'error', message: /connection to OpenRouter|OpenRouter/, status: 502 },
    attempts: [4, 10],
    seconds: [4, 240],
  }),
  ...both({
    name: 'a provider that is down for 60 s and says when to come again',
    rules: (nowMs) => [
      { untilMs: nowMs + 60_000, fault: { kind: 'error', error: 'noneAvailable', retryAfterSeconds: 20 } },
    ],
    expected: whole,
    attempts: [4, 4],
    seconds: [60, 61],
  }),
  ...both({
    name: 'a provider that is down for 60 s and says nothing more',
    rules: (nowMs) => [{ untilMs: nowMs + 60_000, fault: { kind: 'error', error: 'providerDown' } }],
    expected: { got: 'wholeOrError', message: /Provider returned error|upstream connect error/ },
    attempts: [4, 10],
    seconds: [4, 240],
  }),
];

const slow: readonly FaultRow[] = [
  {
    name: 'no answer at all',
    stream: true,
    rules: () => [{ times: always, fault: { kind: 'noAnswer' } }],
    expected: { got: 'error', message: /OpenRouter/ },
    attempts: [2, 2],
    seconds: [240, 242],
  },
  {
    name: 'no answer at all',
    stream: false,
    rules: () => [{ times: always, fault: { kind: 'noAnswer' } }],
    expected: { got: 'error', message: /OpenRouter/, status: 504 },
    attempts: [1, 2],
    seconds: [300, 300],
  },
  {
    name: 'no answer once',
    stream: true,
    rules: () => [{ fault: { kind: 'noAnswer' } }],
    expected: whole,
    attempts: [2, 2],
    seconds: [120, 122],
  },
  ...both({
    name: 'a head that takes 100 s',
    rules: () => [{ fault: { kind: 'headDelay', ms: 100_000 } }],
    expected: whole,
    attempts: [1, 1],
    seconds: [100, 101],
  }),
  {
    name: 'a first token that takes 100 s, with comments before it',
    stream: true,
    rules: () => [{ fault: { kind: 'comments', count: 10, delayMs: 10_000 } }],
    expected: whole,
    attempts: [1, 1],
    seconds: [100, 101],
  },
  {
    name: 'a first token that takes 130 s, once',
    stream: true,
    rules: () => [{ fault: { kind: 'comments', count: 13, delayMs: 10_000 } }],
    expected: whole,
    attempts: [2, 2],
    seconds: [120, 122],
  },
  ...both({
    name: '30 s of silence in the middle',
    rules: () => [{ fault: { kind: 'silent', afterEvents: 20, ms: 30_000 } }],
    expected: whole,
    attempts: [1, 1],
    seconds: [30, 31],
  }),
  {
    name: 'silence for ever in the middle',
    stream: true,
    rules: () => [{ fault: { kind: 'silent', afterEvents: 20, ms: 3_600_000 } }],
    expected: { got: 'error', message: /stopped sending/, heard: 20 },
    attempts: [1, 1],
    seconds: [90, 91],
  },
];

const broken: readonly FaultRow[] = [
  ...(['destroy', 'reset', 'cleanEnd'] as const).map((how): FaultRow => ({
    name: `a stream that ends at event 40 of 60 (${how})`,
    stream: true,
    rules: () => [{ fault: { kind: 'cut', afterEvents: 40, how } }],
    expected: { got: 'error', message: /before it was complete/, heard: 40 },
    attempts: [1, 1],
    seconds: [0, 1],
    quietMs: how === 'reset' ? 25 : undefined,
  })),
  ...(['destroy', 'reset', 'cleanEnd'] as const).map((how): FaultRow => ({
    name: `half an answer (${how})`,
    stream: false,
    rules: () => [{ fault: { kind: 'cut', how } }],
    expected: whole,
    attempts: [2, 2],
    seconds: [0.5, 2],
    quietMs: how === 'reset' ? 25 : undefined,
  })),
  {
    name: 'a malformed event',
    stream: true,
    rules: () => [{ fault: { kind: 'malformedEvent', afterEvents: 20 } }],
    expected: { got: 'error', message: /JSON|pars|valid/i, heard: 20 },
    attempts: [1, 1],
    seconds: [0, 1],
  },
  {
    name: 'malformed JSON',
    stream: false,
    rules: () => [
      {
        fault: {
          kind: 'respond',
          status: 200,
          headers: { 'Content-Type': 'application/json' },
          body: '{"choices":[{',
        },
      },
    ],
    expected: whole,
    attempts: [2, 2],
    seconds: [0.5, 2],
  },
  {
    name: 'no [DONE] behind a finished answer',
    stream: true,
    rules: () => [{ fault: { kind: 'noEndMarker' } }],
    expected: whole,
    attempts: [1, 1],
    seconds: [0, 1],
  },
];

const ownFaults: readonly FaultRow[] = [
  ...both({
    name: 'a context that is too long',
    rules: () => [{ times: always, fault: { kind: 'error', error: 'contextLength' } }],
    expected: { got: 'error', message: /maximum context length/, status: 400 },
    attempts: [1, 1],
    seconds: [0, 0.1],
  }),
  ...both({
    name: 'a context that is too long, told inside a 200',
    rules: () => [{ times: always, fault: { kind: 'errorIn200', error: 'contextLength' } }],
    expected: { got: 'error', message: /maximum context length/, status: 400 },
    attempts: [1, 1],
    seconds: [0, 0.1],
  }),
  {
    name: 'a context that is too long, told in the first event',
    stream: true,
    rules: () => [{ times: always, fault: { kind: 'errorEvent', afterEvents: 0, error: 'contextLength' } }],
    expected: { got: 'error', message: /maximum context length/, status: 400 },
    attempts: [1, 1],
    seconds: [0, 0.1],
  },
  ...both({
    name: 'an input that was flagged',
    rules: () => [{ times: always, fault: { kind: 'error', error: 'moderation' } }],
    expected: { got: 'error', message: /flagged/, status: 403 },
    attempts: [1, 1],
    seconds: [0, 0.1],
  }),
];

/** A request that upstream may have worked on costs money: it is sent twice at most, and once if upstream was at work. */
const paid: readonly FaultRow[] = [
  {
    name: 'no answer at all, for money',
    stream: true,
    model: paidModel,
    rules: () => [{ times: always, fault: { kind: 'noAnswer' } }],
    expected: { got: 'error', message: /did not answer in time/ },
    attempts: [2, 2],
    seconds: [180, 182],
  },
  {
    name: 'comments and then silence, for money',
    stream: true,
    model: paidModel,
    rules: () => [
      {
        fault: [
          { kind: 'comments', count: 3, delayMs: 10_000 },
          { kind: 'silent', ms: 3_600_000 },
        ],
      },
    ],
    expected: { got: 'error', message: /OpenRouter/ },
    attempts: [1, 1],
    seconds: [110, 111],
  },
  ...both({
    name: 'a provider that stays busy, for money',
    model: paidModel,
    rules: () => [{ times: always, fault: { kind: 'error', error: 'providerBusyPlain' } }],
    expected: { got: 'error', message: /busy|Too Many Requests|Provider returned error/, status: 429 },
    attempts: [4, 10],
    seconds: [4, 240],
  }),
];

export const faultRows: readonly FaultRow[] = [
  ...tooMany,
  ...down,
  ...slow,
  ...broken,
  ...ownFaults,
  ...paid,
];
