// Converts an exchange of the history to the form that views show, and to the form that is saved.
import * as v from 'valibot';
import { redact } from '../../base/secret';
import type { ExchangeReport } from '../../proxy/report';
import type { AccountView, ExchangeView } from '../snapshot';

export const mostExchanges = 500;
/** Longer names that clients send are cut, in characters. */
const longestName = 200;
const longestMessage = 300;

const attemptSchema = v.object({
  atMs: v.number(),
  keyId: v.string(),
  status: v.nullable(v.number()),
  outcome: v.string(),
  /** Older versions do not tell. */
  previous: v.optional(v.array(v.string()), []),
  waitedMs: v.number(),
});

const exchangeSchema = v.object({
  id: v.number(),
  startedAtMs: v.number(),
  endedAtMs: v.number(),
  client: v.string(),
  method: v.string(),
  path: v.string(),
  model: v.nullable(v.string()),
  class: v.picklist(['free', 'paid', 'unmetered']),
  streaming: v.boolean(),
  end: v.picklist(['answered', 'refused', 'failed', 'cancelled']),
  status: v.nullable(v.number()),
  /** Older versions do not tell. */
  refusal: v.optional(v.nullable(v.string()), null),
  message: v.optional(v.nullable(v.string()), null),
  waitedMs: v.number(),
  firstTokenMs: v.nullable(v.number()),
  usage: v.nullable(
    v.object({ promptTokens: v.number(), completionTokens: v.number(), cost: v.nullable(v.number()) }),
  ),
  attempts: v.array(attemptSchema),
});

/** An exchange with its keys by their ids only: the vault stores the labels. */
export type SavedExchange = v.InferOutput<typeof exchangeSchema>;

/** Saved exchanges, oldest first. */
export const savedExchangesSchema = v.pipe(v.array(exchangeSchema), v.maxLength(mostExchanges));

/** The exchange as views show it, with its number: names and message are cut, and secrets masked. */
export function numbered(report: ExchangeReport, id: number): ExchangeView {
  // Fields are set afterwards: fields behind a spread would cost a microsecond.
  const view = { id, ...report };
  view.id = id;
  view.client = named(view.client);
  view.path = named(view.path);
  if (view.model !== null) view.model = named(view.model);
  if (view.message !== null) view.message = named(view.message, longestMessage);
  return view;
}

/** The exchange as it is saved: without contents and without secrets. */
export function savedExchange(view: ExchangeView): SavedExchange {
  return v.parse(exchangeSchema, view);
}

export function restoredExchange(saved: SavedExchange): ExchangeView {
  return {
    ...saved,
    attempts: saved.attempts.map((attempt) => ({ ...attempt, keyLabel: '' })),
    made: [],
  };
}

/** The text, cut to `longest`, with secrets masked. */
export function named(name: string, longest = longestName): string {
  return redact(name.length > longest ? `${name.slice(0, longest)}…` : name);
}

/** Adds the present labels of keys to exchanges that were saved without them. A removed key gets an empty label. */
export function labelled(
  exchanges: readonly ExchangeView[],
  accounts: readonly Pick<AccountView, 'keys'>[],
): readonly ExchangeView[] {
  const labels = new Map(accounts.flatMap(({ keys }) => keys.map(({ keyId, label }) => [keyId, label])));
  return exchanges.map((exchange) => ({
    ...exchange,
    attempts: exchange.attempts.map((attempt) =>
      attempt.keyLabel === '' ? { ...attempt, keyLabel: labels.get(attempt.keyId) ?? '' } : attempt,
    ),
  }));
}
