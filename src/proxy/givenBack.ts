// Upstream's own error as the last event of a stream that we began ourselves.
import * as v from 'valibot';
import { errorEvent, type Form } from './form';
import type { HeldError } from './judge';

/** More of a page that is no JSON tells nobody anything. */
const longestText = 16_384;

const fields = v.record(v.string(), v.unknown());
const bodySchema = v.object({
  error: v.object({ message: v.string(), metadata: v.fallback(v.optional(fields), undefined) }),
  metadata: v.fallback(v.optional(v.nullable(fields)), undefined),
});

/** Upstream's message, status and metadata in the form's event; what is not its JSON is shown as it came. */
export function givenBackEvent(form: Form, { status, body, kind }: HeldError, model: string | null): string {
  const text = kind === 'coded' ? '' : body.toString('utf8');
  const read = v.safeParse(bodySchema, parseJson(text));
  const message = read.success ? read.output.error.message : 'OpenRouter answered with an error.';
  const metadata = read.success
    ? { ...read.output.metadata, ...read.output.error.metadata }
    : { raw: text.slice(0, longestText) };
  return errorEvent(form, { status, code: 'upstream_error', message, metadata }, model);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // A page, or nothing at all.
    return null;
  }
}
