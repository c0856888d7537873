// The fields of a request's body that decide where it goes. All other fields are left to upstream.
import { crc32 } from 'node:zlib';
import { isFreeModel } from '../../keys/freeModel';
import { fieldsOf, isWord, itemsOf, textAt, type Field, type Scan, type Span } from './outerFields';

/** Longer names and ids are ignored. */
const longestText = 512;
const mostModels = 64;
/** No model takes more plugins, tools or items; a longer list may hold a paid one beyond the bound. */
const mostPlugins = 64;
const mostTools = 2048;
const mostItems = 16_384;
/** The first message that is not the system's is looked for among this many; its text among `mostParts` parts. */
const mostMessages = 16;
/** The first message that is not the system's is mostly one of the first two. */
const usualMessages = 2;
const mostParts = 64;
/** The rest of a longer text is not needed to tell conversations apart. */
const mostOpening = 64 * 1024;

const quote = 0x22;

export interface RequestFields {
  /** The model, else the first of `models`. */
  readonly model: string | null;
  /** Whether every model that may answer is free, and no other part of the request costs. */
  readonly isFree: boolean;
  /** Whether a part of the request costs, whatever the model costs. */
  readonly costs: boolean;
  readonly streaming: boolean;
  readonly choosesProviders: boolean;
  readonly session: string | null;
  /** Checksums of the texts of the first system message and of the first other one, as they stand in the body; null without any. */
  readonly opening: string | null;
  readonly inputFile: string | null;
  readonly names: ModelFields;
}

export interface ModelFields {
  readonly model: Field | null;
  readonly models: Field | null;
}

const fieldNames = [
  'model',
  'models',
  'fallbacks',
  'stream',
  'provider',
  'session_id',
  'prompt_cache_key',
  'plugins',
  'tools',
  'web_search_options',
  'preset',
  'system',
  'instructions',
  'messages',
  'input',
  'input_file_id',
] as const;
type Fields = Partial<Record<(typeof fieldNames)[number], Field>>;

/** The result for a body that is no JSON object, and for none at all. */
export const noRequestFields: RequestFields = {
  model: null,
  isFree: false,
  costs: false,
  streaming: false,
  choosesProviders: false,
  session: null,
  opening: null,
  inputFile: null,
  names: { model: null, models: null },
};

export function* readRequestFields(bytes: Buffer | null): Scan<RequestFields> {
  if (bytes === null) return noRequestFields;
  const fields = yield* fieldsOf(bytes, 0, fieldNames);
  const text = (name: keyof Fields): string | null => textAt(bytes, fields[name]?.value, longestText);
  const named = modelsOf(bytes, fields, yield* itemsIn(bytes, fields.models, mostModels + 1));
  const costs = named.some(isSearching) || (yield* costsBeside(bytes, fields));
  return {
    model: named[0] ?? null,
    isFree: !costs && isAllFree(named),
    costs,
    streaming: isWord(bytes, fields.stream?.value, 'true'),
    choosesProviders: yield* leavesProvidersOut(bytes, fields.provider),
    session: text('session_id') ?? text('prompt_cache_key'),
    opening: yield* openingOf(bytes, fields),
    inputFile: text('input_file_id'),
    names: { model: fields.model ?? null, models: fields.models ?? null },
  };
}

/** The models that may answer; null for an entry that is no name. */
function modelsOf(bytes: Buffer, fields: Fields, items: readonly Span[]): readonly (string | null)[] {
  const models = items.map((item) => textAt(bytes, item, longestText));
  const model = textAt(bytes, fields.model?.value, longestText);
  return model === null ? models : [model, ...models];
}

const narrowing = ['only', 'ignore', 'quantizations', 'max_price', 'require_parameters'] as const;

/** Whether the request leaves providers out. An order or a sort, which clients send by default, leaves none out. */
function* leavesProvidersOut(bytes: Buffer, provider: Field | undefined): Scan<boolean> {
  if (provider === undefined) return false;
  const fields = yield* fieldsOf(bytes, provider.value.from, [...narrowing, 'allow_fallbacks']);
  return isWord(bytes, fields.allow_fallbacks?.value, 'false') || narrowing.some((name) => name in fields);
}

/** `:online` is another way to ask for web search. */
function isSearching(name: string | null): boolean {
  return name !== null && /:online(?:$|:)/.test(name);
}

