// Reads data that may be anything: text that may be JSON, and a state that another version of Keywheel saved.
import * as v from 'valibot';

/** The parsed value, or undefined where the text is not JSON. A leading byte order mark is skipped (RFC 8259 8.1). */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text) as unknown;
  } catch {
    // Text that is not JSON is an expected case.
    return undefined;
  }
}

/** `none`: nothing was saved · `newer`: by a newer Keywheel · `damaged`: unreadable. The last two are not overwritten unasked. */
export type SavedRead<T> =
  | { readonly kind: 'none' }
  | { readonly kind: 'good'; readonly state: T }
  | { readonly kind: 'newer'; readonly version: number }
  | { readonly kind: 'damaged'; readonly problem: string };

/** The saved state, checked against `schema`, which describes the format of `version`. */
export function readVersioned<T>(
  raw: unknown,
  version: number,
  schema: v.GenericSchema<unknown, T>,
): SavedRead<T> {
  if (raw === undefined || raw === null) return { kind: 'none' };
  const versioned = v.safeParse(v.object({ version: v.number() }), raw);
  if (versioned.success && versioned.output.version > version)
    return { kind: 'newer', version: versioned.output.version };
  const parsed = v.safeParse(schema, raw);
  if (parsed.success) return { kind: 'good', state: parsed.output };
  const [issue] = parsed.issues;
  // The issue's own message repeats the value, which may be a secret: the file may not be ours.
  const expected = issue.expected ?? issue.type;
  return { kind: 'damaged', problem: `${v.getDotPath(issue) ?? 'state'}: expected ${expected}` };
}
