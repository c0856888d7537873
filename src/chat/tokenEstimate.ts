// Estimates the tokens of a text or message for every model; too high rather than too low, because tokenizers differ.
import { contentIn, type ChatMessage } from './conversion';

/** English has four or more characters per token, code and JSON three; only long hashes have fewer. */
const asciiPerToken = 3;
/** UTF-8 bytes; Chinese, Japanese and Korean characters have three. */
const otherBytesPerToken = 2;
/** The maximum for a large image by the rules of OpenAI, Anthropic and Google. */
const tokensPerImage = 2_000;
/** Overhead of each message. */
const tokensPerMessage = 8;

export function estimatedTokens(asked: string | Pick<ChatMessage, 'content'>): number {
  if (typeof asked === 'string') return textTokens(asked);
  const { texts, images } = contentIn(asked);
  return texts.reduce((sum, text) => sum + textTokens(text), tokensPerMessage + images * tokensPerImage);
}

function textTokens(text: string): number {
  const bytes = Buffer.byteLength(text, 'utf8');
  const ascii = text.replace(/[^\0-\x7f]/g, '').length;
  return Math.ceil(ascii / asciiPerToken + (bytes - ascii) / otherBytesPerToken);
}
