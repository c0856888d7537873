import assert from 'node:assert/strict';
import { Refusal } from '../../../src/proxy/errors/refusal';
import { StreamFailures } from '../../../src/proxy/streamFailures';

const thread = { client: 'Roo Code', model: 'x/y:free', conversation: 'one' };
const others = [
  { ...thread, conversation: 'two' },
  { ...thread, conversation: null },
  { ...thread, model: 'x/z:free' },
  { ...thread, client: 'Cline' },
];
const minuteMs = 60_000;
/** The machine's clock was set since the process began: pauses do not care, and headers are of wall time. */
const clockSetByMs = 3 * 3_600_000;

/** Seconds of the `Retry-After`, or null where the request may go. */
function pauseOf(
  failures: StreamFailures,
  request: typeof thread | (typeof others)[number],
  nowMs: number,
): number | null {
  try {
    failures.check(request, { elapsedMs: () => nowMs, wallMs: () => nowMs + clockSetByMs });
    return null;
  } catch (error) {
    assert.ok(error instanceof Refusal);
    assert.equal(error.status, 429);
    const headers = error.headers(nowMs + clockSetByMs);
    return Number(headers[headers.findIndex((name) => name.toLowerCase() === 'retry-after') + 1]);
  }
}

describe('StreamFailures', () => {
  it('lets a thread pause from its third failure in five minutes on: 2, 4, 8 … 60 s', () => {
    const failures = new StreamFailures();
    failures.failed(thread, 0);
    failures.failed(thread, minuteMs);
    assert.equal(pauseOf(failures, thread, minuteMs), null);
    let nowMs = 2 * minuteMs;
    for (const seconds of [2, 4, 8, 16, 32, 60, 60]) {
      failures.failed(thread, nowMs);
      assert.equal(pauseOf(failures, thread, nowMs), seconds);
      nowMs += seconds * 1_000;
      assert.equal(pauseOf(failures, thread, nowMs), null);
    }
  });

  it('leaves other conversations, models and clients alone', () => {
    const failures = new StreamFailures();
    for (let count = 0; count < 5; count++) failures.failed(thread, count);
    assert.deepEqual(
      others.map((other) => pauseOf(failures, other, 5)),
      [null, null, null, null],
    );
  });

  it('forgets failures at a whole answer, and those that are five minutes old', () => {
    const failures = new StreamFailures();
    for (const atMs of [0, 1, 2]) failures.failed(thread, atMs);
    failures.answered(thread);
    assert.equal(pauseOf(failures, thread, 2), null);
    for (const atMs of [10, 20, 5 * minuteMs + 15]) failures.failed(thread, atMs);
    assert.equal(pauseOf(failures, thread, 5 * minuteMs + 15), null);
    failures.failed(thread, 5 * minuteMs + 16);
    assert.equal(pauseOf(failures, thread, 5 * minuteMs + 16), 2);
  });

  it('remembers a thousand threads, the latest', () => {
    const failures = new StreamFailures();
    for (let count = 0; count < 3; count++) failures.failed(thread, count);
    for (let count = 0; count < 1_000; count++) failures.failed({ ...thread, conversation: `${count}` }, 3);
    assert.equal(pauseOf(failures, thread, 3), null);
  });
});