/** The body with another model and all other bytes unchanged. A list `models` is removed, so that no other model answers. */
export function withModelName(bytes: Buffer, { model, models }: ModelFields, name: string): Buffer {
  const value = JSON.stringify(name);
  const edits: (Span & { readonly text: string })[] = [];
  if (model !== null) edits.push({ ...model.value, text: value });
  if (models !== null) {
    edits.push(
      model === null ? { ...models, text: `"model":${value}` } : { ...withComma(bytes, models), text: '' },
    );
  }
  const pieces: Buffer[] = [];
  let at = 0;
  for (const { from, to, text } of edits.sort((one, other) => one.from - other.from)) {
    pieces.push(bytes.subarray(at, from), Buffer.from(text));
    at = to;
  }
  return Buffer.concat([...pieces, bytes.subarray(at)]);
}

/** The field with the comma behind it, else with the one before it. */
function withComma(bytes: Buffer, { from, to }: Span): Span {
  const behind = /^\s*,/.exec(bytes.toString('latin1', to, to + 1024))?.[0].length ?? 0;
  if (behind > 0) return { from, to: to + behind };
  const before = /,\s*$/.exec(bytes.toString('latin1', Math.max(0, from - 1024), from))?.[0].length ?? 0;
  return { from: from - before, to };
}

function isAllFree(names: readonly (string | null)[]): boolean {
  if (names.length === 0 || names.length > mostModels) return false;
  return names.every((name) => name !== null && isFreeModel(name));
}

/** Plugins that only change the text sent or answered. */
const freePlugins: ReadonlySet<string | null> = new Set(['response-healing', 'context-compression']);
/** Engines of `file-parser` that cost nothing beside the model; without a named engine, upstream may choose one that costs. */
const freeEngines: ReadonlySet<string | null> = new Set(['cloudflare-ai', 'pdf-text', 'native']);

/** Web search, paid engines for files and OpenRouter's own tools cost with a free model too, as may a preset, and a paid fallback (`/messages`). */
function* costsBeside(bytes: Buffer, fields: Fields): Scan<boolean> {
  const { web_search_options: options, preset, fallbacks, plugins, tools, input } = fields;
  if ([options, preset].some((field) => field !== undefined && !isWord(bytes, field.value, 'null')))
    return true;
  if (fallbacks !== undefined && (yield* hasPaidFallback(bytes, fallbacks))) return true;
  if (plugins !== undefined && (yield* hasPaidPlugin(bytes, plugins))) return true;
  if (tools !== undefined && (yield* hasPaidTool(bytes, tools))) return true;
  return input !== undefined && (yield* addsPaidTool(bytes, input));
}

function* hasPaidFallback(bytes: Buffer, fallbacks: Field): Scan<boolean> {
  const names: (string | null)[] = [];
  for (const fallback of yield* itemsIn(bytes, fallbacks, mostModels + 1)) {
    const { model } = yield* fieldsOf(bytes, fallback.from, ['model']);
    names.push(textAt(bytes, model?.value, longestText));
  }
  return names.some(isSearching) || (names.length > 0 && !isAllFree(names));
}

function* hasPaidPlugin(bytes: Buffer, plugins: Field): Scan<boolean> {
  const items = yield* itemsIn(bytes, plugins, mostPlugins + 1);
  for (const plugin of items) if (yield* mayPluginCost(bytes, plugin)) return true;
  return items.length > mostPlugins;
}

function* mayPluginCost(bytes: Buffer, plugin: Span): Scan<boolean> {
  const { id, enabled, pdf } = yield* fieldsOf(bytes, plugin.from, ['id', 'enabled', 'pdf']);
  const name = textAt(bytes, id?.value, longestText);
  if (freePlugins.has(name) || isWord(bytes, enabled?.value, 'false')) return false;
  if (name !== 'file-parser' || pdf === undefined) return true;
  const { engine } = yield* fieldsOf(bytes, pdf.value.from, ['engine']);
  return !freeEngines.has(textAt(bytes, engine?.value, longestText));
}

/** The type prefixes of tools that upstream runs, and of one that asks another model. */
const paidTools = [
  'openrouter:',
  'web_search',
  'web_fetch',
  'image_generation',
  'code_interpreter',
  'file_search',
  'advisor',
];
/** Tools of OpenRouter without a fee. */
const freeTools: ReadonlySet<string> = new Set(['openrouter:datetime', 'openrouter:apply_patch']);
/** A list of tools without any of these has no paid tool; `\u` may hide one behind an escape. */
const paidMarks = [...paidTools, '\\u'];
/** The bytes searched in one step; `longestMark` bytes more are searched, as a mark may stand across the border. */
const searchedBytes = 256 * 1024;
const longestMark = 32;

