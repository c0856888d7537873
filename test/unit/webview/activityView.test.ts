import assert from 'node:assert/strict';
import type { ExchangeView } from '../../../src/service/snapshot';
import {
  activityColumns,
  exchangeRow,
  filterOptions,
  isShown,
  liveRow,
  newestFirst,
  nextSort,
  noFilter,
  sorted,
  trailOf,
  type ActivitySort,
} from '../../../src/webview/activityView';
import { exchangeView } from '../service/exchanges';
import { english, nowMs, runningView } from '../vscode/views';

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
      [row.at, row.client, row.what, row.key, row.end.text, row.tries, row.took, row.tokens],
      ['18:00:00', 'Cline', 'a/b:free', 'Private', 'Answered', '2', '2.5 s', '1.2K / 34'],
    );
    assert.equal(exchangeRow(refused, english).end.text, 'Refused (429)');
    assert.equal(exchangeRow(exchangeView({ model: null }), english).what, 'POST /api/v1/chat/completions');
  });

  it('gives the date of what was not today', () => {
    const yesterday = exchangeView({ startedAtMs: nowMs - 20 * 3_600_000 });
    assert.equal(exchangeRow(yesterday, english).at, 'Nov 21, 22:00');
  });

  it('is filtered by key, model, client and outcome', () => {
    const shown = (change: Partial<typeof noFilter>): number[] =>
      [exchangeView({}), refused]
        .filter((one) => isShown(one, { ...noFilter, ...change }, english))
        .map(({ id }) => id);
    assert.deepEqual(shown({}), [1, 2]);
    assert.deepEqual(shown({ keyId: 'aaaaaaaaaaaa' }), [1]);
    assert.deepEqual(shown({ model: 'x/y' }), [2]);
    assert.deepEqual(shown({ client: 'Cline' }), [1]);
    assert.deepEqual(shown({ end: 'refused', client: 'Cline' }), []);
  });

  it('is searched by all words of a text that are to be seen in the row or in its trail', () => {
    const [first, ...others] = exchangeView({}).attempts;
    assert.ok(first);
    const exchange = exchangeView({
      end: 'failed',
      message: 'Nothing is left.',
      attempts: [{ ...first, keyLabel: '', outcome: 'notSent' }, ...others],
    });
    const shown = (text: string): boolean => isShown(exchange, { ...noFilter, text }, english);
    const seen = [
      'interrupted',
      'no connection',
      'removed key aaaa',
      'chat/completions',
      '2.5 s',
      '1.2K free',
    ];
    for (const text of ['', 'cline a/b', 'NOTHING left', 'private answer', '200', ...seen])
      assert.equal(shown(text), true, text);
    for (const text of ['continue', 'cline x/y']) assert.equal(shown(text), false, text);
  });

  it('is sorted by each of its columns, texts from A and figures from the highest at first', () => {
    const list = [
      exchangeView({ id: 3, client: 'Zed', endedAtMs: nowMs + 900 }),
      exchangeView({ id: 2, startedAtMs: nowMs - 1000, model: 'z/z', end: 'failed', usage: null }),
      exchangeView({ id: 1, startedAtMs: nowMs - 2000, attempts: [] }),
    ];
    const ids = (sort: ActivitySort): number[] => sorted(list, sort, english).map(({ id }) => id);
    const first = {
      at: [3, 2, 1],
      client: [2, 1, 3],
      what: [3, 1, 2],
      end: [3, 1, 2],
      key: [1, 3, 2],
      tries: [3, 2, 1],
      took: [1, 2, 3],
      tokens: [3, 1, 2],
    };
    for (const column of activityColumns) {
      const other: ActivitySort = { column: column === 'at' ? 'took' : 'at', isDescending: false };
      assert.deepEqual(ids(nextSort(other, column)), first[column], column);
    }
  });

  it('is turned round by a second click, and leaves what is equal newest first', () => {
    assert.deepEqual(nextSort(newestFirst, 'at'), { column: 'at', isDescending: false });
    const list = [exchangeView({ id: 2 }), exchangeView({ id: 1 })];
    for (const isDescending of [true, false])
      assert.deepEqual(
        sorted(list, { column: 'what', isDescending }, english).map(({ id }) => id),
        [2, 1],
      );
  });

  it('offers what there is to filter by, once', () => {
    const options = filterOptions([exchangeView({}), exchangeView({ id: 3 }), refused], noFilter, english.t);
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

  it('goes on to offer what was chosen when the last request of it has gone', () => {
    const chosen = { ...noFilter, keyId: 'aaaaaaaaaaaa', model: 'a/b:free', client: 'Cline' };
    const { keyId, model, client } = filterOptions([refused], chosen, english.t);
    assert.deepEqual(keyId.at(-1), ['aaaaaaaaaaaa', 'removed key aaaa']);
    assert.deepEqual(model.at(1), ['a/b:free', 'a/b:free']);
    assert.deepEqual(client.at(1), ['Cline', 'Cline']);
  });

  it('opens to its trail: attempts, waits, reasons, times', () => {
    assert.deepEqual(trailOf(exchangeView({}), english).attempts, [
      ['0 ms', '0 ms', 'Private', 'Provider is busy', '429'],
      ['1.0 s', '900 ms', 'Private', 'Answered', '200'],
    ]);
    assert.deepEqual(trailOf(exchangeView({}), english).facts[0], ['Time', 'Nov 22, 18:00:00']);
    const odd = exchangeView({});
    const attempts = odd.attempts.map((attempt) => ({
      ...attempt,
      outcome: 'newFault',
      status: null,
      atMs: nowMs,
    }));
    assert.equal(trailOf({ ...odd, attempts }, english).attempts[0]?.[3], 'newFault');
  });

  it('names what OpenRouter tried itself before it gave up', () => {
    const [attempt] = exchangeView({}).attempts;
    assert.ok(attempt);
    const exchange = exchangeView({
      attempts: [{ ...attempt, previous: ['DeepInfra 429', 'Together 503'] }],
    });
    assert.equal(
      trailOf(exchange, english).attempts[0]?.[3],
      'Provider is busy (OpenRouter tried DeepInfra 429, Together 503)',
    );
  });

  it('calls a key without a label by its id', () => {
    const attempts = exchangeView({}).attempts.map((attempt) => ({ ...attempt, keyLabel: '' }));
    const removed = exchangeView({ attempts });
    assert.equal(exchangeRow(removed, english).key, 'removed key aaaa');
    assert.equal(trailOf(removed, english).attempts[0]?.[2], 'removed key aaaa');
    assert.deepEqual(filterOptions([removed], noFilter, english.t).keyId.at(-1), [
      'aaaaaaaaaaaa',
      'removed key aaaa',
    ]);
    const keyless = exchangeView({
      attempts: attempts.slice(0, 1).map((attempt) => ({ ...attempt, keyId: '' })),
    });
    assert.equal(trailOf(keyless, english).attempts[0]?.[2], '–');
  });
});

