// Every row of the errors before any output, the errors inside a 200, and the three endpoint forms.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { classifyError, reasonOf, statusOfError } from '../../../../src/proxy/errors/outcome';
import type { ErrorContext, ErrorReply, LimitOutcome, Outcome } from '../../../../src/proxy/errors/outcome';
import { dailyResetMs, documented, minuteResetMs, recorded } from '../recordedBodies';

const noonMs = dailyResetMs - 12 * 3_600_000;
const paid: ErrorContext = { nowMs: noonMs, model: 'x/y', choosesProviders: false };
const free: ErrorContext = { ...paid, model: 'x/y:free' };
const html = ['content-type', 'text/html; charset=UTF-8'];

const replyOf = (status: number, body: string, headers: readonly string[] = []): ErrorReply => ({
  status,
  headers,
  body: Buffer.from(body),
});
const classify = (
  status: number,
  body: string,
  headers: readonly string[] = [],
  context: ErrorContext = paid,
): Outcome => classifyError(replyOf(status, body, headers), context);
const busy = (untilMs: number | null, facts: { isByok?: boolean; allProviders?: boolean } = {}): Outcome => ({
  kind: 'busy',
  untilMs,
  isByok: false,
  allProviders: false,
  ...facts,
});
const limitOf = (
  kind: LimitOutcome['kind'],
  untilMs: number | null = null,
  limit: number | null = null,
): Outcome => ({ kind, untilMs, limit });
const fault = (model: 'fit' | 'unfit' | 'gone' = 'fit'): Outcome => ({ kind: 'requestFault', model });

describe('classifyError: the daily allowance', () => {
  it('is used up until the reset, which the body repeats', () => {
    const expected = { kind: 'dailyLimit', untilMs: dailyResetMs, limit: 50 };
    assert.deepEqual(classify(429, recorded.daily, [], free), expected);
  });

  it('is known by its text, with a reset far away', () => {
    for (const name of ['free-models-per-day', 'free-models-per-day-high-balance']) {
      const body = JSON.stringify({ error: { code: 429, message: `Rate limit exceeded: ${name}` } });
      const headers = ['X-RateLimit-Limit', '1000', 'X-RateLimit-Reset', String(dailyResetMs)];
      const expected = { kind: 'dailyLimit', untilMs: dailyResetMs, limit: 1000 };
      assert.deepEqual(classify(429, body, headers, free), expected);
    }
  });

  it('ends at the next midnight where its source is named and no reset is', () => {
    const body = JSON.stringify({
      error: { code: 429, metadata: { limit_source: 'openrouter_free_tier_daily' } },
    });
    assert.deepEqual(classify(429, body, [], free), { kind: 'dailyLimit', untilMs: null, limit: null });
  });

  it('is a minute where its text alone says so', () => {
    const body = JSON.stringify({
      error: { code: 429, message: 'Rate limit exceeded: free-models-per-day' },
    });
    assert.deepEqual(classify(429, body), { kind: 'minuteLimit', untilMs: null, limit: null });
  });

  it('is one whose reset has passed where the clock here is ahead, whether its source or its text names it', () => {
    const nowMs = dailyResetMs + 8_000;
    const expected = { kind: 'dailyLimit', untilMs: dailyResetMs, limit: 50 };
    assert.deepEqual(classify(429, recorded.daily, [], { ...free, nowMs }), expected);
    const body = JSON.stringify({
      error: { code: 429, message: 'Rate limit exceeded: free-models-per-day' },
    });
    for (const reset of [String(dailyResetMs), new Date(dailyResetMs).toISOString()]) {
      const headers = ['X-RateLimit-Limit', '50', 'X-RateLimit-Reset', reset];
      assert.deepEqual(classify(429, body, headers, { ...free, nowMs }), expected);
    }
  });

  it('ends at the next midnight where the reset that it names is long past', () => {
    const nowMs = dailyResetMs + 3_600_000;
    const expected = { kind: 'dailyLimit', untilMs: null, limit: 50 };
    assert.deepEqual(classify(429, recorded.daily, [], { ...free, nowMs }), expected);
  });

  it('is a short wait with a short Retry-After, and teaches no limit', () => {
    const expected = { kind: 'minuteLimit', untilMs: noonMs + 20_000, limit: null };
    assert.deepEqual(classify(429, recorded.daily, ['Retry-After', '20'], free), expected);
  });
});

