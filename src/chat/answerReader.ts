// Reads the stream of an OpenAI chat completion into parts for VS Code's chat.
import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { parseJson } from '../base/json';
import { isObject } from '../clients/configValue';
import { messageOf, metadataSchema } from '../clients/testRequest';
import { ChatError, shownCharacters } from './chatRequest';
import type { OnSkipped } from './conversion';
import { addDetail, type ReasoningDetail } from './reasoning';

/** A part of the model's answer. */
export type AnswerPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'call'; readonly callId: string; readonly name: string; readonly input: object }
  | { readonly kind: 'image'; readonly mimeType: string; readonly data: Uint8Array };

const optionalText = v.fallback(v.nullish(v.string(), ''), '');
/** A call's arguments as text; some servers send an object, which must not be lost. */
const argumentsSchema = v.union([
  v.pipe(
    v.looseObject({}),
    v.transform((args) => JSON.stringify(args)),
  ),
  optionalText,
]);
const callSchema = v.object({
  index: v.fallback(v.number(), 0),
  id: optionalText,
  function: v.fallback(v.object({ name: optionalText, arguments: argumentsSchema }), {
    name: '',
    arguments: '',
  }),
});
const wordless = 'The model ended its answer with an error.';
/** A value of any other type, such as null, is not an error. */
const errorSchema = v.fallback(
  v.nullish(
    v.union([
      v.pipe(
        v.string(),
        v.nonEmpty(),
        v.transform((message) => ({ message, code: 0, metadata: { raw: '' } })),
      ),
      v.object({
        message: v.fallback(v.string(), wordless),
        code: v.fallback(v.number(), 0),
        metadata: metadataSchema,
      }),
    ]),
  ),
  null,
);
const deltaSchema = v.fallback(
  v.object({
    content: optionalText,
    refusal: optionalText,
    tool_calls: v.fallback(v.array(callSchema), []),
    reasoning_details: v.fallback(v.array(v.looseObject({})), []),
    images: v.fallback(v.array(v.object({ image_url: v.object({ url: v.string() }) })), []),
  }),
  { content: '', refusal: '', tool_calls: [], reasoning_details: [], images: [] },
);
const chunkSchema = v.object({
  error: errorSchema,
  choices: v.fallback(
    v.array(
      v.object({
        index: v.fallback(v.number(), 0),
        delta: deltaSchema,
        finish_reason: optionalText,
        error: errorSchema,
      }),
    ),
    [],
  ),
});

interface Call {
  readonly index: number;
  id: string;
  name: string;
  args: string;
}

/** Limit for incomplete data: a line, an event, the calls. */
const mostHeldCharacters = 16 * 1024 * 1024;
/** Approximate size of a call without its texts. */
const charactersPerCall = 64;

export interface AnswerPorts {
  /** Gets each part as soon as it is complete; calls when all of them are. */
  readonly onPart: (part: AnswerPart) => void;
  readonly onSkipped: OnSkipped;
  /** Gets the model's reasoning before its calls, with the id of the first call. */
  readonly onThought?: (callId: string, details: readonly ReasoningDetail[]) => void;
  /** Whether the request itself limits the answer's length; an answer that ends at that limit is then whole. */
  readonly isLimited?: boolean;
}

/** Reads server-sent events in pieces of any size. `take` and `end` throw a ChatError after the parts before the error. */
export class AnswerReader {
  private partialLine = '';
  private isBehindReturn = false;
  private data = '';
  private readonly calls: Call[] = [];
  private readonly thought: ReasoningDetail[] = [];
  private callCharacters = 0;
  private finish = '';

  constructor(private readonly ports: AnswerPorts) {}

  take(text: string): void {
    // `\r\n` may be split between two pieces.
    const piece = this.isBehindReturn && text.startsWith('\n') ? text.slice(1) : text;
    if (text !== '') this.isBehindReturn = text.endsWith('\r');
    const [first = '', ...others] = piece.split(/\r\n?|\n/);
    this.partialLine += first;
    for (const line of others) {
      this.line(this.partialLine);
      this.partialLine = line;
    }
    if (this.partialLine.length + this.data.length + this.callCharacters > mostHeldCharacters)
      throw new ChatError('cut', 'Too much of the answer has no end.');
  }

