// The tokens and the cost that an answer tells, in the form of any endpoint. The webview has the type: nothing of Node is here.
import { parseJson } from '../../base/json';

export interface Usage {
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** In credits, or null where upstream did not say. */
  readonly cost: number | null;
}

/** So often at most is `"usage"` looked for in one answer, from its end. */
const mostLooks = 16;
const longestUsage = 8_192;

/** A Buffer, of which no string is made as a whole: an answer may have megabytes. */
interface Bytes {
  lastIndexOf(text: string, from?: number): number;
  toString(encoding: 'latin1', from: number, to: number): string;
}

/** The last usage that the bytes tell, in any of the forms; null if they tell none. */
export function readUsage(bytes: Bytes): Usage | null {
  let from = bytes.lastIndexOf('"usage"');
  for (let look = 0; look < mostLooks && from >= 0; look++) {
    const usage = usageAt(bytes.toString('latin1', from, from + longestUsage));
    if (usage !== null) return usage;
    from = from === 0 ? -1 : bytes.lastIndexOf('"usage"', from - 1);
  }
  return null;
}

/** What an answer's value says of its use at the top; null where it says nothing. */
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
    // A negative one, or JSON's `1e999`, would spoil the sums.
    return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER ? value : null;
  };
  // Anthropic's form tells what came from the cache, or went into it, beside the rest.
  const inputs = ['input_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens'];
  return {
    promptTokens: numberOf('prompt_tokens') ?? inputs.reduce((sum, name) => sum + (numberOf(name) ?? 0), 0),
    completionTokens: numberOf('completion_tokens') ?? numberOf('output_tokens') ?? 0,
    cost: numberOf('cost'),
  };
}

/** The JSON object that begins at `from`; usage holds numbers and plain names, so that braces in strings need no care. */
function balanced(text: string, from: number): string | null {
  let depth = 0;
  for (let index = from; index < text.length; index++) {
    const character = text[index];
    if (character === '{') depth++;
    else if (character === '}' && --depth === 0) return text.slice(from, index + 1);
  }
  return null;
}
