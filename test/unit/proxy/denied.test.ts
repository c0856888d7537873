// What a client is told when no lease was given.
import assert from 'node:assert/strict';
import type { Denial } from '../../../src/keys/denial';
import { refusalOf, type DenialContext } from '../../../src/proxy/denied';

const nowMs = Date.UTC(2026, 0, 15, 12);
const context: DenialContext = {
  nowMs,
  timezone: 'UTC',
  exhaustedStatus: 429,
  model: 'x/y',
  triedKeys: 0,
};
const denial: Denial = { kind: 'exhausted', requestClass: 'paid', retryAtMs: null, accounts: [] };

describe('refusalOf', () => {
  it('never speaks of accounts without anything left where none is named', () => {
    for (const requestClass of ['free', 'paid', 'unmetered'] as const) {
      const { message } = refusalOf({ ...denial, requestClass, retryAtMs: nowMs + 120_000 }, context);
      assert.equal(
        message,
        'No account can serve this request in time until 12:02 (UTC). Try again later, or use another model.',
      );
    }
  });

  it('tells that the keys are not loaded yet, and to come again soon', () => {
    const refusal = refusalOf({ ...denial, kind: 'keysAwaited' }, context);
    assert.deepEqual([refusal.status, refusal.code], [503, 'keys_not_loaded']);
    assert.match(refusal.message, /keys are not loaded yet/);
    const headers = refusal.headers(nowMs);
    assert.equal(headers[headers.indexOf('retry-after') + 1], '5');
  });

  it('does not call another account useless where the model may be busy for these alone', () => {
    const { message, code } = refusalOf(
      { ...denial, kind: 'modelBusy', retryAtMs: nowMs + 120_000 },
      context,
    );
    assert.equal(code, 'model_busy');
    assert.equal(
      message,
      'The providers of x/y are busy until 12:02 (UTC) for every account that could serve this request. Try later, or use another model.',
    );
  });
});
