// Converts VS Code's chat messages, tools and options into an OpenAI chat completions request, and its stream into parts; estimates tokens.
import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { parseJson } from '../base/json';
import { isObject } from '../clients/configValue';
import { ChatError } from './chatRequest';

/** A message of VS Code; parts are recognized by shape, because older versions have no class for some kinds. */
export interface ChatMessage {
  /** 1 user, 2 assistant, 3 system, which only VS Code's own extensions send. */
  readonly role: number;
  readonly content: readonly unknown[];
  readonly name: string | undefined;
}

export interface ChatTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema?: object | undefined;
}

export interface ChatQuestion {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly tools: readonly ChatTool[];
  /** Whether the model must call one of the tools. */
  readonly mustCall: boolean;
  readonly modelOptions: Readonly<Record<string, unknown>>;
}

/** Called with the kind of each part that cannot be converted. */
export type OnSkipped = (kind: string) => void;

const assistantRole = 2;
const systemRole = 3;

/** Options that `requestBody` sets itself. */
const ownOptions: ReadonlySet<string> = new Set(['model', 'messages', 'stream', 'tools', 'tool_choice']);

/** The body of the request, for `JSON.stringify`. */
export function requestBody(question: ChatQuestion, onSkipped: OnSkipped): Readonly<Record<string, unknown>> {
  const { model, messages, tools, mustCall, modelOptions } = question;
  // VS Code's own extensions pass internal options that start with `_`.
  const options = Object.entries(modelOptions).filter(
    ([name]) => !ownOptions.has(name) && !name.startsWith('_'),
  );
  return {
    ...Object.fromEntries(options),
    model,
    messages: messages.flatMap((message) => messagesOf(message, onSkipped)),
    stream: true,
    ...(tools.length === 0 ? {} : { tools: tools.map(toolOf) }),
    ...(mustCall && tools.length > 0 ? { tool_choice: 'required' } : {}),
  };
}

/** English has four or more characters per token, code and JSON three; only long hashes have fewer. */
const asciiPerToken = 3;
/** UTF-8 bytes; Chinese, Japanese and Korean characters have three. */
const otherBytesPerToken = 2;
/** The maximum for a large image by the rules of OpenAI, Anthropic and Google. */
const tokensPerImage = 2_000;
/** Overhead of each message. */
const tokensPerMessage = 8;

/** Of a text or a message, for every model; too high rather than too low, because tokenizers differ. */
export function estimatedTokens(asked: string | Pick<ChatMessage, 'content'>): number {
  if (typeof asked === 'string') return textTokens(asked);
  return asked.content.reduce<number>((sum, part) => sum + partTokens(partOf(part)), tokensPerMessage);
}

function partTokens(part: Part): number {
  switch (part.kind) {
    case 'text':
      return textTokens(part.text);
    case 'call':
      return textTokens(part.name) + textTokens(part.args);
    case 'image':
      return tokensPerImage;
    case 'result':
      return part.content.reduce((sum, inner) => sum + partTokens(inner), 0);
    case 'unknown':
      return 0;
  }
}

function textTokens(text: string): number {
  const bytes = Buffer.byteLength(text, 'utf8');
  const ascii = text.replace(/[^\0-\x7f]/g, '').length;
  return Math.ceil(ascii / asciiPerToken + (bytes - ascii) / otherBytesPerToken);
}

type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'image'; readonly mimeType: string; readonly bytes: Buffer }
  | { readonly kind: 'call'; readonly id: string; readonly name: string; readonly args: string }
  | { readonly kind: 'result'; readonly id: string; readonly content: readonly Part[] }
  | { readonly kind: 'unknown'; readonly name: string };

function partOf(part: unknown): Part {
  if (!isObject(part)) return { kind: 'unknown', name: typeof part };
  const { callId, mimeType, data } = part;
  if (typeof callId === 'string') return toolPart(callId, part);
  return typeof mimeType === 'string' && data instanceof Uint8Array
    ? dataPart(mimeType, data)
    : valuePart(part);
}