describe('a request that has not ended', () => {
  it('says that it waits, until when, and when it is given up', () => {
    const row = liveRow(runningView({ nextAtMs: nowMs + 41_000, endsAtMs: nowMs + 90_000 }), english);
    assert.equal(row.state.text, 'Waiting, next slot at 18:00:41');
    assert.equal(row.state.untilMs, nowMs + 41_000);
    assert.equal(row.what, 'Cline · a/b:free');
    assert.equal(row.note, 'gives up at 18:01:30');
    const unknown = liveRow(runningView({}), english);
    assert.deepEqual(unknown.state, { text: 'Waiting for a free slot', tone: 'warn' });
  });

  it('says what it is tried again for, and which key serves it', () => {
    const pausing = { stage: 'pausing', outcome: 'notSent', attempts: 2, nextAtMs: nowMs + 4_000 } as const;
    const retried = liveRow(runningView(pausing), english);
    assert.equal(retried.state.text, 'No connection to OpenRouter. Trying again');
    assert.equal(retried.note, 'attempt 3');
    const answering = liveRow(runningView({ stage: 'answering', keyLabel: 'anna', model: null }), english);
    assert.deepEqual(answering.state, { text: 'Answering', tone: 'good' });
    assert.equal(answering.what, 'Cline · POST /api/v1/chat/completions');
    assert.equal(answering.note, 'key anna');
  });
});

describe('the trail of a refused request', () => {
  it('begins with the words that the client got', () => {
    assert.equal(trailOf(exchangeView({ message: 'Nothing is left.' }), english).message, 'Nothing is left.');
    assert.equal(trailOf(exchangeView({}), english).message, '');
  });
});