describe('classifyError: the minute limit', () => {
  const nowMs = minuteResetMs - 25_000;

  it('lasts until the reset and names its limit', () => {
    const expected = { kind: 'minuteLimit', untilMs: minuteResetMs, limit: 20 };
    assert.deepEqual(classify(429, recorded.minute, [], { ...free, nowMs }), expected);
    assert.deepEqual(classify(429, recorded.anthropicMinute, [], { ...free, nowMs }), expected);
  });

  it('is one although its text mentions the day', () => {
    const message =
      'Rate limit exceeded: free-models-per-min. Add 10 credits to unlock 1000 requests per day';
    const body = JSON.stringify({ error: { code: 429, message } });
    const expected = { kind: 'minuteLimit', untilMs: nowMs + 8_000, limit: null };
    assert.deepEqual(classify(429, body, ['retry-after', '8'], { ...free, nowMs }), expected);
    const both = JSON.stringify({
      error: { code: 429, message: 'free-models-per-day; free-models-per-min' },
    });
    assert.equal(classify(429, both).kind, 'minuteLimit');
  });

  it('is left to the default where nothing says when', () => {
    const body = JSON.stringify({
      error: { code: 429, message: 'Rate limit exceeded: free-models-per-min. ' },
    });
    assert.deepEqual(classify(429, body), { kind: 'minuteLimit', untilMs: null, limit: null });
  });

  it('stays one where its source is named, whatever a wrong clock makes of its reset', () => {
    const headers = ['X-RateLimit-Reset', String(dailyResetMs)];
    const expected = { kind: 'minuteLimit', untilMs: dailyResetMs, limit: 20 };
    assert.deepEqual(classify(429, recorded.minute, headers, free), expected);
  });

  it("is a day when its text alone names it and it ends in hours, and its limit is no day's", () => {
    const headers = ['X-RateLimit-Limit', '20', 'X-RateLimit-Reset', String(dailyResetMs)];
    const body = JSON.stringify({
      error: { code: 429, message: 'Rate limit exceeded: free-models-per-min. ' },
    });
    const expected = { kind: 'dailyLimit', untilMs: dailyResetMs, limit: null };
    assert.deepEqual(classify(429, body, headers, free), expected);
  });

  it('is not longer than the clocks differ: a past reset is left to the default', () => {
    const later = { ...free, nowMs: minuteResetMs + 120_000 };
    assert.deepEqual(classify(429, recorded.minute, [], later), {
      kind: 'minuteLimit',
      untilMs: null,
      limit: 20,
    });
  });
});

describe('classifyError: a busy provider', () => {
  it('is known by limit_source, by its name, by its text', () => {
    assert.deepEqual(classify(429, recorded.busyProvider), busy(null));
    assert.deepEqual(classify(429, recorded.busyProvider, ['retry-after', '3']), busy(noonMs + 3_000));
    const byName =
      '{"error":{"code":429,"message":"Provider returned error","metadata":{"provider_name":"X"}}}';
    assert.deepEqual(classify(429, byName), busy(null));
    const byText =
      '{"error":{"code":429,"message":"x/y is temporarily rate-limited upstream. Please retry"}}';
    assert.deepEqual(classify(429, byText), busy(null));
  });

  it('speaks of all providers when the capacity is exhausted', () => {
    assert.deepEqual(classify(429, recorded.capacity), busy(noonMs + 40_000, { allProviders: true }));
    assert.deepEqual(classify(503, recorded.capacity), busy(noonMs + 40_000, { allProviders: true }));
  });

  it("says with Google's retryDelay when to come again", () => {
    assert.deepEqual(classify(429, documented.google), busy(noonMs + 5_000));
    assert.deepEqual(classify(429, documented.googleList), busy(noonMs + 5_000));
  });

  it("may be the account's own provider key", () => {
    assert.deepEqual(classify(429, documented.byok), busy(null, { isByok: true }));
  });
});

