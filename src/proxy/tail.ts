// The last bytes of an answer, kept as they pass: usage and the end marker are read of them when the answer is over.
import * as v from 'valibot';
import type { Form } from './form';

const keptBytes = 64 * 1024;
/** What tells an event's type stands around the beginning of its data. */
const aroundBytes = 160;
const dataMark = '\ndata:';
/** In the place of a dropped chunk, which nothing must hold on to. */
const nothing = Buffer.alloc(0);

/**
 * Keeps the last chunks, 64 KiB or the last one, and how the event began that reaches into them: the last event of a
 * response holds all of it. Costs two assignments a chunk, and a search in native code when it is dropped.
 */
export class Tail {
  private eventStart: Buffer = Buffer.alloc(0);
  /** The end of what was dropped. */
  private edge: Buffer = Buffer.alloc(0);
  private chunks: Buffer[] = [];
  private first = 0;
  private bytes = 0;

  push(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.bytes += chunk.length;
    for (let oldest = this.chunks[this.first]; oldest !== undefined; oldest = this.chunks[this.first]) {
      if (this.bytes - oldest.length < keptBytes) break;
      this.bytes -= oldest.length;
      this.chunks[this.first++] = nothing;
      this.drop(oldest);
    }
    // Only places are given back in batches: shifting an array at each chunk would move all of it.
    if (this.first > 1024) {
      this.chunks = this.chunks.slice(this.first);
      this.first = 0;
    }
  }

  text(): string {
    return Buffer.concat([this.eventStart, this.edge, ...this.chunks.slice(this.first)]).toString('utf8');
  }

  private drop(chunk: Buffer): void {
    const seam = Buffer.concat([this.edge, chunk.subarray(0, aroundBytes)]);
    const own = chunk.lastIndexOf(dataMark);
    const at = own < 0 ? seam.lastIndexOf(dataMark) : own;
    const source = own < 0 ? seam : chunk;
    // A copy: a view would hold on to the whole chunk.
    if (at >= 0)
      this.eventStart = Buffer.from(source.subarray(Math.max(0, at - aroundBytes), at + aroundBytes));
    this.edge = Buffer.from((chunk.length < aroundBytes ? seam : chunk).subarray(-aroundBytes));
  }
}

/** Whether a stream of the form ended as it should: with its marker, or with an error of its own. */
export function endedWhole(form: Form, tail: string): boolean {
  switch (form) {
    case 'openai':
      return (
        /^data: ?\[DONE\]/m.test(tail) ||
        /"finish_reason": ?"error"/.test(tail) ||
        /^data: ?\{"error":/m.test(tail)
      );
    case 'responses':
      return /"type": ?"(?:response\.(?:completed|incomplete|failed|error)|error)"|^data: ?\[DONE\]/m.test(
        tail,
      );
    case 'anthropic':
      return /^(?:event: ?(?:message_stop|error)\s*$|data: ?\{"type": ?"(?:message_stop|error)")/m.test(tail);
  }
}

/** Whether the end of the stream carries upstream's own error. */
export function endedInError(form: Form, tail: string): boolean {
  switch (form) {
    case 'openai':
      return /"finish_reason": ?"error"/.test(tail) || /^data: ?\{"error":/m.test(tail);
    case 'responses':
      return /"type": ?"(?:response\.(?:failed|error)|error)"/.test(tail);
    case 'anthropic':
      return /^event: ?error/m.test(tail);
  }
}

export interface Usage {
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** In credits, or null where upstream did not say. */
  readonly cost: number | null;
}

const count = v.fallback(v.number(), 0);
const usageSchema = v.object({
  prompt_tokens: v.optional(count),
  input_tokens: v.optional(count),
  completion_tokens: v.optional(count),
  output_tokens: v.optional(count),
  cost: v.fallback(v.nullable(v.number()), null),
});

/** The last usage that the text tells, in any of the forms; null if it tells none. */
export function readUsage(text: string): Usage | null {
  for (let from = text.lastIndexOf('"usage"'); from >= 0; from = text.lastIndexOf('"usage"', from - 1)) {
    const usage = usageAt(text, from);
    if (usage !== null) return usage;
    if (from === 0) return null;
  }
  return null;
}

function usageAt(text: string, from: number): Usage | null {
  const object = /^"usage"\s*:\s*\{/.exec(text.slice(from, from + 40));
  if (object === null) return null;
  const json = balanced(text, from + object[0].length - 1);
  if (json === null) return null;
  let raw: unknown;
  try {
    raw = JSON.parse(json);
  } catch {
    // Cut off by the end of the text, or not JSON at all.
    return null;
  }
  const parsed = v.safeParse(usageSchema, raw);
  if (!parsed.success) return null;
  const { prompt_tokens, input_tokens, completion_tokens, output_tokens, cost } = parsed.output;
  return {
    promptTokens: prompt_tokens ?? input_tokens ?? 0,
    completionTokens: completion_tokens ?? output_tokens ?? 0,
    cost,
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