  /** Called when the body has ended; throws a ChatError if the answer has not. */
  end(): void {
    this.line(this.partialLine);
    this.line('');
    if (this.finish === '') throw new ChatError('cut', 'The answer ended before it was complete.');
    this.whole();
  }

  private line(line: string): void {
    // The first line may have a byte order mark.
    const [, data] = /^\ufeff?data:(.*)$/s.exec(line) ?? [];
    if (data !== undefined) this.data += `${data}\n`;
    if (line.trim() !== '') return;
    const text = this.data.trim();
    this.data = '';
    if (text !== '') this.event(text);
  }

  private event(text: string): void {
    if (text === '[DONE]') {
      this.finish ||= 'stop';
      this.whole();
      return;
    }
    const event = parseJson(text);
    if (event === undefined) throw new ChatError('cut', 'An event of the answer is no JSON.');
    const chunk = v.safeParse(chunkSchema, event);
    if (chunk.success) this.chunk(chunk.output);
    else this.ports.onSkipped('an event of another shape');
  }

  private chunk({ error: ofAnswer, choices }: v.InferOutput<typeof chunkSchema>): void {
    const choice = choices.find(({ index }) => index === 0);
    const error = ofAnswer ?? choice?.error;
    if (error) throw new ChatError('refused', messageOf(error, shownCharacters), error.code);
    if (choice === undefined) return;
    if (choice.finish_reason === 'error') throw new ChatError('refused', wordless);
    this.finish ||= choice.finish_reason;
    this.delta(choice.delta);
  }

  private delta(delta: v.InferOutput<typeof deltaSchema>): void {
    const text = delta.content + delta.refusal;
    for (const call of delta.tool_calls) this.addToCall(call);
    for (const piece of delta.reasoning_details) {
      this.callCharacters += JSON.stringify(piece).length;
      addDetail(this.thought, piece);
    }
    if (text !== '') this.ports.onPart({ kind: 'text', text });
    for (const { image_url } of delta.images) this.image(image_url.url);
  }

  /** Pieces of a call share its index; some servers use index 0 for every call, with different ids or with none. */
  private addToCall({ index, id, function: piece }: v.InferOutput<typeof callSchema>): void {
    let call = this.calls.findLast((each) => each.index === index);
    if (call === undefined || isBehind(call, id, piece.name)) {
      call = { index, id: '', name: '', args: '' };
      this.calls.push(call);
      this.callCharacters += charactersPerCall;
    }
    this.callCharacters += id.length + piece.name.length + piece.arguments.length;
    call.id ||= id;
    call.name ||= piece.name;
    call.args += piece.arguments;
  }

  private whole(): void {
    if (this.finish === 'length' && this.ports.isLimited !== true)
      throw new ChatError('full', 'The answer reached the limit of output tokens.');
    if (this.finish === 'content_filter') throw new ChatError('filtered', 'A filter ended the answer.');
    const ids = new Set(['']);
    const calls = this.calls.splice(0).filter(({ name, args }) => name + args !== '');
    const parts = calls.map(({ id, name, args }): AnswerPart => {
      const input: unknown = args.trim() === '' ? {} : parseJson(args);
      if (!isObject(input)) throw new ChatError('badArguments', name);
      if (name === '') throw new ChatError('refused', 'The model called a tool without saying which.');
      const callId = ids.has(id) ? `call_${randomUUID()}` : id;
      ids.add(callId);
      return { kind: 'call', callId, name, input };
    });
    const [first] = parts;
    if (first?.kind === 'call') this.ports.onThought?.(first.callId, this.thought.splice(0));
    for (const part of parts) this.ports.onPart(part);
  }

  private image(url: string): void {
    const [, mimeType, base64] = /^data:([\w/.+-]+);base64,(.*)$/s.exec(url) ?? [];
    if (mimeType !== undefined && base64 !== undefined)
      this.ports.onPart({ kind: 'image', mimeType, data: Buffer.from(base64, 'base64') });
    else this.ports.onSkipped('an image by its address');
  }
}

/** Whether a piece with that id and name begins another call after this one. */
function isBehind(call: Call, id: string, name: string): boolean {
  if (id !== '') return call.id !== '' && call.id !== id;
  return name !== '' && isObject(parseJson(call.args));
}
