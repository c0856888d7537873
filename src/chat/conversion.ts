// Converts VS Code's chat messages, tools and options into an OpenAI chat completions request; estimates tokens.
import { isObject } from '../clients/configValue';
import type { ReasoningDetail } from './reasoning';

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
  /** The model's reasoning before that call. */
  readonly thoughtBefore: (callId: string) => readonly ReasoningDetail[];
}

/** Called with the kind of each part that cannot be converted. */
export type OnSkipped = (kind: string) => void;

const assistantRole = 2;
const systemRole = 3;

/** Options that `requestBody` sets itself. */
const ownOptions: ReadonlySet<string> = new Set(['model', 'messages', 'stream', 'tools', 'tool_choice']);

/** The body of the request, for `JSON.stringify`. */
export function requestBody(question: ChatQuestion, onSkipped: OnSkipped): Readonly<Record<string, unknown>> {
  const { model, tools, mustCall, modelOptions } = question;
  // VS Code's own extensions pass internal options that start with `_`.
  const options = Object.entries(modelOptions).filter(
    ([name]) => !ownOptions.has(name) && !name.startsWith('_'),
  );
  return {
    ...Object.fromEntries(options),
    model,
    messages: sentMessages(question, onSkipped),
    stream: true,
    ...(tools.length === 0 ? {} : { tools: tools.map(toolOf) }),
    ...(mustCall && tools.length > 0 ? { tool_choice: 'required' } : {}),
  };
}

/** English has four or more characters per token, code and JSON three; only long hashes have fewer. */
const asciiPerToken = 3;
/** UTF-8 bytes of text beyond ASCII; Chinese, Japanese and Korean characters have three. */
const otherBytesPerToken = 2;
/** The maximum for a large image by the rules of OpenAI, Anthropic and Google. */
const tokensPerImage = 2_000;
/** Overhead of each message. */
const tokensPerMessage = 8;

/** The tokens of a text or a message, for every model; too high rather than too low, because tokenizers differ. */
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
  return { kind: 'call', id, name: String(name), args: jsonOf(input ?? {}) };
}

function valuePart(part: Readonly<Record<string, unknown>>): Part {
  if ('id' in part) return { kind: 'unknown', name: 'thinking' };
  if (typeof part.value === 'string') return { kind: 'text', text: part.value.toWellFormed() };
  // An element of prompt-tsx in a tool's result.
  if (isObject(part.value)) return { kind: 'text', text: jsonOf(part.value) };
  return { kind: 'unknown', name: 'another kind' };
}

function dataPart(mimeType: string, data: Uint8Array): Part {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (mimeType.startsWith('image/')) return { kind: 'image', mimeType, bytes };
  if (mimeType.startsWith('text/') || /^application\/(?:\S+\+)?json\b/.test(mimeType))
    return { kind: 'text', text: bytes.toString('utf8') };
  return { kind: 'unknown', name: mimeType };
}

/** JSON without half characters, which texts that were cut may contain and some providers refuse. */
function jsonOf(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => (typeof each === 'string' ? each.toWellFormed() : each));
}

interface Message {
  readonly role: number;
  readonly name: string | undefined;
  readonly parts: readonly Part[];
}

/**
 * Messages that every provider accepts: roles alternate, one result of each call follows the model's calls, ids are unique,
 * nothing is empty. VS Code sends each result in a message of its own, and leaves out the results of a turn that was stopped.
 */
function sentMessages({ messages, thoughtBefore }: ChatQuestion, onSkipped: OnSkipped): readonly object[] {
  const all = messages
    .map(({ content, role, name }) => ({
      role,
      name,
      parts: placed(content.map(partOf), role === assistantRole ? 'said' : 'asked', onSkipped),
    }))
    .filter(({ parts }) => parts.some((part) => part.kind !== 'text' || isNotBlank(part.text)));
  const sent: object[] = [];
  const ids = new Set(['']);
  for (let at = 0; at < all.length;) {
    const said = stretch(all, at, true);
    const asked = stretch(all, at + said.length, false);
    at += said.length + asked.length;
    const left = new Set(asked.flatMap(({ parts }) => parts.filter((part) => part.kind === 'result')));
    const calls = said.flatMap(({ parts }) => parts.filter((part) => part.kind === 'call'));
    const shown: Part[] = [];
    const toolCalls: object[] = [];
    const results: object[] = [];
    for (const { id, name, args } of calls) {
      const result = [...left].find((each) => each.id === id);
      if (result !== undefined) left.delete(result);
      shown.push(...(result?.content.filter(({ kind }) => kind === 'image') ?? []));
      const own = ownId(id, ids);
      toolCalls.push({ id: own, type: 'function', function: { name, arguments: args } });
      const content = result === undefined ? 'No result.' : resultText(result.content);
      results.push({ role: 'tool', tool_call_id: own, content });
    }
    const thought = calls.flatMap(({ id }) => thoughtBefore(id));
    if (said.length > 0) sent.push(assistantMessage(said, toolCalls, thought));
    sent.push(...results, ...askedMessages([{ role: 1, name: undefined, parts: shown }, ...asked], left));
  }
  return sent;
}

