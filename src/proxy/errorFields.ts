// The fields that upstream's errors have, wherever they stand: read leniently, a wrong one counts as missing.
import * as v from 'valibot';

/** A field of its kind, or null when it is missing or of another kind. */
const lenient = <T>(schema: v.GenericSchema<unknown, T>): v.GenericSchema<unknown, T | null> =>
  v.optional(v.fallback(v.nullable(schema), null), null);

const numeric = v.union([
  v.pipe(v.number(), v.finite()),
  v.pipe(v.string(), v.trim(), v.nonEmpty(), v.transform(Number), v.number(), v.finite()),
]);
const truth = v.union([
  v.boolean(),
  v.pipe(
    v.picklist(['true', 'false']),
    v.transform((word) => word === 'true'),
  ),
]);
const textOrNumber = v.union([v.string(), v.pipe(v.number(), v.transform(String))]);

const fieldsSchema = v.object({
  message: lenient(v.string()),
  type: lenient(v.string()),
  code: lenient(textOrNumber),
  status: lenient(textOrNumber),
  error_type: lenient(v.string()),
  http_status: lenient(numeric),
  limit_source: lenient(v.string()),
  reason: lenient(v.string()),
  provider_name: lenient(v.string()),
  is_byok: lenient(truth),
  availability: lenient(
    v.object({ code: lenient(v.string()), retryable: lenient(truth), retry_after: lenient(numeric) }),
  ),
  /** Seconds; Cloudflare's JSON errors have it at the top. */
  retry_after: lenient(numeric),
  retryDelay: lenient(v.string()),
  resets_at: lenient(textOrNumber),
  headers: lenient(v.record(v.string(), lenient(textOrNumber))),
  reasons: lenient(v.array(v.unknown())),
  flagged_input: lenient(v.string()),
  patterns: lenient(v.array(v.unknown())),
  /** Cloudflare's own code. */
  error_code: lenient(numeric),
  details: lenient(v.array(v.unknown())),
  raw: v.optional(v.unknown(), null),
  metadata: v.optional(v.unknown(), null),
});

export type Fields = v.InferOutput<typeof fieldsSchema>;

/** What is known of the value's fields; of a string, that it is the message; of anything else, null. */
export function readFields(value: unknown): Fields | null {
  if (typeof value === 'string') return value === '' ? null : v.parse(fieldsSchema, { message: value });
  return isRecord(value) ? v.parse(fieldsSchema, value) : null;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value that the text is JSON of, or null. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // Not JSON is an answer here: the text itself is looked at instead.
  }
}
