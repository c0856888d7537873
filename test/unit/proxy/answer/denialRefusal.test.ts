// The answer to a client when no lease was given.
import assert from 'node:assert/strict';
import type { AccountStanding, Denial } from '../../../../src/keys/denials';
import { refusalOf, refusalOfPaid, type DenialContext } from '../../../../src/proxy/answer/denialRefusal';

const nowMs = Date.UTC(2026, 0, 15, 12);
const context: DenialContext = {
  nowMs,
  timezone: 'UTC',
  exhaustedStatus: 429,
  model: 'x/y',
  triedKeys: 0,
  isFreeOnly: false,
};
const denial: Denial = { kind: 'exhausted', requestClass: 'paid', retryAtMs: null, accounts: [] };

type Reason = AccountStanding['reason'];
const money: readonly Reason[] = [
  'noCredits',
  'belowZero',
  'keyCap',
  'budget',
  'keysOff',
  'keysRefused',
  'keysUnfit',
];
const minutes: readonly Reason[] = ['minuteLimit', 'inFlightBudget', 'unauthorized', 'edgeBlocked'];
const all: readonly Reason[] = [...money, ...minutes, 'dailyLimit', 'ownLimit'];

/** A denial of accounts that are held back for these reasons. */
function refused(
  reasons: readonly Reason[],
  exhaustedStatus = 429,
  freeLimit = 50,
): ReturnType<typeof refusalOf> {
  const accounts = reasons.map((reason, index) => ({
    accountId: String(index),
    name: `account ${index}`,
    reason,
    untilMs: reason === 'keysOff' ? null : nowMs + 30_000,
    freeLimit,
  }));
  const requestClass = reasons.includes('dailyLimit') ? 'free' : 'paid';
  return refusalOf(
    { ...denial, requestClass, accounts, retryAtMs: nowMs + 30_000 },
    { ...context, exhaustedStatus },
  );
}