function* hasPaidTool(bytes: Buffer, tools: Field): Scan<boolean> {
  if (!(yield* holdsAny(bytes, tools, paidMarks))) return false;
  const items = yield* itemsIn(bytes, tools, mostTools + 1);
  for (const tool of items) {
    const { type } = yield* fieldsOf(bytes, tool.from, ['type']);
    const name = textAt(bytes, type?.value, longestText) ?? '';
    if (!freeTools.has(name) && paidTools.some((begin) => name.startsWith(begin))) return true;
  }
  return items.length > mostTools;
}

/** Items of `/responses` may add tools of their own. */
function* addsPaidTool(bytes: Buffer, input: Field): Scan<boolean> {
  if (!(yield* holdsAny(bytes, input, ['additional_tools', '\\u']))) return false;
  const items = yield* itemsIn(bytes, input, mostItems + 1);
  for (const item of items) {
    const { tools } = yield* fieldsOf(bytes, item.from, ['tools']);
    if (tools !== undefined && (yield* hasPaidTool(bytes, tools))) return true;
  }
  return items.length > mostItems;
}

function* holdsAny(bytes: Buffer, { value }: Field, marks: readonly string[]): Scan<boolean> {
  for (let { from } = value; from < value.to; from += searchedBytes) {
    const to = Math.min(value.to, from + searchedBytes + longestMark);
    const searched = bytes.subarray(from, to);
    if (marks.some((mark) => searched.includes(mark))) return true;
    yield to - from;
  }
  return false;
}

/**
 * The conversation's opening. Texts alone: clients move marks (`cache_control`) from turn to turn, add ids, and send a
 * text as a string or in parts. System messages after the first other one are left out.
 */
function* openingOf(bytes: Buffer, fields: Fields): Scan<string | null> {
  const apart = yield* sumOf(bytes, fields.system ?? fields.instructions);
  const list = fields.messages ?? fields.input;
  const messages = yield* firstMessages(bytes, list);
  const system = apart === noText ? messages.system : apart;
  const first = isText(bytes, list) ? sumOfText(bytes, list.value, noText) : messages.first;
  return system === noText && first === noText ? null : `${system} ${first}`;
}

function* firstMessages(
  bytes: Buffer,
  list: Field | undefined,
  most = usualMessages,
): Scan<{ readonly system: number; readonly first: number }> {
  let system = noText;
  const messages = yield* itemsIn(bytes, list, most);
  for (const message of messages) {
    const { role, content } = yield* fieldsOf(bytes, message.from, ['role', 'content']);
    const sum = yield* sumOf(bytes, content);
    const isSystem = /^(?:system|developer)$/.test(textAt(bytes, role?.value, longestText) ?? '');
    if (!isSystem) return { system, first: sum };
    if (system === noText) system = sum;
  }
  const hasMore = messages.length === most && most < mostMessages;
  return hasMore ? yield* firstMessages(bytes, list, mostMessages) : { system, first: noText };
}

/** The checksum of no text. */
const noText = 0;

/** The checksum of a string, or of the texts of a list of parts, else of the first image or file: of the bytes in the body. */
function* sumOf(bytes: Buffer, field: Field | undefined): Scan<number> {
  if (isText(bytes, field)) return sumOfText(bytes, field.value, noText);
  let sum = noText;
  let summed = 0;
  let shown: Field | undefined;
  for (const part of yield* itemsIn(bytes, field, mostParts)) {
    const { text, image_url, source, file } = yield* fieldsOf(bytes, part.from, partFields);
    shown ??= image_url ?? source ?? file;
    if (text === undefined) continue;
    sum = sumOfText(bytes, text.value, sum);
    summed += text.value.to - text.value.from;
    if (summed > mostOpening) break;
  }
  return summed > 0 || shown === undefined ? sum : sumOfText(bytes, shown.value, sum);
}

const partFields = ['text', 'image_url', 'source', 'file'] as const;

function isText(bytes: Buffer, field: Field | undefined): field is Field {
  return field !== undefined && bytes[field.value.from] === quote;
}

/** Continues the checksum of the text before it. */
function sumOfText(bytes: Buffer, { from, to }: Span, before: number): number {
  return crc32(bytes.subarray(from + 1, Math.min(to - 1, from + mostOpening)), before);
}

function itemsIn(bytes: Buffer, field: Field | undefined, most: number): Scan<Span[]> {
  return itemsOf(bytes, field?.value.from ?? bytes.length, most);
}
