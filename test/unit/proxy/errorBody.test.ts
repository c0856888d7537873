// Every form of an error's body, read into the same evidence.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readErrorBody } from '../../../src/proxy/errorBody';
import type { ErrorEvidence } from '../../../src/proxy/errorBody';
import { documented, recorded } from './recordedBodies';

const read = (body: string, headers: readonly string[] = []): ErrorEvidence =>
  readErrorBody(headers, Buffer.from(body));

describe('readErrorBody', () => {
  it('reads the OpenAI form with its metadata', () => {
    const evidence = read(recorded.busyProvider);
    assert.equal(evidence.shape, 'json');
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
    assert.deepEqual(evidence.hints.headers.slice(-2), ['X-RateLimit-Reset', '1765680060000']);
  });

  it('reads the Responses form, in an answer and in events', () => {
    assert.equal(read(documented.responsesFailed).status, 429);
    assert.equal(read(documented.responsesError).status, 500);
    assert.equal(read('{"error":{"code":"invalid_prompt","message":"no"}}').status, 400);
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
      assert.equal(evidence.hints.retryDelay, '5s');
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
    assert.equal(evidence.hints.retryAfterSeconds, 40);
    assert.equal(evidence.hints.resetsAt, '1787616000');
    assert.deepEqual(evidence.hints.headers, ['X-RateLimit-Reset', '5']);
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
    assert.equal(read('Just a moment', ['Content-Type', 'text/html; charset=UTF-8']).shape, 'html');
    assert.equal(read(`\n ${documented.cloudflarePage}`).shape, 'html');
    assert.equal(read('oh no', ['content-type', 'text/plain']).shape, 'text');
    assert.equal(read('\uFEFF{"error":{"code":400}}', ['content-type', 'text/html']).shape, 'json');
  });

  it("finds Cloudflare's code in pages, text and JSON, and not in a provider's words", () => {
    assert.equal(read(documented.cloudflarePage).edgeCode, 1015);
    assert.equal(read(documented.cloudflareText).edgeCode, 1015);
    assert.equal(read(documented.cloudflareJson).edgeCode, 1015);
    assert.equal(read('{"error":{"code":400,"message":"error code: 1015"}}').edgeCode, null);
  });

  it('takes a body that is empty or not JSON for what it is', () => {
    assert.equal(read('').shape, 'empty');
    assert.equal(read('{"error":').shape, 'text');
    assert.equal(read('"just text"').shape, 'text');
    assert.equal(read('{"error":"something broke"}').words, 'something broke\n\n');
  });

  it('tells an error inside a 200 from an answer', () => {
    for (const body of [
      recorded.daily,
      documented.chatWithPartialContent,
      documented.chatEvent,
      documented.responsesFailed,
      documented.responsesError,
      documented.anthropicEvent,
      '{"choices":[{"finish_reason":"error"}]}',
    ]) {
      assert.equal(read(body).speaksOfError, true, body);
    }
    for (const body of [
      '{"id":"gen-1","choices":[{"finish_reason":"stop","message":{"content":"{\\"error\\":1}"}}]}',
      '{"id":"resp_1","status":"completed","error":null,"output":[]}',
      '{"type":"message","content":[]}',
      'data: {"type":"response.created","response":{"status":"in_progress","error":null}}\n\n',
      '',
    ]) {
      assert.equal(read(body).speaksOfError, false, body);
    }
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
