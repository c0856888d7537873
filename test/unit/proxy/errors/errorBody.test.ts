// Every form of an error's body, read into the same evidence.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readErrorBody, storyOf, wordsOf } from '../../../../src/proxy/errors/errorBody';
import type { ErrorEvidence } from '../../../../src/proxy/errors/errorBody';
import { documented, recorded } from '../recordedBodies';

const read = (body: string, headers: readonly string[] = []): ErrorEvidence =>
  readErrorBody(headers, Buffer.from(body));

describe('readErrorBody', () => {
  it('reads the OpenAI form with its metadata', () => {
    const evidence = read(recorded.busyProvider);
    assert.equal(evidence.isPage, false);
    assert.equal(evidence.status, 429);
    assert.equal(evidence.limitSource, 'upstream_provider_shared_pool');
    assert.equal(evidence.providerName, 'DigitalOcean');
    assert.equal(evidence.isByok, false);
    assert.match(evidence.words, /Provider returned error\n.*temporarily rate-limited upstream/);
  });

  it('reads the Anthropic form, whose metadata stands beside the error', () => {
    const evidence = read(recorded.anthropicMinute);
    assert.equal(evidence.status, 429);
    assert.equal(evidence.limitSource, 'openrouter_free_tier_per_minute');
    assert.deepEqual(evidence.names, ['rate_limit_exceeded', 'rate_limit_error', 'error']);
    assert.deepEqual(evidence.hints.slice(-2), ['X-RateLimit-Reset', '1765680060000']);
  });

  it('reads the Responses form, in an answer and in events', () => {
    assert.equal(read(documented.responsesFailed).status, 429);
    assert.equal(read(documented.responsesError).status, 500);
    assert.equal(read('{"error":{"code":"invalid_prompt","message":"no"}}').status, 400);
  });

  it('names a model that has ended, and what OpenRouter names in its place', () => {
    const ended = (availability: object): unknown =>
      storyOf(Buffer.from(JSON.stringify({ error: { code: 404, message: 'No endpoints.', availability } })))
        .ended;
    const code = 'free_variant_ended';
    const requested_models = ['a/b:free'];
    assert.deepEqual(ended({ code, requested_models, fallback_models: ['a/c:free', 'a/b'] }), {
      model: 'a/b:free',
      successors: ['a/c:free', 'a/b'],
    });
    assert.deepEqual(ended({ code: 'model_deprecated', requested_models }), {
      model: 'a/b:free',
      successors: [],
    });
    assert.deepEqual(
      ended({ code: 'no_endpoints', requested_models, fallback_models: ['a/c:free'] }),
      undefined,
    );
    assert.deepEqual(ended({ code }), undefined, 'of which model is not said');
    assert.deepEqual(
      ended({ code, requested_models: [`a/${'b'.repeat(200)}`] }),
      undefined,
      'no model is named so long',
    );
    assert.deepEqual(storyOf(Buffer.from('"model_deprecated"')), { previous: [] });
  });

  it('names what OpenRouter tried itself before, at most eight, and none of it at length', () => {
    const previous = [
      { provider: 'DeepInfra', code: 429, status: 429 },
      { provider: 'Together', status: 503 },
      { provider_name: 'Chutes', code: 'timeout' },
      { provider: 7 },
      'x',
    ];
    const body = (list: unknown): Buffer =>
      Buffer.from(
        JSON.stringify({ error: { code: 429, message: 'no', metadata: { previous_errors: list } } }),
      );
    const previousErrorsOf = (error: Buffer): readonly string[] => storyOf(error).previous;
    assert.deepEqual(previousErrorsOf(body(previous)), ['DeepInfra 429', 'Together 503', 'Chutes timeout']);
    const many = Array.from({ length: 100 }, () => ({ provider: 'P'.repeat(500), code: 500 }));
    const told = previousErrorsOf(body(many));
    assert.equal(told.length, 8);
    assert.ok(told.every((each) => each.length <= 60));
    for (const list of [{}, 'x', null]) assert.deepEqual(previousErrorsOf(body(list)), []);
    assert.deepEqual(previousErrorsOf(Buffer.from('<html>')), []);
  });

  it('takes no value but a truth value for one, however deep it is', () => {
    const deep = `${'['.repeat(5_000)}${']'.repeat(5_000)}`;
    for (const value of [deep, '["true"]', '{"toString":1}', '1'])
      assert.equal(
        read(`{"error":{"message":"no","metadata":{"is_byok":${value}}}}`).isByok,
        false,
        value.slice(0, 20),
      );
    assert.equal(read('{"error":{"message":"no","metadata":{"is_byok":"true"}}}').isByok, true);
  });

  it('reads an event with its event-stream lines, after comments too', () => {
    assert.equal(read(documented.chatEvent).status, 429);
    assert.equal(read(documented.anthropicEvent).status, 529);
    assert.equal(read('data: {"error":{"code":429,"message":"a\u2028b"}}\n\n').status, 429);
    assert.equal(read(`: OPENROUTER PROCESSING\n\n${documented.chatEvent}`).status, 429);
  });

  it("reads JSON inside the provider's text, alone and in a list", () => {
    for (const body of [documented.google, documented.googleList]) {
      const evidence = read(body);
      assert.equal(evidence.providerStatus, 'RESOURCE_EXHAUSTED');
      assert.deepEqual(evidence.hints.slice(-2), ['error:retrydelay', '5s']);
      assert.match(evidence.words, /You exceeded your current quota/);
    }
    const asObject = JSON.stringify({
      error: { metadata: { raw: { error: { status: 'RESOURCE_EXHAUSTED' } } } },
    });
    assert.equal(read(asObject).providerStatus, 'RESOURCE_EXHAUSTED');
  });

  it('reads numbers as strings, and truths as strings', () => {
    const body = JSON.stringify({
      error: {
        code: '429',
        message: 'x',
        availability: { code: 'capacity_exhausted', retryable: 'true', retry_after: ' 40 ' },
        metadata: { is_byok: 'true', resets_at: 1_787_616_000, headers: { 'X-RateLimit-Reset': 5 } },
      },
    });
    const evidence = read(body);
    assert.equal(evidence.status, 429);
    assert.equal(evidence.retryable, true);
    assert.equal(evidence.isByok, true);
    assert.deepEqual(evidence.hints, [
      'X-RateLimit-Reset',
      '5',
      'error:retry_after',
      '40',
      'error:resets_at',
      '1787616000',
    ]);
  });

  it('reads http_status where there is no code', () => {
    assert.equal(read(recorded.capacity).status, 429);
    assert.equal(read('{"error":{"message":"x","http_status":"503"}}').status, 503);
    assert.equal(read('{"error":{"message":"x","code":200}}').status, null);
  });

  it('sees what moderation and guardrails object to', () => {
    assert.equal(read(documented.moderation).refusedContent, true);
    assert.equal(read(documented.guardrail).refusedContent, true);
    assert.equal(read('{"error":{"code":429,"metadata":{"reasons":[]}}}').refusedContent, false);
  });

  it('tells an HTML page by its content type or its first character', () => {
    assert.equal(read('Just a moment', ['Content-Type', 'text/html; charset=UTF-8']).isPage, true);
    assert.equal(read(`\n ${documented.cloudflarePage}`).isPage, true);
    assert.equal(read('oh no', ['content-type', 'text/plain']).isPage, false);
    assert.equal(read('\uFEFF{"error":{"code":400}}', ['content-type', 'text/html']).isPage, false);
  });

  it("finds Cloudflare's code in pages, text and JSON, and not in a provider's words", () => {
    assert.equal(read(documented.cloudflarePage).edgeCode, 1015);
    assert.equal(read(documented.cloudflareText).edgeCode, 1015);
    assert.equal(read(documented.cloudflareJson).edgeCode, 1015);
    assert.equal(read('{"error":{"code":400,"message":"error code: 1015"}}').edgeCode, null);
  });

  it('takes a body that is empty or not JSON for what it is', () => {
    assert.equal(read('').isPage, false);
    assert.equal(read('{"error":').isPage, false);
    assert.equal(read('"just text"').isPage, false);
    assert.equal(read('{"error":"something broke"}').words, 'something broke\n\n');
  });

  it('reads anything without throwing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), fc.json(), (body, inner) => {
        read(body);
        read(`{"error":${inner},"metadata":${inner},"choices":${inner}}`);
        read(
          `{"error":{"code":${inner},"metadata":{"raw":${inner},"headers":${inner}},"availability":${inner}}}`,
        );
      }),
    );
  });
});

describe('wordsOf', () => {
  it('has what a page says, and none of its tags, for the list of requests and the log', () => {
    const page =
      '<!DOCTYPE html>\n<html lang="en"><head><title>Access denied</title></head>\n<body><h1>Error 1015</h1></body></html>';
    assert.equal(wordsOf(Buffer.from(page)), 'Access denied Error 1015');
    assert.equal(wordsOf(Buffer.from('{"error":{"message":"a < b\\n > c","code":400}}')), 'a < b > c');
    assert.equal(wordsOf(Buffer.from('<br>')), null);
    // Many tags are left open, because any upstream may write the body.
    assert.ok(wordsOf(Buffer.from('<'.repeat(65_536))) !== null);
  });
});
