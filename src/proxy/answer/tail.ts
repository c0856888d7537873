// The last bytes of an answer, kept while it passes: usage and end marker are read from them at its end.
import * as v from 'valibot';
import { parseJson } from '../../base/json';
import type { Form } from '../errors/refusal';
import { isErrorEvent } from '../upstream/judge';
import type { StreamEvent } from '../upstream/peek';

const keptBytes = 64 * 1024;
/** The type of an event stands within this distance of the beginning of its data. */
const aroundBytes = 160;
/** Stands before the first event, as a line end stands before each later one. */
const lineEnd = Buffer.from('\n');
const dataMarks = ['\ndata:', '\rdata:'];
/** Replaces a dropped chunk, so that its memory is freed. */
const nothing = Buffer.alloc(0);

/**
 * Keeps the last chunks, 64 KiB or the last one, and the beginning of the event that reaches into them: the last event of
 * `/responses` holds the whole response. Costs two assignments a chunk, and a native search when it is dropped.
 */
export class Tail {
  private eventStart: Buffer = Buffer.alloc(0);
  private edge: Buffer = Buffer.alloc(0);
  private chunks: Buffer[] = [];
  private first = 0;
  private kept = 0;
  /** The text, kept once all has passed, as it is read several times. */
  private whole: string | null = null;

  push(chunk: Buffer): void {
    this.whole = null;
    this.chunks.push(chunk);
    this.kept += chunk.length;
    for (let oldest = this.chunks[this.first]; oldest !== undefined; oldest = this.chunks[this.first]) {
      if (this.kept - oldest.length < keptBytes) break;
      this.kept -= oldest.length;
      this.chunks[this.first++] = nothing;
      this.drop(oldest);
    }
    // Places are removed in batches: to shift the array at each chunk would move all of it.
    if (this.first > 1024) {
      this.chunks = this.chunks.slice(this.first);
      this.first = 0;
    }
  }

  bytes(): Buffer {
    return Buffer.concat([this.eventStart, this.edge, ...this.chunks.slice(this.first)]);
  }

  text(): string {
    return (this.whole ??= this.bytes().toString('utf8'));
  }

  private drop(chunk: Buffer): void {
    const before = this.edge.length === 0 ? lineEnd : this.edge;
    const seam = Buffer.concat([before, chunk.subarray(0, aroundBytes)]);
    const own = lastDataIn(chunk);
    const at = own < 0 ? lastDataIn(seam) : own;
    const source = own < 0 ? seam : chunk;
    // A copy: a view would keep the whole chunk in memory.
    if (at >= 0)
      this.eventStart = Buffer.from(source.subarray(Math.max(0, at - aroundBytes), at + aroundBytes));
    this.edge = Buffer.from((chunk.length < aroundBytes ? seam : chunk).subarray(-aroundBytes));
  }
}

function lastDataIn(chunk: Buffer): number {
  return Math.max(...dataMarks.map((mark) => chunk.lastIndexOf(mark)));
}

/** Whether a stream of the form ended as it should: with its marker, or with an error of its own. */
export function endedWhole(form: Form, tail: string): boolean {
  return endMarkers[form].test(tail) || endedInError(tail);
}

const endMarkers: Readonly<Record<Form, RegExp>> = {
  openai: /^data: ?\[DONE\]/m,
  responses: /"type": ?"response\.(?:completed|incomplete)"|^data: ?\[DONE\]/m,
  anthropic: /^(?:event: ?message_stop\s*$|data: ?\{"type": ?"message_stop")/m,
};

const chatChunk = v.object({
  choices: v.array(
    v.object({ index: v.fallback(v.number(), 0), finish_reason: v.fallback(v.nullable(v.string()), null) }),
  ),
});

/** Whether a stream without a marker has still finished every choice. It is whole then, if its body ended as HTTP requires. */
export function hasFinished(form: Form, tail: string): boolean {
  const data = eventsIn(tail).map((event) => event.data);
  if (form === 'anthropic') {
    return data.some((text) => /"type": ?"message_delta"/.test(text) && /"stop_reason": ?"[^"]/.test(text));
  }
  const finished = new Map<number, boolean>();
  if (/"finish_reason": ?"[^"]/.test(longEvent(tail) ?? '')) finished.set(0, true);
  for (const text of data) {
    const chunk = v.safeParse(chatChunk, parseJson(text));
    if (!chunk.success) continue;
    for (const { index, finish_reason } of chunk.output.choices) {
      finished.set(index, finished.get(index) === true || Boolean(finish_reason));
    }
  }
  return finished.size > 0 && [...finished.values()].every(Boolean);
}

/** UTF-8 takes four bytes a character at most. */
const fewestKeptChars = keptBytes / 4;

/** The data of an event that is longer than the tail, so that it is no JSON here; null without one, or without its end. */
function longEvent(tail: string): string | null {
  const data = tail.length < fewestKeptChars ? '' : (eventsIn(tail)[0]?.data ?? '');
  return data.endsWith('}') && parseJson(data) === undefined ? data : null;
}

/** Whether the stream ends with upstream's own error; a failed response, which holds all of the answer, may be longer than the tail. */
export function endedInError(tail: string): boolean {
  const isFailed = /"type": ?"response\.failed"/.test(tail) && longEvent(tail) !== null;
  return isFailed || errorAtEnd(tail) !== null;
}

export function errorAtEnd(tail: string): string | null {
  if (!/"error"|"finish_reason": ?"error"|response\.failed|^event: ?error/m.test(tail)) return null;
  return eventsIn(tail).findLast(isErrorEvent)?.data ?? null;
}

/** The events of a tail; the first may be the end of an event. */
function eventsIn(tail: string): readonly StreamEvent[] {
  return tail
    .replace(/^\ufeff/, '')
    .replace(/\r\n?/g, '\n')
    .split(/\n{2,}/)
    .flatMap((text) => {
      const lines = text.split('\n');
      const valuesOf = (field: string): string[] =>
        lines.filter((line) => line.startsWith(field)).map((line) => line.slice(field.length).trim());
      const data = valuesOf('data:').join('\n');
      return data === '' ? [] : [{ name: valuesOf('event:')[0] ?? null, data }];
    });
}
