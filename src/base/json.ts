// What others wrote, which may be anything: text that may be JSON, and a state that another version of us has saved.
import * as v from 'valibot';

/** The value, or undefined where the text is no JSON. A byte order mark is no part of it (RFC 8259 8.1). */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text) as unknown;
  } catch {
    // Not JSON is an answer here.
    return undefined;
  }
}

/** `none`: nothing was saved · `newer`: a newer Keywheel wrote it · `damaged`: it cannot be read. Neither may be overwritten unasked. */
export type SavedRead<T> =
  | { readonly kind: 'none' }
  | { readonly kind: 'good'; readonly state: T }
  | { readonly kind: 'newer'; readonly version: number }
  | { readonly kind: 'damaged'; readonly problem: string };

/** What was saved with that version, which the schema is of. */
export function readVersioned<T>(
  raw: unknown,
  version: number,
  schema: v.GenericSchema<unknown, T>,
): SavedRead<T> {
  if (raw === undefined || raw === null) return { kind: 'none' };
  const told = v.safeParse(v.object({ version: v.number() }), raw);
  if (told.success && told.output.version > version) return { kind: 'newer', version: told.output.version };
  const parsed = v.safeParse(schema, raw);
  if (parsed.success) return { kind: 'good', state: parsed.output };
  const [issue] = parsed.issues;
  // The issue's own message repeats the value, which may be anybody's secret: the file may not be ours.
  const expected = issue.expected ?? issue.type;
  return { kind: 'damaged', problem: `${v.getDotPath(issue) ?? 'state'}: expected ${expected}` };
}