describe('classifyError: money', () => {
  it('is missing', () => {
    assert.deepEqual(classify(402, documented.noCredits), limitOf('noCredits'));
    assert.deepEqual(classify(402, ''), limitOf('noCredits'));
    assert.deepEqual(
      classify(402, '{"error":{"code":402,"message":"Insufficient credits"}}'),
      limitOf('noCredits'),
    );
  });

  it('is below zero when a free model is refused', () => {
    assert.deepEqual(classify(402, documented.noCredits, [], free), limitOf('belowZero'));
    assert.deepEqual(classify(402, '', [], { ...free, model: 'openrouter/free' }), limitOf('belowZero'));
  });

  it('does not suffice for one dear request', () => {
    assert.deepEqual(classify(402, documented.tooDear), { kind: 'requestTooDear', limits: 'account' });
  });

  it('is reserved by running requests', () => {
    const expected = limitOf('inFlightBudget', noonMs + 4_000);
    assert.deepEqual(classify(402, recorded.inFlight, ['Retry-After', '4']), expected);
    assert.deepEqual(classify(402, recorded.inFlight), limitOf('inFlightBudget', null));
  });

  it('is capped for the key, with 402 and with 403', () => {
    const untilMs = Date.parse('2026-12-01T00:00:00Z');
    for (const status of [402, 403]) {
      assert.deepEqual(classify(status, documented.keyCap), limitOf('keyCap', untilMs));
      const words = documented.keyCapInWords.replace('monthly', 'total');
      assert.deepEqual(classify(status, words), limitOf('keyCap', null));
    }
  });

  it('is capped for the key until the day, the week or the month ends that the words name', () => {
    const until = (period: string, nowMs: number): unknown => {
      const words = documented.keyCapInWords.replace('monthly', period);
      const outcome = classify(403, words, [], { ...paid, nowMs });
      return 'untilMs' in outcome && outcome.untilMs !== null && new Date(outcome.untilMs).toISOString();
    };
    // A Sunday, and the Monday after it.
    const [sundayMs, mondayMs] = [Date.UTC(2026, 10, 29, 23, 59), Date.UTC(2026, 10, 30)];
    assert.equal(until('daily', sundayMs), '2026-11-30T00:00:00.000Z');
    assert.equal(until('weekly', sundayMs), '2026-11-30T00:00:00.000Z');
    assert.equal(until('weekly', mondayMs), '2026-12-07T00:00:00.000Z');
    assert.equal(until('monthly', mondayMs), '2026-12-01T00:00:00.000Z');
    assert.equal(until('monthly', Date.UTC(2026, 11, 31, 12)), '2027-01-01T00:00:00.000Z');
  });

  it('is capped by a guardrail or a workspace', () => {
    const untilMs = Date.parse('2026-12-01T00:00:00Z');
    assert.deepEqual(classify(403, documented.guardrailBudget), limitOf('budget', untilMs));
    assert.deepEqual(classify(403, documented.workspaceBudget), limitOf('budget', null));
  });
});

