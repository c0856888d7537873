/** The text of an answer, in pieces. */
import type { AnswerOptions } from './answerOptions';

const defaultText =
  'This answer comes from a simulated OpenRouter, not from a model: naïve, 日本語 and 🎡 are here to be cut in two.';

/** The pieces of text that the content events carry, in order; the same on every call. */
export function* contentPieces(options: AnswerOptions): Generator<string> {
  if (options.empty === true) return;
  const words = (options.text ?? defaultText).match(/\s*\S+/g) ?? [];
  const count = options.events ?? words.length;
  for (let index = 0; index < count; index++) {
    yield options.bytesPerEvent === undefined
      ? (words[index % Math.max(1, words.length)] ?? ' word')
      : textOfBytes(options.bytesPerEvent, index);
  }
}

export function pieceCount(options: AnswerOptions): number {
  if (options.empty === true) return 0;
  return options.events ?? (options.text ?? defaultText).match(/\s*\S+/g)?.length ?? 0;
}

/** Text of exactly `bytes` UTF-8 bytes, with characters of two, three and four bytes where they fit. */
function textOfBytes(bytes: number, index: number): string {
  const start = `${index} é日🎡 `;
  const startBytes = Buffer.byteLength(start);
  if (bytes < startBytes) return 'x'.repeat(bytes);
  return start + 'x'.repeat(bytes - startBytes);
}
