// The list of activity for a file: a row for each exchange, without contents and without secrets.
import type { ExchangeView } from '../snapshot';

export const tableFormats = ['csv', 'json'] as const;
export type TableFormat = (typeof tableFormats)[number];

/** Times are UTC, durations in milliseconds, costs in credits; the line break is CRLF in CSV (RFC 4180). */
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

/** A text that a spreadsheet would take for a formula gets an apostrophe before it. */
function cell(value: Value): string {
  const text = value === null ? '' : String(value);
  const plain = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
