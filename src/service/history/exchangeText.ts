// Writes exchanges as text, without contents and without secrets: one for a bug report, the list for a file.
import type { AttemptView, ExchangeView } from '../snapshot';

/** An exchange for a bug report, in English, as its readers are developers: keys by their id, a hash; times are UTC. */
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

/** A duration in seconds; not negative, even if the clock was set back in between. */
function seconds(ms: number): string {
  return `${(Math.max(0, ms) / 1000).toFixed(3)} s`;
}

export const tableFormats = ['csv', 'json'] as const;
export type TableFormat = (typeof tableFormats)[number];

/** A row for each exchange: times are UTC, durations in milliseconds, costs in credits; the line break is CRLF in CSV (RFC 4180). */
export function exchangeTable(exchanges: readonly ExchangeView[], format: TableFormat): string {
  const rows = exchanges.map((exchange) =>
    Object.fromEntries(Object.entries(columns).map(([name, of]) => [name, of(exchange)])),
  );
  if (format === 'json') return `${JSON.stringify(rows, null, 2)}\n`;
  const names = Object.keys(columns);
  const lines = rows.map((row) => Object.values(row).map(cell).join(','));
  return `${[names.join(','), ...lines].join('\r\n')}\r\n`;
}

type Value = string | number | boolean | null;

const columns: Readonly<Record<string, (exchange: ExchangeView) => Value>> = {
  time: ({ startedAtMs }) => new Date(startedAtMs).toISOString(),
  client: ({ client }) => client,
  model: ({ model }) => model,
  request: ({ method, path }) => `${method} ${path}`,
  type: ({ class: requestClass }) => requestClass,
  streaming: ({ streaming }) => streaming,
  outcome: ({ end }) => end,
  status: ({ status }) => status,
  message: ({ message }) => message,
  key: ({ attempts }) => attempts.at(-1)?.keyLabel ?? null,
  attempts: ({ attempts }) => attempts.length,
  waitedMs: ({ waitedMs }) => Math.round(waitedMs),
  durationMs: ({ startedAtMs, endedAtMs }) => Math.max(0, Math.round(endedAtMs - startedAtMs)),
  firstTokenMs: ({ firstTokenMs }) => (firstTokenMs === null ? null : Math.round(firstTokenMs)),
  promptTokens: ({ usage }) => usage?.promptTokens ?? null,
  completionTokens: ({ usage }) => usage?.completionTokens ?? null,
  cost: ({ usage }) => usage?.cost ?? null,
};

/** A cell of CSV. An apostrophe precedes a text that a spreadsheet would take for a formula. */
function cell(value: Value): string {
  const text = value === null ? '' : String(value);
  const plain = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