describe('classifyError: the key, the request, the service', () => {
  it('knows a bad key by its status, with a body and without', () => {
    assert.deepEqual(classify(401, documented.userNotFound), limitOf('unauthorized'));
    assert.deepEqual(classify(401, ''), limitOf('unauthorized'));
  });

  it("gives moderation, guardrails and regions to the request's own fault", () => {
    for (const body of [documented.moderation, documented.guardrail, '']) {
      assert.deepEqual(classify(403, body), fault());
    }
    assert.deepEqual(classify(403, documented.region), fault('unfit'));
  });

  it("blames no key and no account for what a provider says of the account's own key with it", () => {
    assert.deepEqual(classify(401, recorded.ownKeyRefused), limitOf('ownKeyWanted'));
    const metadata = { raw: 'Insufficient Balance', provider_name: 'DeepSeek', is_byok: true };
    const broke = JSON.stringify({ error: { code: 402, message: 'Provider returned error', metadata } });
    assert.deepEqual(classify(402, broke), limitOf('ownKeyWanted'));
  });

  it("gives every other 4xx to the request's own fault, and sees the context length", () => {
    for (const status of [400, 404, 405, 409, 413, 415, 422]) {
      assert.deepEqual(classify(status, '{"error":{"message":"no"}}'), fault(), String(status));
    }
    assert.deepEqual(classify(404, '<html>not found</html>', html), fault());
    assert.deepEqual(classify(400, documented.contextLength), fault('unfit'));
    assert.deepEqual(
      classify(400, '{"error":{"code":400,"error_type":"context_length_exceeded"}}'),
      fault('unfit'),
    );
    assert.deepEqual(
      classify(
        400,
        '{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long"}}',
      ),
      fault('unfit'),
    );
  });

  it('sees a model that is gone, and one that cannot do what the request wants', () => {
    const said = (message: string, availability = {}): string =>
      JSON.stringify({ error: { code: 404, message, availability } });
    const ended = said('This variant has ended.', { code: 'free_variant_ended', retryable: false });
    for (const body of [ended, documented.noEndpoints, said('No endpoints found for x/y:free.')]) {
      assert.deepEqual(classify(404, body), fault('gone'));
      assert.deepEqual(classify(404, body, [], { ...paid, choosesProviders: true }), fault('unfit'));
    }
    assert.deepEqual(classify(400, said('x/y-alpha is not a valid model ID')), fault('gone'));
    const tooLong = said('x', { code: 'no_endpoints', excluded_by: ['context_length'] });
    assert.deepEqual(classify(404, tooLong), fault('unfit'));
    for (const what of ['support tool use', 'support image input', 'can handle the requested parameters'])
      assert.deepEqual(classify(404, said(`No endpoints found that ${what}.`)), fault('unfit'));
  });

  it('knows what is down or overloaded, and what had timed out', () => {
    for (const status of [408, 502, 503, 504, 522, 524, 529]) {
      const timedOut = [408, 504, 524].includes(status);
      assert.deepEqual(classify(status, ''), { kind: 'overloaded', untilMs: null, timedOut }, String(status));
    }
    const expected = { kind: 'overloaded', untilMs: noonMs + 7_000, timedOut: false };
    assert.deepEqual(classify(502, documented.providerDown), expected);
    assert.deepEqual(classify(500, documented.providerDown), expected);
  });

  it('believes upstream about what may pass', () => {
    const says = (retryable: boolean): string => JSON.stringify({ error: { availability: { retryable } } });
    assert.deepEqual(classify(503, says(false)), fault());
    assert.equal(classify(404, says(true)).kind, 'overloaded');
  });

  it('takes 500 and its like for internal', () => {
    for (const status of [500, 501, 505]) assert.deepEqual(classify(status, ''), { kind: 'internal' });
    assert.deepEqual(classify(500, '{"error":{"code":500,"error_type":"unmapped"}}'), { kind: 'internal' });
  });

  it("knows Cloudflare's page and codes, and not its ray id", () => {
    for (const status of [403, 429, 500, 502, 503, 520]) {
      assert.deepEqual(classify(status, documented.cloudflarePage, html), limitOf('edgeBlocked'));
      assert.deepEqual(classify(status, documented.cloudflarePage), limitOf('edgeBlocked', null));
    }
    const expected = limitOf('edgeBlocked', noonMs + 30_000);
    assert.deepEqual(classify(429, documented.cloudflareText, ['retry-after', '30']), expected);
    assert.deepEqual(classify(429, documented.cloudflareJson), expected);
    assert.deepEqual(classify(403, documented.moderation, ['cf-ray', '8f-FRA']), fault());
  });

  it("takes Cloudflare's page about a server that was too slow for a timeout, which may have been paid for", () => {
    const page =
      '<!DOCTYPE html>\n<html><head><title>openrouter.ai | 524: A timeout occurred</title></head></html>';
    for (const status of [504, 524]) {
      const expected = { kind: 'overloaded', untilMs: null, timedOut: true };
      assert.deepEqual(classify(status, page, html), expected, String(status));
      assert.equal(classify(status, documented.cloudflareText, html).kind, 'edgeBlocked', String(status));
    }
  });

  it('takes a 429 without evidence for a short wait', () => {
    for (const body of ['', 'slow down', documented.unknownLimit, '{}', '[]', 'null']) {
      assert.deepEqual(classify(429, body), limitOf('unknownLimit', null));
    }
    const expected = limitOf('unknownLimit', noonMs + 9_000);
    assert.deepEqual(classify(429, '', ['retry-after', '9']), expected);
  });

  it('never finds a day in a 429 that does not name one', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), (body, seconds) => {
        fc.pre(!body.includes('free'));
        const { kind } = classify(429, body, ['x-ratelimit-reset', String(noonMs + seconds * 1000)], free);
        assert.notEqual(kind, 'dailyLimit');
      }),
    );
  });
});

