import assert from 'node:assert/strict';
import { errorFact } from './errors/errorFacts';
import { errorBody, type Form } from './errors/errorForms';
import type { ErrorDetails, ErrorKind } from './errors/errorKind';
import { recordedBodies } from './errors/recordedBodies';
import { ask, NOON_MS, withSimulator } from './support';

const userId = 'user_x';

function body(kind: ErrorKind, details: ErrorDetails, form: Form = 'openai'): string {
  return JSON.stringify(errorBody(errorFact(kind, details, NOON_MS), form, 'gen-1'));
}

describe('the simulator, error bodies', () => {
  it('are those that were recorded', () => {
    const minute = { userId, resetAtMs: 1_765_680_060_000 };
    assert.equal(body('dailyLimit', { userId, resetAtMs: 1_787_616_000_000 }), recordedBodies.dailyLimit);
    assert.equal(body('minuteLimit', minute), recordedBodies.minuteLimit);
    assert.equal(body('minuteLimit', minute, 'anthropic'), recordedBodies.minuteLimitAnthropic);
    assert.equal(body('providerBusy', { userId }), recordedBodies.providerBusy);
    assert.equal(body('inFlightBudget', { userId }), recordedBodies.inFlightBudget);
    assert.equal(body('capacityExhausted', { userId }), recordedBodies.capacityExhausted);
  });

  it('keep to the form of the endpoint that was called', async () => {
    await withSimulator({}, async (simulator) => {
      simulator.script({
        times: 3,
        fault: { kind: 'error', error: 'providerOverloaded', retryAfterSeconds: 3 },
      });
      const answers: [number, string | null, string][] = [];
      for (const path of ['/chat/completions', '/responses', '/messages']) {
        const response = await ask(simulator, { path });
        answers.push([response.status, response.headers.get('retry-after'), await response.text()]);
      }
      assert.deepEqual(
        answers.map(([status, hint]) => [status, hint]),
        Array(3).fill([529, '3']),
      );
      assert.match(answers[0]?.[2] ?? '', /^\{"error":\{"message":.*"http_status":529,"availability":/);
      assert.match(
        answers[1]?.[2] ?? '',
        /^\{"error":\{"code":"server_error","message":.*"metadata":null\}$/,
      );
      assert.match(answers[2]?.[2] ?? '', /^\{"type":"error","error":\{"type":"overloaded_error"/);
    });
  });

  it('are a page of HTML where Cloudflare stands in front', async () => {
    await withSimulator({}, async (simulator) => {
      simulator.script({ fault: { kind: 'error', error: 'cloudflarePage', cloudflareCode: 1015 } });
      const response = await ask(simulator);
      assert.equal(response.status, 429);
      assert.match(response.headers.get('content-type') ?? '', /^text\/html/);
      assert.match(await response.text(), /^<!DOCTYPE html>[^]*Error 1015/);
    });
  });
});
