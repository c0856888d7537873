// The tokens and the cost of an answer, in any form. The webview uses the type: nothing of Node is imported here.
import { parseJson } from '../../base/json';

export interface Usage {
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** In credits, or null where upstream named none. */
  readonly cost: number | null;
}

/** `"usage"` is searched for this many times in an answer, from its end. */
const mostLooks = 16;
const longestUsage = 8_192;

/** The part of a Buffer that is used: no string is made of the whole, as an answer may have megabytes. */
interface Bytes {
  lastIndexOf(text: string, from?: number): number;
  toString(encoding: 'latin1', from: number, to: number): string;
}

/** The last usage in the bytes, in any of the forms; null if there is none. */
export function readUsage(bytes: Bytes): Usage | null {
  let from = bytes.lastIndexOf('"usage"');
  for (let look = 0; look < mostLooks && from >= 0; look++) {
    const usage = usageAt(bytes.toString('latin1', from, from + longestUsage));
    if (usage !== null) return usage;
    from = from === 0 ? -1 : bytes.lastIndexOf('"usage"', from - 1);
  }
  return null;
}

/** The usage at the top of an answer's value; null where there is none. */
export function usageIn(value: unknown): Usage | null {
  return typeof value === 'object' && value !== null && 'usage' in value ? usageOf(value.usage) : null;
}

function usageAt(text: string): Usage | null {
  const start = /^"usage"\s*:\s*(?=\{)/.exec(text);
  const json = start === null ? null : balanced(text, start[0].length);
  return json === null ? null : usageOf(parseJson(json));
}

function usageOf(raw: unknown): Usage | null {
  if (typeof raw !== 'object' || raw === null) return null;
  const fields: Readonly<Record<string, unknown>> = { ...raw };
  const numberOf = (name: string): number | null => {
    const value = fields[name];
    // A negative number, or JSON's `1e999`, would spoil the sums.
    return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER ? value : null;
  };
  // Anthropic's form names tokens read from the cache, or written to it, beside the rest.
  const inputs = ['input_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens'];
  return {
    promptTokens: numberOf('prompt_tokens') ?? inputs.reduce((sum, name) => sum + (numberOf(name) ?? 0), 0),
    completionTokens: numberOf('completion_tokens') ?? numberOf('output_tokens') ?? 0,
    cost: numberOf('cost'),
  };
}

/** The JSON object that begins at `from`; usage holds numbers and plain names, so that no string has braces. */
function balanced(text: string, from: number): string | null {
  let depth = 0;
  for (let index = from; index < text.length; index++) {
    const character = text[index];
    if (character === '{') depth++;
    else if (character === '}' && --depth === 0) return text.slice(from, index + 1);
  }
  return null;
}
