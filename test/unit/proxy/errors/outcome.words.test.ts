// Words that people recorded from the live service and that nothing but the words tells apart.
import assert from 'node:assert/strict';
import { classifyError, statusOfError, type ErrorContext } from '../../../../src/proxy/errors/outcome';
import type { ErrorReply, LimitOutcome, Outcome } from '../../../../src/proxy/errors/outcome';

const nowMs = Date.UTC(2026, 9, 1, 12);
const context: ErrorContext = { nowMs, model: 'x/y', choosesProviders: false };

const replyOf = (status: number, body: object, headers: readonly string[] = []): ErrorReply => ({
  status,
  headers,
  body: Buffer.from(JSON.stringify(body)),
});
const said = (status: number, message: string, metadata: object = {}, headers: string[] = []): Outcome =>
  classifyError(replyOf(status, { error: { code: status, message, metadata } }, headers), context);
const limitOf = (kind: LimitOutcome['kind'], untilMs: number | null = null): Outcome => ({
  kind,
  untilMs,
  limit: null,
});
const fault = (model: 'fit' | 'unfit' | 'gone'): Outcome => ({ kind: 'requestFault', model });

describe('the words of a 402', () => {
  const keyPages = ['settings/keys', 'keys', 'workspaces/default/keys', 'workspaces/default/keys/0a1b2c'];

  it("name the key's purse by any link to its page, whatever their source is", () => {
    for (const page of keyPages) {
      const dear = `You requested up to 32768 tokens, but can only afford 5142. To increase, visit https://openrouter.ai/${page} and adjust the key's daily limit`;
      const metadata = { limit_source: 'openrouter_credits', provider_name: null };
      assert.deepEqual(said(402, dear, metadata), { kind: 'requestTooDear', limits: 'key' }, page);
      assert.deepEqual(
        said(402, `Insufficient credits. See https://openrouter.ai/${page}`),
        limitOf('keyCap'),
      );
    }
  });

  it('refuse an image or a video alone where the balance has to be higher for one', () => {
    const words = 'This request requires at least $1.00 in balance for image or video output';
    for (const [limit_source, limits] of [
      ['openrouter_key_limit', 'key'],
      ['openrouter_credits', 'account'],
    ] as const)
      assert.deepEqual(said(402, words, { limit_source }), { kind: 'requestTooDear', limits });
  });

  it('tell of money that is bound for a while where they tell until when', () => {
    const words = 'This request would exceed your available credits given your current in-flight requests.';
    assert.deepEqual(said(402, words, {}, ['retry-after', '2']), limitOf('inFlightBudget', nowMs + 2_000));
  });
});

