// Keeps the reasoning of models before their tool calls. VS Code's stable API has no place for it, but Gemini and DeepSeek
// refuse a conversation in which it is missing.

/** An entry of `reasoning_details`, as OpenRouter sends it and wants it back. */
export type ReasoningDetail = Readonly<Record<string, unknown>>;

const mostCharacters = 16 * 1024 * 1024;

/** Adds a piece of a stream; pieces of one text become one. */
export function addDetail(details: ReasoningDetail[], piece: ReasoningDetail): void {
  const last = details.at(-1);
  const isNext = last?.type === piece.type && last?.index === piece.index && piece.data === undefined;
  if (last === undefined || !isNext) {
    details.push(piece);
    return;
  }
  const entries = Object.entries(piece).filter(([, value]) => value !== null);
  const joined = entries.map(([name, value]) => {
    const before = last[name];
    const isText = (name === 'text' || name === 'summary') && typeof before === 'string';
    return [name, isText ? before + String(value) : value] as const;
  });
  details.splice(-1, 1, { ...last, ...Object.fromEntries(joined) });
}

/** The model's reasoning by the id of the first call after it; the oldest goes first, so that memory is bounded. */
export class ReasoningMemory {
  private readonly kept = new Map<string, { details: readonly ReasoningDetail[]; characters: number }>();
  private characters = 0;

  keep(model: string, callId: string, details: readonly ReasoningDetail[]): void {
    if (details.length === 0) return;
    const name = `${model} ${callId}`;
    const characters = JSON.stringify(details).length;
    this.characters += characters - (this.kept.get(name)?.characters ?? 0);
    this.kept.delete(name);
    this.kept.set(name, { details, characters });
    for (const [oldest, entry] of this.kept) {
      if (this.characters <= mostCharacters) break;
      this.kept.delete(oldest);
      this.characters -= entry.characters;
    }
  }

  /** The reasoning before the call; empty if none is kept, and for another model, which could not read it. */
  of(model: string, callId: string): readonly ReasoningDetail[] {
    return this.kept.get(`${model} ${callId}`)?.details ?? [];
  }
}
