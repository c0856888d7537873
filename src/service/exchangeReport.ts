// One exchange as text for a bug report: no label, no content, no secret; English, as its readers are developers.
import type { AttemptView, ExchangeView } from './snapshot';

/** Keys are named by their id, which is a hash; times are UTC. */
export function exchangeReport(exchange: ExchangeView, version: string): string {
  const { startedAtMs, endedAtMs, usage, firstTokenMs } = exchange;
  const lines: [string, string][] = [
    ['Keywheel', version],
    ['Request', `${exchange.method} ${exchange.path}`],
    ['Client', exchange.client],
    ['Model', exchange.model ?? '-'],
    ['Class', `${exchange.class}${exchange.streaming ? ', streaming' : ''}`],
    ['Began', iso(startedAtMs)],
    ['Took', seconds(endedAtMs - startedAtMs)],
    ['Ended', `${exchange.end}, status ${exchange.status ?? 'none'}`],
    ['Waited', seconds(exchange.waitedMs)],
    ['First token after', firstTokenMs === null ? '-' : seconds(firstTokenMs)],
    ['Tokens', usage === null ? '-' : `${usage.promptTokens} in, ${usage.completionTokens} out`],
  ];
  const attempts = exchange.attempts.map((attempt, index) => attemptLine(attempt, index, startedAtMs));
  return [...lines.map(([name, value]) => `${name}: ${value}`), 'Attempts:', ...attempts].join('\n');
}

function attemptLine(attempt: AttemptView, index: number, startedAtMs: number): string {
  const key = attempt.keyId === '' ? 'no key' : `key ${attempt.keyId}`;
  const after = seconds(attempt.atMs - startedAtMs);
  const waited = seconds(attempt.waitedMs);
  return `  ${index + 1}. after ${after} (waited ${waited}), ${key}: ${attempt.outcome}, status ${attempt.status ?? 'none'}`;
}

/** The clock may have been set back between two instants: nothing takes less than no time. */
function seconds(ms: number): string {
  return `${(Math.max(0, ms) / 1000).toFixed(3)} s`;
}

function iso(atMs: number): string {
  return new Date(atMs).toISOString();
}
