// Which program calls, as far as its headers tell; for the activity list alone.
import { headerValue } from './headers';

const known: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/claude-(?:cli|code)/i, 'Claude Code'],
  [/codex/i, 'Codex'],
  [/opencode/i, 'opencode'],
  [/roocode/i, 'Roo Code'],
  [/kilo/i, 'Kilo Code'],
  [/cline/i, 'Cline'],
  [/continue/i, 'Continue'],
  [/@openrouter\/sdk/i, 'OpenRouter SDK'],
  [/ai-sdk/i, 'AI SDK'],
  [/openai\/(?:js|python)/i, 'OpenAI SDK'],
  [/curl/i, 'curl'],
];

/** A known name, else the first word of the user agent, else `unknown`. */
export function clientName(rawHeaders: readonly string[]): string {
  const told = ['x-openrouter-title', 'x-title', 'originator', 'user-agent']
    .map((name) => headerValue(rawHeaders, name))
    .filter((value) => value !== null);
  for (const text of told) {
    const match = known.find(([pattern]) => pattern.test(text));
    if (match !== undefined) return match[1];
  }
  return /^[\w .-]{1,40}/.exec(told[0] ?? '')?.[0] ?? 'unknown';
}