describe('classifyError: errors inside a 200', () => {
  it('take their status from the code', () => {
    assert.deepEqual(classify(200, recorded.daily, [], free), {
      kind: 'dailyLimit',
      untilMs: dailyResetMs,
      limit: 50,
    });
    assert.deepEqual(classify(200, documented.userNotFound), limitOf('unauthorized'));
    assert.deepEqual(classify(200, documented.contextLength), fault('unfit'));
    assert.equal(statusOfError(replyOf(200, documented.userNotFound)), 401);
    assert.equal(statusOfError(replyOf(200, documented.moderation.replace('"code":403,', ''))), 403);
  });

  it('stand beside partial content', () => {
    const expected = { kind: 'overloaded', untilMs: null, timedOut: false };
    assert.deepEqual(classify(200, documented.chatWithPartialContent), expected);
  });

  it('come as events of the three endpoint forms', () => {
    const nowMs = minuteResetMs - 10_000;
    const expected = { kind: 'minuteLimit', untilMs: minuteResetMs, limit: null };
    assert.deepEqual(classify(200, documented.chatEvent, [], { ...free, nowMs }), expected);
    assert.deepEqual(classify(200, documented.responsesFailed), busy(null));
    assert.deepEqual(classify(200, documented.responsesError), { kind: 'internal' });
    assert.equal(classify(200, documented.anthropicEvent).kind, 'overloaded');
    assert.equal(statusOfError(replyOf(200, documented.anthropicEvent)), 529);
  });

  it('are a bad gateway when they name no status', () => {
    assert.equal(statusOfError(replyOf(200, '{"error":{"message":"oops","code":"ECONNRESET"}}')), 502);
    assert.equal(classify(200, '{"error":{"message":"oops"}}').kind, 'overloaded');
  });

  it("leave an error's own status alone", () => {
    assert.equal(statusOfError(replyOf(503, documented.userNotFound)), 503);
  });
});

describe('reasonOf', () => {
  it("is the outcome's kind, or the fault's code", () => {
    assert.equal(reasonOf(limitOf('noCredits')), 'noCredits');
    assert.equal(reasonOf({ kind: 'fault', fault: { code: 'headTimeout' } }), 'headTimeout');
  });
});

