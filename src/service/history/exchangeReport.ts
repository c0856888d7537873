// One exchange as text for a bug report: no label, no content, no secret; English, as its readers are developers.
import type { AttemptView, ExchangeView } from '../snapshot';

/** Keys are named by their id, which is a hash; times are UTC. */
export function exchangeReport(exchange: ExchangeView, version: string): string {
  const { startedAtMs, endedAtMs, usage, firstTokenMs } = exchange;
  const lines: [string, string][] = [
    ['Keywheel', version],
    ['Request', `${exchange.method} ${exchange.path}`],
    ['Client', exchange.client],
    ['Model', exchange.model ?? '-'],
    ['Class', `${exchange.class}${exchange.streaming ? ', streaming' : ''}`],
    ['Began', new Date(startedAtMs).toISOString()],
    ['Took', seconds(endedAtMs - startedAtMs)],
    ['Ended', `${exchange.end}, status ${exchange.status ?? 'none'}${whyOf(exchange)}`],
    ['Waited', seconds(exchange.waitedMs)],
    ['First token after', firstTokenMs === null ? '-' : seconds(firstTokenMs)],
    ['Tokens', usage === null ? '-' : `${usage.promptTokens} in, ${usage.completionTokens} out`],
  ];
  const attempts = exchange.attempts.map((attempt, index) => attemptLine(attempt, index, startedAtMs));
  return [...lines.map(([name, value]) => `${name}: ${value}`), 'Attempts:', ...attempts].join('\n');
}

/** Keywheel's own messages may name accounts: a refusal is shown by its code. */
function whyOf({ refusal, message }: ExchangeView): string {
  if (refusal !== null) return ` (${refusal})`;
  return message === null ? '' : `: ${message}`;
}

function attemptLine(attempt: AttemptView, index: number, startedAtMs: number): string {
  const key = attempt.keyId === '' ? 'no key' : `key ${attempt.keyId}`;
  const after = seconds(attempt.atMs - startedAtMs);
  const waited = seconds(attempt.waitedMs);
  const previous = attempt.previous.length === 0 ? '' : `, after ${attempt.previous.join(', ')}`;
  return `  ${index + 1}. after ${after} (waited ${waited}), ${key}: ${attempt.outcome}, status ${attempt.status ?? 'none'}${previous}`;
}

/** Not negative, even if the clock was set back in between. */
function seconds(ms: number): string {
  return `${(Math.max(0, ms) / 1000).toFixed(3)} s`;
}