function toolPart(id: string, { name, input, content }: Readonly<Record<string, unknown>>): Part {
  if (Array.isArray(content)) return { kind: 'result', id, content: content.map(partOf) };
  return { kind: 'call', id, name: String(name), args: JSON.stringify(input ?? {}) };
}

function valuePart(part: Readonly<Record<string, unknown>>): Part {
  if ('id' in part) return { kind: 'unknown', name: 'thinking' };
  if (typeof part.value === 'string') return { kind: 'text', text: part.value };
  // An element of prompt-tsx in a tool's result.
  if (isObject(part.value)) return { kind: 'text', text: JSON.stringify(part.value) };
  return { kind: 'unknown', name: 'another kind' };
}

function dataPart(mimeType: string, data: Uint8Array): Part {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (mimeType.startsWith('image/')) return { kind: 'image', mimeType, bytes };
  if (mimeType.startsWith('text/') || /^application\/(?:\S+\+)?json\b/.test(mimeType))
    return { kind: 'text', text: bytes.toString('utf8') };
  return { kind: 'unknown', name: mimeType };
}

function messagesOf({ role, content, name }: ChatMessage, onSkipped: OnSkipped): readonly object[] {
  const parts = content.map(partOf);
  if (role === assistantRole) return assistantMessage(parts, onSkipped);
  const results = parts.filter((part) => part.kind === 'result');
  // Results come first, because they must follow their calls; images in them become part of the next message.
  const shown = [
    ...results.flatMap((result) => result.content.filter(({ kind }) => kind === 'image')),
    ...parts.filter(({ kind }) => kind !== 'result'),
  ];
  const said = contentOf(shown, onSkipped);
  const named = name !== undefined && /^[\w-]{1,64}$/.test(name) ? { name } : {};
  return [
    ...results.map((result) => ({
      role: 'tool',
      tool_call_id: result.id,
      content: textOf(result.content, onSkipped),
    })),
    ...(said === null ? [] : [{ role: role === systemRole ? 'system' : 'user', content: said, ...named }]),
  ];
}

function textOf(parts: readonly Part[], onSkipped: OnSkipped): string {
  const texts = parts.flatMap((part) => {
    if (part.kind === 'text') return [part.text];
    if (part.kind !== 'image') onSkipped(skippedName(part));
    return [];
  });
  return texts.join('\n');
}

type ContentItem =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image_url'; readonly image_url: { readonly url: string } };

/** A single text as a string, else a list; null if nothing is left. */
function contentOf(parts: readonly Part[], onSkipped: OnSkipped): string | readonly ContentItem[] | null {
  const items = parts.flatMap((part): readonly ContentItem[] => {
    switch (part.kind) {
      case 'text':
        // APIs refuse empty texts.
        return part.text === '' ? [] : [{ type: 'text', text: part.text }];
      case 'image': {
        const url = `data:${part.mimeType};base64,${part.bytes.toString('base64')}`;
        return [{ type: 'image_url', image_url: { url } }];
      }
      case 'call':
      case 'result':
      case 'unknown':
        onSkipped(skippedName(part));
        return [];
    }
  });
  const [first] = items;
  if (first === undefined) return null;
  return items.length === 1 && first.type === 'text' ? first.text : items;
}

function assistantMessage(parts: readonly Part[], onSkipped: OnSkipped): readonly object[] {
  const calls: object[] = [];
  let text = '';
  for (const part of parts) {
    if (part.kind === 'text') text += part.text;
    else if (part.kind === 'call')
      calls.push({ id: part.id, type: 'function', function: { name: part.name, arguments: part.args } });
    else onSkipped(skippedName(part));
  }
  if (text === '' && calls.length === 0) return [];
  const content = text === '' ? null : text;
  return [{ role: 'assistant', content, ...(calls.length === 0 ? {} : { tool_calls: calls }) }];
}

function skippedName(part: Part): string {
  return part.kind === 'unknown' ? part.name : `${part.kind} out of its place`;
}

function toolOf({ name, description, inputSchema }: ChatTool): object {
  // Some providers refuse a function without parameters.
  const parameters = inputSchema ?? { type: 'object', properties: {} };
  return { type: 'function', function: { name, description, parameters } };
}

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
