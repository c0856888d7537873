// A daily limit as people type it.

/** More than anybody has. */
export const mostADay = 1_000_000;

/** Null for none; undefined for what is no limit. */
export function parseLimit(text: string): number | null | undefined {
  if (text.trim() === '') return null;
  const value = Number(text);
  return /^\s*\d+\s*$/.test(text) && value <= mostADay ? value : undefined;
}
