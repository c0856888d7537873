// Converts VS Code's chat messages, tools and options into an OpenAI chat completions request; estimates tokens.
import { isObject } from '../clients/configValue';

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
