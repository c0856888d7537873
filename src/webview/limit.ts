// A daily limit as people type it.
import { mostADay } from '../service/messages';

/** Null for none; undefined for what is no limit. */
export function parseLimit(text: string): number | null | undefined {
  if (text.trim() === '') return null;
  const value = Number(text);
  return /^\s*\d+\s*$/.test(text) && value <= mostADay ? value : undefined;
}
