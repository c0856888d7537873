// Hints of every kind and unit, and which of them wins.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readLimit, readUntil } from '../../../../src/proxy/errors/retryTiming';

const nowMs = Date.UTC(2026, 10, 20, 12, 0, 30);
interface BodyHints {
  headers?: readonly string[];
  retryAfterSeconds?: number | null;
  retryDelay?: string;
  resetsAt?: string;
}
const inMs = (headers: readonly string[], hints: BodyHints = {}): number | null => {
  const told = [...headers, ...(hints.headers ?? [])];
  const { retryAfterSeconds: seconds = null, retryDelay, resetsAt } = hints;
  if (seconds !== null) told.push('error:retry_after', String(seconds));
  if (retryDelay !== undefined) told.push('error:retrydelay', retryDelay);
  if (resetsAt !== undefined) told.push('error:resets_at', resetsAt);
  const untilMs = readUntil(told, nowMs);
  return untilMs === null ? null : untilMs - nowMs;
};

describe('readUntil', () => {
  it('reads Retry-After in seconds and as an HTTP date', () => {
    assert.equal(inMs(['Retry-After', '7']), 7_000);
    assert.equal(inMs(['retry-after', 'Fri, 20 Nov 2026 12:01:00 GMT']), 30_000);
    assert.equal(inMs(['retry-after', '0']), 0);
  });

  it('reads retry-after-ms in milliseconds', () => {
    assert.equal(inMs(['retry-after-ms', '1500']), 1_500);
  });

  it('reads availability.retry_after in seconds', () => {
    assert.equal(inMs([], { retryAfterSeconds: 40 }), 40_000);
  });

  it('reads X-RateLimit-Reset in milliseconds, in seconds and as ISO 8601, from the answer and from the body', () => {
    const resetMs = nowMs + 30_000;
    assert.equal(inMs(['X-RateLimit-Reset', String(resetMs)]), 30_000);
    assert.equal(inMs(['x-ratelimit-reset', String(resetMs / 1000)]), 30_000);
    assert.equal(inMs(['x-ratelimit-reset', new Date(resetMs).toISOString()]), 30_000);
    assert.equal(inMs([], { headers: ['X-RateLimit-Reset', String(resetMs)] }), 30_000);
  });

  it("reads Google's retryDelay", () => {
    assert.equal(inMs([], { retryDelay: '5s' }), 5_000);
    assert.equal(inMs([], { retryDelay: '1.25s' }), 1_250);
    assert.equal(inMs([], { retryDelay: '250ms' }), 250);
    assert.equal(inMs([], { retryDelay: 'soon' }), null);
  });

  it('reads resets_at as ISO 8601 and as an epoch', () => {
    assert.equal(inMs([], { resetsAt: '2026-11-20T12:01:30Z' }), 60_000);
    assert.equal(inMs([], { resetsAt: String(nowMs + 60_000) }), 60_000);
    assert.equal(inMs([], { resetsAt: String(nowMs / 1000 + 60) }), 60_000);
    assert.equal(inMs([], { resetsAt: 'tomorrow' }), null);
  });

  it('believes them in the order of the documentation', () => {
    const headers = [
      'x-ratelimit-reset',
      String(nowMs + 4_000),
      'retry-after-ms',
      '2000',
      'retry-after',
      '1',
    ];
    const hints = { retryAfterSeconds: 3, retryDelay: '5s', resetsAt: String(nowMs + 6_000) };
    assert.equal(inMs(headers, hints), 1_000);
    assert.equal(inMs(headers.slice(0, 4), hints), 2_000);
    assert.equal(inMs(headers.slice(0, 2), hints), 3_000);
    assert.equal(inMs(headers.slice(0, 2), { ...hints, retryAfterSeconds: null }), 4_000);
    assert.equal(inMs([], { ...hints, retryAfterSeconds: null }), 5_000);
    assert.equal(inMs([], { resetsAt: hints.resetsAt }), 6_000);
    assert.equal(inMs([]), null);
  });

  it("lets the answer's own header win over the one that the body repeats", () => {
    assert.equal(inMs(['retry-after', '1'], { headers: ['retry-after', '2'] }), 1_000);
    assert.equal(inMs(['retry-after', 'x'], { headers: ['retry-after', '2'] }), 2_000);
  });

  it('ignores what is negative, absurd or long past, and looks at the next hint', () => {
    for (const value of [
      '-5',
      '1e3',
      '',
      'NaN',
      '99999999999',
      'Fri, 20 Nov 2025 12:00:00 GMT',
      '2026-11-21',
    ]) {
      assert.equal(inMs(['retry-after', value, 'x-ratelimit-reset', String(nowMs + 9_000)]), 9_000, value);
    }
    assert.equal(inMs([], { retryAfterSeconds: -1 }), null);
    assert.equal(inMs(['x-ratelimit-reset', '30']), null);
    assert.equal(inMs(['x-ratelimit-reset', String(nowMs - 60_000)]), null);
  });

  it('takes a hint that leaves no time only where no other one leaves some', () => {
    const reset = ['x-ratelimit-reset', String(nowMs + 9_000)];
    for (const value of ['0', '0.0', 'Fri, 20 Nov 2026 12:00:29 GMT'])
      assert.equal(inMs(['retry-after', value, ...reset]), 9_000, value);
    assert.equal(inMs(['retry-after', '0'], { retryAfterSeconds: 40 }), 40_000);
    assert.equal(inMs(['retry-after', '0'], { headers: reset }), 9_000);
    assert.equal(inMs(['retry-after', '0', 'x-ratelimit-reset', '-1']), 0);
  });

  it('takes an instant that passed on the way for now', () => {
    assert.equal(inMs(['x-ratelimit-reset', String(nowMs - 300)]), 0);
    // Nor is a clock put right that is 5 s ahead.
    assert.equal(inMs(['x-ratelimit-reset', String(nowMs - 5_500)]), 0);
  });

  it('never answers with the past, whatever came', () => {
    const value = fc.oneof(fc.string(), fc.integer().map(String), fc.double().map(String));
    fc.assert(
      fc.property(value, value, fc.option(fc.double()), (header, hint, seconds) => {
        const headers = ['retry-after', header, 'retry-after-ms', hint, 'x-ratelimit-reset', header];
        const untilMs = inMs(headers, { retryAfterSeconds: seconds, retryDelay: hint, resetsAt: hint });
        assert.ok(untilMs === null || (Number.isInteger(untilMs) && untilMs >= 0));
      }),
    );
  });
});

describe('readLimit', () => {
  it('reads X-RateLimit-Limit, the first one that is there', () => {
    assert.equal(readLimit(['X-RateLimit-Limit', '16', 'X-RateLimit-Limit', '20']), 16);
    assert.equal(readLimit(['x-ratelimit-limit', '-1']), null);
    assert.equal(readLimit([]), null);
  });
});