describe('the words about a model', () => {
  it('say that its free variant has ended', () => {
    const words =
      'This model is unavailable for free. The paid version is available now - use this slug instead: x/y';
    for (const status of [400, 404]) assert.deepEqual(said(status, words), fault('gone'));
    const cloaked =
      'Elephant Alpha was a stealth model revealed on April 21st as Ling-2.6-flash. Find it here: x';
    assert.deepEqual(said(404, cloaked), fault('gone'));
  });

  it('say that it serves no such client, place or request, another model may', () => {
    const metadata = { failed_routing_step: 'Gate Free Endpoints by Agentic Harness' };
    assert.deepEqual(said(403, 'x/y:free is only available on agentic harnesses.', metadata), fault('unfit'));
    assert.deepEqual(said(403, 'This model is not available in your region.'), fault('unfit'));
    const terms = 'The request is prohibited due to a violation of provider Terms Of Service.';
    assert.deepEqual(said(403, terms, { provider_name: null }), fault('unfit'));
  });

  it('come from its provider, which refuses whoever asks', () => {
    for (const [status, raw] of [
      [404, ''],
      [403, '{"code":30001,"message":"Sorry, your account balance is insufficient"}'],
      [403, '{"error":{"code":"unsupported_country_region_territory"}}'],
    ] as const) {
      const metadata = { raw, provider_name: 'Nvidia', is_byok: false };
      assert.deepEqual(said(status, 'Provider returned error', metadata), fault('unfit'), raw);
    }
  });

  it("come from its provider about a key of the account's own there, which others do not use", () => {
    const raw = (message: string): string => JSON.stringify({ error: { message } });
    const own = { provider_name: 'Google AI Studio', is_byok: true };
    const invalid = raw('API key not valid. Please pass a valid API key.');
    const denied = raw('Your project has been denied access.');
    assert.deepEqual(said(400, 'Provider returned error', { ...own, raw: invalid }), limitOf('ownKeyWanted'));
    assert.deepEqual(said(403, 'Provider returned error', { ...own, raw: denied }), limitOf('ownKeyWanted'));
    const bad = raw('Invalid JSON payload received.');
    assert.deepEqual(said(400, 'Provider returned error', { ...own, raw: bad }), fault('fit'));
    const openRouters = { ...own, is_byok: false, raw: invalid };
    assert.deepEqual(said(400, 'Provider returned error', openRouters), fault('fit'));
  });

  it('say in the words of each provider that the request is too long for it', () => {
    for (const words of [
      'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
      'Input is too long for requested model.',
      "This model's maximum prompt length is 131072 but the request contains 200000 tokens.",
      'Please reduce the length of the messages or completion.',
      'Range of input length should be [1, 98304]',
      'input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000',
      'Request content length exceeded 32 MB limit.',
      'Exceeded maximum number of images (50) allowed in the request.',
      'tokens in request more than max tokens allowed',
      'Prompt has 5,958,968 tokens, but the configured context size is 256,000 tokens',
    ]) {
      const metadata = { raw: JSON.stringify({ error: { message: words } }), provider_name: 'X' };
      assert.deepEqual(said(400, 'Provider returned error', metadata), fault('unfit'), words);
    }
    // The provider's own gateway wraps the error that it passes on.
    const details = JSON.stringify({ error: { message: 'exceeds the maximum context length of 131072' } });
    for (const raw of [
      { error: { message: 'Backend request failed with status 400', details } },
      { detail: 'exceeds the maximum context length of 131072' },
    ]) {
      const metadata = { raw: JSON.stringify(raw), provider_name: 'GMICloud' };
      assert.deepEqual(said(400, 'Provider returned error', metadata), fault('unfit'));
    }
  });

  it('may come from a provider that another one stood in for only because it was busy', () => {
    const words = 'Invalid thought signature.';
    const after = (...previous_errors: readonly unknown[]): Outcome => {
      const metadata = { raw: JSON.stringify({ error: { message: words } }), provider_name: 'Google' };
      return said(400, 'Provider returned error', { ...metadata, previous_errors });
    };
    for (const code of [429, 503, '529', 500])
      assert.deepEqual(after({ code: 400 }, { code, provider_name: 'Google AI Studio' }), {
        kind: 'internal',
      });
    for (const code of [400, 402, 404, 'x', null]) assert.deepEqual(after({ code }), fault('fit'));
    assert.deepEqual(after(), fault('fit'));
  });

  it('deny once in passing that the request named one', () => {
    assert.deepEqual(said(400, 'No models provided'), { kind: 'internal' });
    const nameless = { ...context, model: null };
    const reply = replyOf(400, { error: { code: 400, message: 'No models provided' } });
    assert.deepEqual(classifyError(reply, nameless), fault('fit'));
  });
});

describe('the time of a 429', () => {
  it('stands in the metadata, in seconds, where no header has it', () => {
    const raw = 'x/y is temporarily rate-limited upstream. Please retry shortly';
    const metadata = {
      raw,
      provider_name: 'Venice',
      retry_after_seconds: 29,
      retry_after_seconds_raw: 28.873,
    };
    const outcome = said(429, 'Provider returned error', metadata);
    assert.deepEqual('untilMs' in outcome && outcome.untilMs, nowMs + 29_000);
  });
});

describe('the name of an error', () => {
  it("is OpenRouter's own before that of a form, which has fewer", () => {
    for (const [error_type, status] of [
      ['authentication', 401],
      ['payment_required', 402],
      ['content_policy_violation', 403],
      ['refusal', 403],
      ['image_not_found', 404],
      ['precondition_failed', 412],
      ['token_limit_exceeded', 400],
      ['image_download_failed', 400],
      ['rate_limit_exceeded', 429],
    ] as const) {
      const error = { code: 'server_error', message: 'x' };
      const whole = replyOf(200, { id: 'resp_1', status: 'failed', error, error_type });
      assert.equal(statusOfError(whole), status, error_type);
    }
    const tooLong = {
      id: 'r',
      status: 'failed',
      error: { code: 'server_error' },
      error_type: 'context_length_exceeded',
    };
    assert.deepEqual(classifyError(replyOf(200, tooLong), context), fault('unfit'));
  });

  it('is of the form alone where OpenRouter adds none', () => {
    const ofEvent = (code: string): ErrorReply =>
      replyOf(200, { type: 'error', error: { code, message: 'x' } });
    assert.deepEqual(classifyError(ofEvent('invalid_api_key'), context), limitOf('unauthorized'));
    assert.deepEqual(classifyError(ofEvent('image_content_policy_violation'), context), fault('fit'));
  });

  it('or its words say that the content was refused: it is shown to no other account', () => {
    const metadata = { error_type: 'content_policy_violation' };
    assert.deepEqual(said(502, 'Provider returned error', metadata), fault('fit'));
    for (const words of [
      'This content was flagged for possible cybersecurity risk.',
      'Upstream error from Alibaba: Input data may contain inappropriate content.',
    ])
      assert.deepEqual(said(502, words), fault('fit'), words);
  });
});