/** The longest run of messages from index `from` that are all the model's, or all not. */
function stretch(all: readonly Message[], from: number, isModels: boolean): readonly Message[] {
  const rest = all.slice(from);
  const end = rest.findIndex(({ role }) => (role === assistantRole) !== isModels);
  return end < 0 ? rest : rest.slice(0, end);
}

/** A unique id for the call: some models number their calls anew in each answer. */
function ownId(id: string, ids: Set<string>): string {
  let own = id;
  for (let count = 2; ids.has(own); count++) own = `${id}_${count}`;
  ids.add(own);
  return own;
}

const betweenMessages = '\n\n';

/** APIs refuse empty texts, some of them blank ones too. */
function isNotBlank(text: string): boolean {
  return text.trim() !== '';
}

const places: Readonly<Record<'asked' | 'said' | 'result', ReadonlySet<Part['kind']>>> = {
  asked: new Set(['text', 'image', 'result']),
  said: new Set(['text', 'call']),
  result: new Set(['text', 'image']),
};

/** The parts that a message or a result of that kind can have; `onSkipped` gets the kind of each other part. */
function placed(parts: readonly Part[], where: keyof typeof places, onSkipped: OnSkipped): readonly Part[] {
  return parts.flatMap((part) => {
    if (!places[where].has(part.kind)) {
      onSkipped(part.kind === 'unknown' ? part.name : `${part.kind} out of its place`);
      return [];
    }
    return part.kind === 'result' ? { ...part, content: placed(part.content, 'result', onSkipped) } : part;
  });
}

function resultText(parts: readonly Part[]): string {
  const texts = parts.map((part) => (part.kind === 'text' ? part.text : '[image]'));
  return texts.filter(isNotBlank).join('\n') || 'No output.';
}

function assistantMessage(
  said: readonly Message[],
  toolCalls: readonly object[],
  thought: readonly ReasoningDetail[],
): object {
  const texts = said.map(({ parts }) =>
    parts.map((part) => (part.kind === 'text' ? part.text : '')).join(''),
  );
  const text = texts.filter(isNotBlank).join(betweenMessages);
  return {
    role: 'assistant',
    content: text === '' ? null : text,
    ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls }),
    ...(thought.length === 0 ? {} : { reasoning_details: thought }),
  };
}

type ContentItem =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image_url'; readonly image_url: { readonly url: string } };

interface AskedMessage {
  readonly role: string;
  readonly name?: string;
  readonly content: readonly ContentItem[];
}

/** The results in `left` belong to no call, so their content becomes the user's. */
function askedMessages(asked: readonly Message[], left: ReadonlySet<Part>): readonly object[] {
  const merged: AskedMessage[] = [];
  for (const { role, name = '', parts } of asked) {
    const content = parts.flatMap((part): readonly ContentItem[] => {
      if (part.kind !== 'result') return itemsOf(part);
      if (!left.has(part)) return [];
      const images = part.content.filter(({ kind }) => kind === 'image');
      return [{ type: 'text', text: resultText(part.content) }, ...images.flatMap(itemsOf)];
    });
    const named = /^[\w-]{1,64}$/.test(name) ? { name } : {};
    const next = { role: role === systemRole ? 'system' : 'user', content, ...named };
    const before = merged.at(-1);
    if (content.length === 0) continue;
    if (before?.role !== next.role || before.name !== next.name) merged.push(next);
    else merged.splice(-1, 1, { ...next, content: joined(before.content, content) });
  }
  return merged.map(({ content, ...rest }) => {
    const [first] = content;
    return { ...rest, content: content.length === 1 && first?.type === 'text' ? first.text : content };
  });
}

function joined(before: readonly ContentItem[], after: readonly ContentItem[]): readonly ContentItem[] {
  const last = before.at(-1);
  const [first, ...others] = after;
  if (last?.type !== 'text' || first?.type !== 'text') return [...before, ...after];
  return [...before.slice(0, -1), { ...last, text: last.text + betweenMessages + first.text }, ...others];
}

function itemsOf(part: Part): readonly ContentItem[] {
  if (part.kind === 'text') return isNotBlank(part.text) ? [{ type: 'text', text: part.text }] : [];
  if (part.kind !== 'image') return [];
  const url = `data:${part.mimeType};base64,${part.bytes.toString('base64')}`;
  return [{ type: 'image_url', image_url: { url } }];
}

function toolOf({ name, description, inputSchema }: ChatTool): object {
  // Some providers refuse a function without parameters.
  const parameters = inputSchema ?? { type: 'object', properties: {} };
  return { type: 'function', function: { name, description, parameters } };
}