describe('refusalOf', () => {
  it('follows in status and advice from the reasons, in every combination of them', () => {
    const combinations = Array.from({ length: 2 ** all.length - 1 }, (_, bits) =>
      all.filter((_reason, index) => ((bits + 1) >> index) % 2 === 1),
    );
    for (const reasons of combinations) {
      const has = (some: readonly Reason[]): boolean => reasons.some((reason) => some.includes(reason));
      const isMoneyAlone = reasons.every((reason) => money.includes(reason));
      for (const exhaustedStatus of [429, 402, 503]) {
        const { status, code } = refused(reasons, exhaustedStatus);
        assert.deepEqual([status, code], [isMoneyAlone ? 402 : exhaustedStatus, 'accounts_exhausted']);
      }
      const advice = refused(reasons).message.split('. ').at(-1) ?? '';
      if (!has(['dailyLimit'])) assert.doesNotMatch(advice, /bought/, String(reasons));
      if (has(minutes)) assert.doesNotMatch(advice, /credits|raise|paid model/, String(reasons));
      else if (has(['noCredits', 'belowZero'])) assert.match(advice, /add credits/i, String(reasons));
      if (has(money)) assert.doesNotMatch(advice, /paid model/, String(reasons));
      assert.match(advice, /^[A-Z].*[^.]\.$/);
    }
  });

  it('advises to buy a larger day only where one can be bought', () => {
    assert.match(refused(['dailyLimit']).message, /1000 free requests a day/);
    assert.match(refused(['dailyLimit', 'belowZero']).message, /Wait until then, or add credits at \S+\.$/);
    const { message } = refused(['dailyLimit'], 429, 1_000);
    assert.match(message, /Wait until then, or use a paid model\.$/);
  });

  it('says of a request that may cost what of it costs: the model, or what it uses beside a free one', () => {
    assert.match(
      refusalOfPaid('x/y').message,
      /and x\/y may cost\. Choose a model that ends in ":free", or turn off/,
    );
    assert.match(
      refusalOfPaid('x/y:free').message,
      /and this request for x\/y:free may cost\. Leave out web search and other tools that OpenRouter charges for, or/,
    );
  });

  it('names for each account why none of its keys can be used', () => {
    const standing = (reason: Reason): AccountStanding => {
      return { accountId: reason, name: reason, reason, untilMs: null, freeLimit: 50 };
    };
    const said = (...reasons: readonly Reason[]): ReturnType<typeof refusalOf> =>
      refusalOf({ ...denial, kind: 'noKeys', accounts: reasons.map(standing) }, context);
    assert.equal(
      said('keysRefused', 'keysOff').message,
      'None of Keywheel’s keys can serve this request: keysRefused: OpenRouter refused the key; keysOff: no key of it is on for this. Check the key at openrouter.ai/settings/keys, and replace it in Keywheel, or allow such requests for a key in Keywheel’s dashboard.',
    );
    assert.deepEqual([said('keysUnfit').code, said('keysUnfit').status], ['no_usable_key', 402]);
  });

  it('advises no paid model where nothing may cost', () => {
    const accounts = [
      { accountId: 'a', name: 'a', reason: 'dailyLimit', untilMs: nowMs, freeLimit: 1_000 },
    ] as const;
    const told = { ...denial, requestClass: 'free', accounts } as const;
    assert.match(refusalOf(told, { ...context, isFreeOnly: true }).message, / Wait until then\.$/);
  });

  it('tells programs instants in whole milliseconds, as OpenRouter does', () => {
    const reason = 'minuteLimit' as const;
    const accounts = [{ accountId: 'a', name: 'a', reason, untilMs: nowMs + 0.25, freeLimit: 50 }];
    const body = refusalOf({ ...denial, accounts }, context).body('openai', 'id');
    assert.ok(
      body.includes(`"accounts":[{"name":"a","reason":"minuteLimit","until_ms":${nowMs + 1}}]`),
      body,
    );
  });

  it('names the user’s own limit, and sells nothing to somebody who has set it', () => {
    assert.match(
      refused(['ownLimit']).message,
      /account 0: the limit that you set for its day is reached until .*\. Raise that limit in Keywheel, or use a paid model\.$/,
    );
    assert.match(
      refused(['ownLimit', 'dailyLimit']).message,
      /Raise that limit in Keywheel, or wait until then, .*bought/,
    );
  });

  it('never speaks of accounts without anything left where none is named', () => {
    for (const requestClass of ['free', 'paid', 'unmetered'] as const) {
      const { message } = refusalOf({ ...denial, requestClass, retryAtMs: nowMs + 120_000 }, context);
      assert.equal(
        message,
        'No account can serve this request until 12:02 (UTC). Try again later, or use another model.',
      );
    }
  });

  it('tells no time that comes before the end, and the same one for ends that differ by a moment', () => {
    const toldAt = (atMs: number): string | undefined =>
      /until ([\d:]+)/.exec(refusalOf({ ...denial, retryAtMs: atMs }, context).message)?.[1];
    const midnightMs = Date.UTC(2026, 0, 16);
    for (const offMs of [-200, 0, 200]) assert.equal(toldAt(midnightMs + offMs), '00:00');
    assert.equal(toldAt(nowMs + 90_000), '12:02');
    assert.equal(toldAt(nowMs + 30_000), '12:00:30');
  });

  it('names no time at which credits would come: nobody knows one', () => {
    for (const reason of ['noCredits', 'belowZero'] as const) {
      assert.doesNotMatch(refused([reason, reason]).message, /until/, reason);
      assert.match(
        refused([reason, 'keyCap']).message,
        /request until [^:]+:\d\d:[^;]+; account 1: .+ until /,
      );
      assert.doesNotMatch(refused([reason, 'keyCap']).message, /account 0: [^;]+ until/);
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
      'x/y is busy, or at a limit of its own, until 12:02 (UTC) for every account that could serve this request. Try later, or use another model.',
    );
  });
});
