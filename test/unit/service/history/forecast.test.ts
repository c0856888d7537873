import assert from 'node:assert/strict';
import { forecast } from '../../../../src/service/history/forecast';

const nowMs = Date.UTC(2026, 10, 22, 18);
const hourMs = 3_600_000;
const wheel = { freeLeft: 120, freeLimit: 1000, resetAtMs: nowMs + 6 * hourMs };

describe('forecast', () => {
  it('says until when what is left lasts at the pace of the last hour', () => {
    assert.deepEqual(forecast(wheel, 60, nowMs), { kind: 'until', perHour: 60, untilMs: nowMs + 2 * hourMs });
  });

  it('says that it lasts where the reset comes first', () => {
    assert.deepEqual(forecast(wheel, 20, nowMs), { kind: 'lasts', perHour: 20 });
    assert.equal(forecast(wheel, 21, nowMs).kind, 'until');
  });

  it('tells no pace of a few requests', () => {
    assert.deepEqual(forecast(wheel, 2, nowMs), { kind: 'quiet' });
  });

  it('tells nothing where nothing is left, or nothing free is served', () => {
    assert.deepEqual(forecast({ ...wheel, freeLeft: 0 }, 60, nowMs), { kind: 'usedUp' });
    assert.deepEqual(forecast({ freeLeft: 0, freeLimit: 0, resetAtMs: null }, 60, nowMs), { kind: 'none' });
  });
});
