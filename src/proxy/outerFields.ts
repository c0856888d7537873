// The outermost fields in the beginning of a JSON text that was not read to its end.

/** Longer names and values decide nothing. */
const longestText = 512;

/** Fields with a text or `true` for a value, as far as the text goes; empty where it is no JSON object. */
export function outerFields(text: string): Readonly<Record<string, string | true>> {
  const reader = new Reader();
  for (let at = 0; at < text.length; at++) at = reader.read(text, at);
  return reader.fields;
}

class Reader {
  readonly fields: Record<string, string | true> = {};
  private name: string | null = null;
  private isValue = false;
  private depth = 0;

  /** Reads what begins at `at`; returns the place of its last character. */
  read(text: string, at: number): number {
    const character = text[at] ?? '';
    if (character === '"') return this.readString(text, at);
    if (this.depth === 1) this.readMark(text, at);
    this.depth += nesting(character);
    return at;
  }

  private readString(text: string, at: number): number {
    const end = endOfString(text, at);
    if (end < 0) return text.length;
    if (this.depth === 1) this.take(stringAt(text, at, end));
    return end;
  }

  private take(said: string | null): void {
    if (!this.isValue) this.name = said;
    else if (this.name !== null && said !== null) this.fields[this.name] = said;
  }

  private readMark(text: string, at: number): void {
    const character = text[at];
    if (character === ':' || character === ',') this.isValue = character === ':';
    else if (this.isValue && this.name !== null && text.startsWith('true', at)) this.fields[this.name] = true;
  }
}

function nesting(character: string): number {
  if (character === '{' || character === '[') return 1;
  return character === '}' || character === ']' ? -1 : 0;
}

function endOfString(text: string, from: number): number {
  for (let end = text.indexOf('"', from + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let escapes = 0;
    while (text[end - 1 - escapes] === '\\') escapes++;
    if (escapes % 2 === 0) return end;
  }
  return -1;
}

function stringAt(text: string, from: number, end: number): string | null {
  if (end - from > longestText) return null;
  try {
    const value: unknown = JSON.parse(text.slice(from, end + 1));
    return typeof value === 'string' ? value : null;
  } catch {
    // No JSON string: then it names nothing.
    return null;
  }
}
