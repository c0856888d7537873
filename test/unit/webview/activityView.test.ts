import assert from 'node:assert/strict';
import type { ExchangeView } from '../../../src/service/snapshot';
import { exchangeRow, filterOptions, isShown, noFilter, trailOf } from '../../../src/webview/activityView';
import { exchangeView } from '../service/exchanges';
import { english, nowMs } from '../vscode/views';

const refused: ExchangeView = exchangeView({
  id: 2,
  client: 'Continue',
  model: 'x/y',
  end: 'refused',
  status: 429,
  usage: null,
  attempts: [],
});

describe('the activity list', () => {
  it('shows an exchange in one line', () => {
    const row = exchangeRow(exchangeView({}), english);
    assert.deepEqual(
      [row.at, row.client, row.what, row.key, row.end.text, row.attempts, row.took, row.tokens],
      ['18:00:00', 'Cline', 'a/b:free', 'Private', 'Answered', '2', '2.5 s', '1.2K / 34'],
    );
    assert.equal(exchangeRow(refused, english).end.text, 'Refused (429)');
    assert.equal(exchangeRow(exchangeView({ model: null }), english).what, 'POST /api/v1/chat/completions');
  });

  it('is filtered by key, model, client and outcome', () => {
    const shown = (change: Partial<typeof noFilter>): number[] =>
      [exchangeView({}), refused]
        .filter((one) => isShown(one, { ...noFilter, ...change }))
        .map(({ id }) => id);
    assert.deepEqual(shown({}), [1, 2]);
    assert.deepEqual(shown({ keyId: 'aaaaaaaaaaaa' }), [1]);
    assert.deepEqual(shown({ model: 'x/y' }), [2]);
    assert.deepEqual(shown({ client: 'Cline' }), [1]);
    assert.deepEqual(shown({ end: 'refused', client: 'Cline' }), []);
  });

  it('offers what there is to filter by, once', () => {
    const options = filterOptions([exchangeView({}), exchangeView({ id: 3 }), refused], english.t);
    assert.deepEqual(
      options.model.map(([value]) => value),
      ['', 'a/b:free', 'x/y'],
    );
    assert.deepEqual(options.keyId, [
      ['', 'All keys'],
      ['aaaaaaaaaaaa', 'Private'],
    ]);
    assert.equal(options.end.length, 5);
  });

  it('opens to its trail: attempts, waits, reasons, times', () => {
    assert.deepEqual(trailOf(exchangeView({}), english).attempts, [
      ['0.0 s', '0.0 s', 'Private', 'Provider is busy', '429'],
      ['1.0 s', '0.9 s', 'Private', 'Answer', '200'],
    ]);
    const odd = exchangeView({});
    const attempts = odd.attempts.map((attempt) => ({
      ...attempt,
      outcome: 'newFault',
      status: null,
      atMs: nowMs,
    }));
    assert.equal(trailOf({ ...odd, attempts }, english).attempts[0]?.[3], 'newFault');
  });

  it('calls a key without a label by its id', () => {
    const attempts = exchangeView({}).attempts.map((attempt) => ({ ...attempt, keyLabel: '' }));
    const removed = exchangeView({ attempts });
    assert.equal(exchangeRow(removed, english).key, 'aaaaaaaaaaaa');
    assert.equal(trailOf(removed, english).attempts[0]?.[2], 'aaaaaaaaaaaa');
    assert.deepEqual(filterOptions([removed], english.t).keyId.at(-1), ['aaaaaaaaaaaa', 'aaaaaaaaaaaa']);
    const keyless = exchangeView({
      attempts: attempts.slice(0, 1).map((attempt) => ({ ...attempt, keyId: '' })),
    });
    assert.equal(trailOf(keyless, english).attempts[0]?.[2], '–');
  });
});
