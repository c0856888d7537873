// Quantiles of values that come in classes.

export type Bins = readonly (readonly [value: number, many: number])[];

/** The value below which the share `q` (0 to 1) of all lies, or null of none. */
export function quantile(bins: Bins, q: number): number | null {
  const sorted = [...bins].sort(([a], [b]) => a - b);
  const all = sorted.reduce((sum, [, many]) => sum + many, 0);
  if (all === 0) return null;
  const rank = Math.ceil(q * all);
  let seen = 0;
  for (const [value, many] of sorted) {
    seen += many;
    if (seen >= rank) return value;
  }
  return sorted.at(-1)?.[0] ?? null;
}
