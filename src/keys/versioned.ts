// Reading what an earlier run has saved, or a newer version, or chance.
import * as v from 'valibot';

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