describe('classifyError: the narrowest thing that the words support', () => {
  const error = (message: string, metadata: object = {}, more: object = {}): string =>
    JSON.stringify({ error: { code: 429, message, metadata, ...more } });

  it("finds one model's minute on one account", () => {
    const words =
      'Rate limit exceeded: limit_rpm/vendor/model-a/a9bb. High demand for vendor/model-a:free on OpenRouter - limited to 8 requests per minute. Please retry shortly.';
    const headers = { 'X-RateLimit-Limit': '8', 'X-RateLimit-Reset': String(noonMs + 45_000) };
    assert.deepEqual(classify(429, error(words, { headers })), limitOf('modelLimit', noonMs + 45_000, 8));
    const young = error('Rate limit exceeded: new-account-rpm/x/y-20260609.', {
      limit_source: 'openrouter_new_account',
    });
    assert.deepEqual(classify(429, young), limitOf('modelLimit'));
  });

  it('finds capacity that all users share, for the day where it says so', () => {
    const shared = error('limit_tpm/x/y', { limit_source: 'openrouter_shared_capacity' });
    assert.deepEqual(classify(429, shared), limitOf('sharedCapacity'));
    const daily = error("Daily limit reached for x/y via Someone. Credits don't affect this cap.");
    assert.deepEqual(classify(429, daily), limitOf('sharedCapacity', dailyResetMs));
    assert.deepEqual(classify(429, error('High demand for x/y')), limitOf('sharedCapacity'));
  });

  it("finds a cloaked model's day", () => {
    const metadata = { limit_source: 'openrouter_free_tier_daily' };
    const cloaked = { ...paid, model: 'openrouter/sun-alpha' };
    assert.deepEqual(classify(429, error('', metadata), [], cloaked), limitOf('modelDailyLimit'));
    const words = error('Rate limit exceeded: free-models-per-day-stealth');
    assert.deepEqual(classify(429, words, [], cloaked), limitOf('modelDailyLimit'));
  });

  it('finds a request that is too dear, whatever its source says, and whose purse it is', () => {
    const words = (page: string): string =>
      `This request requires more credits, or fewer max_tokens. You requested up to 65536 tokens, but can only afford 30104. To increase, visit https://openrouter.ai/settings/${page}`;
    const ofAccount = { kind: 'requestTooDear', limits: 'account' };
    assert.deepEqual(classify(402, error(words('credits'))), ofAccount);
    assert.deepEqual(
      classify(402, error(words('credits'), { limit_source: 'openrouter_credits' })),
      ofAccount,
    );
    assert.deepEqual(classify(402, error('Prompt tokens limit exceeded: 9000 > 700')), ofAccount);
    assert.deepEqual(classify(402, error('max_tokens limit exceeded')), ofAccount);
    assert.deepEqual(classify(402, error(words('keys'))), { kind: 'requestTooDear', limits: 'key' });
    const older =
      'More credits are required to run this request. 16384 token capacity required, 4000 available. To increase, visit https://openrouter.ai/settings/credits and upgrade to a paid account';
    assert.deepEqual(classify(402, error(older)), ofAccount);
  });

  it("finds the key's purse by the link", () => {
    const words = 'Insufficient credits. Visit https://openrouter.ai/settings/keys and raise the limit';
    assert.deepEqual(classify(402, error(words)), limitOf('keyCap'));
  });

  it('finds credits that could not be checked in time', () => {
    const metadata = { limit_source: 'openrouter_admission_control', headers: { 'Retry-After': '10' } };
    assert.deepEqual(classify(429, error('', metadata)), limitOf('inFlightBudget', noonMs + 10_000));
  });

  it("finds settings of the account, unless the request's own providers are missing", () => {
    const guardrail = error('No endpoints available matching your guardrail restrictions and data policy.');
    assert.deepEqual(classify(404, guardrail), limitOf('policy'));
    assert.deepEqual(classify(404, error('No endpoints found matching your data policy')), limitOf('policy'));
    const allowed = error('No allowed providers are available for the selected model.');
    assert.deepEqual(classify(404, allowed), limitOf('policy'));
    assert.deepEqual(classify(404, allowed, [], { ...paid, choosesProviders: true }), fault());
    const ignored = error(
      'All providers have been ignored. To change your default ignored providers, visit: https://openrouter.ai/settings/preferences',
    );
    assert.deepEqual(classify(404, ignored), limitOf('policy'));
    assert.deepEqual(classify(404, ignored, [], { ...paid, choosesProviders: true }), fault());
    const age = error('This model requires you to complete the following before use: 18+ age confirmation.', {
      missing_attestation_types: ['age_18plus'],
    });
    assert.deepEqual(classify(403, age), limitOf('policy'));
    for (const status of [400, 404])
      for (const missing of ['Preset not found: mine', 'Preset "mine" does not exist'])
        assert.deepEqual(classify(status, error(missing)), limitOf('policy'), missing);
    const region = error('x', {}, { availability: { code: 'no_endpoints', excluded_by: ['geo'] } });
    assert.deepEqual(classify(404, region), limitOf('policy'));
    const ownKey = error(
      'Provider X is requiring a key to access this model. Add it in settings/integrations',
    );
    assert.deepEqual(classify(403, ownKey), limitOf('ownKeyWanted'));
    assert.deepEqual(classify(404, error('No endpoints found that support tool use.')), fault('unfit'));
  });

  it('finds the purse in an error that another one wraps', () => {
    assert.deepEqual(classify(402, recorded.wrapped), { kind: 'requestTooDear', limits: 'key' });
  });

  it('finds a budget, whosever it is', () => {
    for (const whose of ['guardrail', 'workspace', 'workspace_default_member'])
      assert.deepEqual(
        classify(403, error('', { limit_source: `openrouter_${whose}_budget` })),
        limitOf('budget'),
      );
  });
});
