// Reads the stream of an OpenAI chat completion into parts for VS Code's chat.
import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { parseJson } from '../base/json';
import { isObject } from '../clients/configValue';
import { ChatError } from './chatRequest';
import type { OnSkipped } from './conversion';

/** A part of the model's answer. */
export type AnswerPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'call'; readonly callId: string; readonly name: string; readonly input: object }
  | { readonly kind: 'image'; readonly mimeType: string; readonly data: Uint8Array };

const optionalText = v.fallback(v.nullish(v.string(), ''), '');
/** Some servers send an object: without it the tool would run with nothing. */
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
        v.transform((message) => ({ message, code: 0 })),
      ),
      v.object({ message: v.fallback(v.string(), wordless), code: v.fallback(v.number(), 0) }),
    ]),
  ),
  null,
);
const chunkSchema = v.object({
  error: errorSchema,
  choices: v.fallback(
    v.array(
      v.object({
        delta: v.fallback(
          v.object({
            content: optionalText,
            refusal: optionalText,
            tool_calls: v.fallback(v.array(callSchema), []),
            images: v.fallback(v.array(v.object({ image_url: v.object({ url: v.string() }) })), []),
          }),
          { content: '', refusal: '', tool_calls: [], images: [] },
        ),
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

/** Reads a stream of server-sent events in pieces of any size. `take` and `end` throw a ChatError. */
export class AnswerReader {
  private held = '';
  private isBehindReturn = false;
  private data = '';
  private readonly calls: Call[] = [];
  private callCharacters = 0;
  private isWhole = false;

  constructor(private readonly onSkipped: OnSkipped) {}

  /** The parts that the piece completes. Calls come when all of them are complete. */
  take(text: string): readonly AnswerPart[] {
    // `\r\n` may be split between two pieces.
    const piece = this.isBehindReturn && text.startsWith('\n') ? text.slice(1) : text;
    if (text !== '') this.isBehindReturn = text.endsWith('\r');
    const [first = '', ...others] = piece.split(/\r\n?|\n/);
    this.held += first;
    const parts: AnswerPart[] = [];
    for (const line of others) {
      parts.push(...this.line(this.held));
      this.held = line;
    }
    if (this.held.length + this.data.length + this.callCharacters > mostHeldCharacters)
      throw new ChatError('cut', 'Too much of the answer has no end.');
    return parts;
  }

  /** The remaining parts when the body has ended. */
  end(): readonly AnswerPart[] {
    const left = [...this.line(this.held), ...this.line('')];
    if (!this.isWhole) throw new ChatError('cut', 'The answer ended before it was complete.');
    return [...left, ...this.wholeCalls()];
  }

  private line(line: string): readonly AnswerPart[] {
    if (line.startsWith('data:')) this.data += `${line.slice(5)}\n`;
    if (line.trim() !== '') return [];
    const text = this.data.trim();
    this.data = '';
    return text === '' ? [] : this.event(text);
  }

  private event(text: string): readonly AnswerPart[] {
    if (text === '[DONE]') {
      this.isWhole = true;
      return this.wholeCalls();
    }
    const chunk = v.safeParse(chunkSchema, parseJson(text));
    if (chunk.success) return this.chunk(chunk.output);
    this.onSkipped('an event of another shape');
    return [];
  }

  private chunk({
    error: ofAnswer,
    choices: [choice],
  }: v.InferOutput<typeof chunkSchema>): readonly AnswerPart[] {
    const error = ofAnswer ?? choice?.error;
    if (error) throw new ChatError('refused', error.message, error.code);
    if (choice === undefined) return [];
    if (choice.finish_reason === 'error') throw new ChatError('refused', wordless);
    if (choice.finish_reason !== '') this.isWhole = true;
    const { content, refusal, tool_calls, images } = choice.delta;
    const text = content + refusal;
    for (const call of tool_calls) this.addToCall(call);
    return [
      ...(text === '' ? [] : [{ kind: 'text', text } as const]),
      ...images.flatMap(({ image_url }) => this.image(image_url.url)),
    ];
  }

  /** Pieces of a call share its index; some servers use index 0 for every call, with different ids. */
  private addToCall(piece: v.InferOutput<typeof callSchema>): void {
    const { index, id, function: told } = piece;
    const known = this.calls.findLast((call) => call.index === index);
    const isOther = id !== '' && known !== undefined && known.id !== '' && known.id !== id;
    const call = known === undefined || isOther ? { index, id: '', name: '', args: '' } : known;
    if (call !== known) {
      this.calls.push(call);
      this.callCharacters += charactersPerCall;
    }
    this.callCharacters += id.length + told.name.length + told.arguments.length;
    call.id ||= id;
    call.name ||= told.name;
    call.args += told.arguments;
  }

  private wholeCalls(): readonly AnswerPart[] {
    return this.calls.splice(0).map(({ id, name, args }) => {
      const input: unknown = args.trim() === '' ? {} : parseJson(args);
      if (!isObject(input)) throw new ChatError('badArguments', name);
      return { kind: 'call', callId: id === '' ? `call_${randomUUID()}` : id, name, input };
    });
  }

  private image(url: string): readonly AnswerPart[] {
    const [, mimeType, base64] = /^data:([\w/.+-]+);base64,(.*)$/s.exec(url) ?? [];
    if (mimeType !== undefined && base64 !== undefined)
      return [{ kind: 'image', mimeType, data: Buffer.from(base64, 'base64') }];
    this.onSkipped('an image by its address');
    return [];
  }
}
