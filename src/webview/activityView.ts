// The list of exchanges as plain values, its filter and its order; no DOM.
import type { AttemptView, ExchangeEnd, ExchangeView, RunningView } from '../service/snapshot';
import { joined, tookText } from '../words/formats';
import {
  endWords,
  classWords,
  outcomeText,
  runningWords,
  type TextContext,
  type StateWords,
} from '../words/stateWords';
import type { Translate } from '../words/translate';

/** An empty string matches everything. */
export interface ActivityFilter {
  readonly keyId: string;
  readonly model: string;
  readonly client: string;
  readonly end: string;
  /** Words that must all occur in the exchange. */
  readonly text: string;
}

export const noFilter: ActivityFilter = { keyId: '', model: '', client: '', end: '', text: '' };

/** The columns of the list, which can be sorted by each of them. */
export const activityColumns = ['at', 'client', 'what', 'end', 'key', 'tries', 'took', 'tokens'] as const;
type ActivityColumn = (typeof activityColumns)[number];

export interface ActivitySort {
  readonly column: ActivityColumn;
  readonly isDescending: boolean;
}

export const newestFirst: ActivitySort = { column: 'at', isDescending: true };

/** The order after a click on the column's head: texts from A, figures from the highest; a second click reverses it. */
export function nextSort(sort: ActivitySort, column: ActivityColumn): ActivitySort {
  return { column, isDescending: sort.column === column ? !sort.isDescending : column in figures };
}

/** Exchanges with equal values in the column keep their order. */
export function sorted(
  list: readonly ExchangeView[],
  { column, isDescending }: ActivitySort,
  textContext: TextContext,
): readonly ExchangeView[] {
  const sign = isDescending ? -1 : 1;
  return list
    .map((exchange) => ({ exchange, value: sortValue(exchange, column, textContext) }))
    .sort((a, b) => sign * compared(a.value, b.value))
    .map(({ exchange }) => exchange);
}

/** The figures by which the list is sorted; by other columns it is sorted by their texts. */
const figures: Partial<Record<ActivityColumn, (exchange: ExchangeView) => number>> = {
  at: ({ startedAtMs }) => startedAtMs,
  tries: ({ attempts }) => attempts.length,
  took: ({ startedAtMs, endedAtMs }) => endedAtMs - startedAtMs,
  tokens: ({ usage }) => (usage === null ? -1 : usage.promptTokens + usage.completionTokens),
};

function sortValue(
  exchange: ExchangeView,
  column: ActivityColumn,
  textContext: TextContext,
): string | number {
  const figure = figures[column];
  if (figure !== undefined) return figure(exchange);
  const cell = exchangeRow(exchange, textContext)[column];
  return typeof cell === 'string' ? cell : cell.text;
}

function compared(a: string | number, b: string | number): number {
  return typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b));
}

export const ends: readonly ExchangeEnd[] = ['answered', 'refused', 'failed', 'cancelled'];

/** The cells by their columns; `what` is the model, or method and path of a request without a model. */
export interface ExchangeRow extends Readonly<Record<Exclude<ActivityColumn, 'end'>, string>> {
  readonly end: StateWords;
}

/** An exchange that has not ended. */
export interface LiveRow {
  readonly requestId: string;
  readonly state: StateWords;
  /** Start of the upward counter; with `state.untilMs` a countdown is shown instead. */
  readonly sinceMs: number;
  readonly what: string;
  /** Such as `attempt 2 · key anna · gives up at 14:37`. */
  readonly note: string;
}

export function liveRow(running: RunningView, textContext: TextContext): LiveRow {
  const { t, formats, nowMs } = textContext;
  const { requestId, startedAtMs, client, model, method, path, keyLabel, attempts, endsAtMs } = running;
  return {
    requestId,
    state: runningWords(running, textContext),
    sinceMs: startedAtMs,
    what: `${client} · ${model ?? `${method} ${path}`}`,
    note: joined(
      ' · ',
      attempts > 0 && t('attempt {0}', formats.count(attempts + 1)),
      keyLabel !== '' && t('key {0}', keyLabel),
      endsAtMs !== null && t('gives up at {0}', formats.until(endsAtMs, nowMs)),
    ),
  };
}

/** The details of an exchange. */
export interface Trail {
  /** The error message that the client got; empty without an error. */
  readonly message: string;
  /** `inRow`: the row shows the fact too, unless the page is narrow. */
  readonly facts: readonly (readonly [name: string, value: string, inRow?: true])[];
  readonly attempts: readonly (readonly string[])[];
}

export function isShown(exchange: ExchangeView, filter: ActivityFilter, textContext: TextContext): boolean {
  const { attempts, model, client, end } = exchange;
  const { keyId } = filter;
  return (
    (keyId === '' || attempts.some((attempt) => attempt.keyId === keyId)) &&
    (filter.model === '' || model === filter.model) &&
    (filter.client === '' || client === filter.client) &&
    (filter.end === '' || end === filter.end) &&
    hasWords(exchange, filter.text, textContext)
  );
}

/** Whether the row or its trail shows all words. */
function hasWords(exchange: ExchangeView, text: string, textContext: TextContext): boolean {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return true;
  const { at, what, key, end, took, tokens } = exchangeRow(exchange, textContext);
  const { message, facts, attempts } = trailOf(exchange, textContext);
  const seen = [at, what, key, end.text, took, tokens, message, ...facts.map(([, value]) => value)];
  const all = [...seen, ...attempts.flat()].join(' ').toLowerCase();
  return words.every((word) => all.includes(word));
}

type Option = readonly [value: string, text: string];

/** The options of each filter: the values in the exchanges, and the chosen value, even if no exchange has it any more. */
export function filterOptions(
  exchanges: readonly ExchangeView[],
  chosen: ActivityFilter,
  t: Translate,
): Readonly<Record<Exclude<keyof ActivityFilter, 'text'>, readonly Option[]>> {
  const keys = new Map(
    exchanges
      .flatMap(({ attempts }) => attempts)
      .filter(({ keyId }) => keyId !== '')
      .map((attempt) => [attempt.keyId, keyName(attempt, t)]),
  );
  if (chosen.keyId !== '' && !keys.has(chosen.keyId)) keys.set(chosen.keyId, removedName(chosen.keyId, t));
  const plain = (names: readonly string[], own: string): Option[] =>
    [...new Set(own === '' ? names : [...names, own])]
      .sort((a, b) => a.localeCompare(b))
      .map((name) => [name, name]);
  return {
    keyId: [['', t('All keys')], ...[...keys].sort(([, a], [, b]) => a.localeCompare(b))],
    model: [
      ['', t('All models')],
      ...plain(
        exchanges.flatMap(({ model }) => model ?? []),
        chosen.model,
      ),
    ],
    client: [
      ['', t('All clients')],
      ...plain(
        exchanges.map(({ client }) => client),
        chosen.client,
      ),
    ],
    end: [['', t('All outcomes')], ...ends.map((end): Option => [end, endWords(end, t).text])],
  };
}

export function exchangeRow(exchange: ExchangeView, textContext: TextContext): ExchangeRow {
  const { t, formats, nowMs } = textContext;
  const { usage, status, attempts } = exchange;
  const end = endWords(exchange.end, t);
  const last = attempts.at(-1);
  const showsStatus = status !== null && exchange.end !== 'answered';
  return {
    at: formats.at(exchange.startedAtMs, nowMs),
    client: exchange.client,
    what: exchange.model ?? `${exchange.method} ${exchange.path}`,
    key: last === undefined ? '' : keyName(last, t),
    end: showsStatus ? { ...end, text: `${end.text} (${status})` } : end,
    tries: formats.count(attempts.length),
    took: tookText(exchange.endedAtMs - exchange.startedAtMs, textContext),
    tokens:
      usage === null
        ? '–'
        : `${formats.compact(usage.promptTokens)} / ${formats.compact(usage.completionTokens)}`,
  };
}

export function trailOf(exchange: ExchangeView, textContext: TextContext): Trail {
  const { t, formats } = textContext;
  const { firstTokenMs, usage, startedAtMs } = exchange;
  const facts: [string, string, true?][] = [
    [t('Time'), formats.moment(startedAtMs)],
    [t('Client'), exchange.client, true],
    [t('Model'), exchange.model ?? '–'],
    [t('Request'), `${exchange.method} ${exchange.path}`],
    [t('Type'), classWords(exchange.class, t)],
    [t('Streaming'), exchange.streaming ? t('yes') : t('no')],
    [t('Status'), exchange.status === null ? t('none') : String(exchange.status)],
    [t('Waited'), tookText(exchange.waitedMs, textContext)],
    [t('First token'), firstTokenMs === null ? '–' : tookText(firstTokenMs, textContext)],
  ];
  if (usage !== null && usage.cost !== null) facts.push([t('Cost'), formats.credits(usage.cost)]);
  return {
    message: exchange.message ?? '',
    facts,
    attempts: exchange.attempts.map((attempt) => attemptCells(attempt, startedAtMs, textContext)),
  };
}

function attemptCells(attempt: AttemptView, startedAtMs: number, textContext: TextContext): string[] {
  const { atMs, waitedMs, outcome, status, previous } = attempt;
  const what = outcomeText(outcome, textContext.t);
  return [
    tookText(atMs - startedAtMs, textContext),
    tookText(waitedMs, textContext),
    keyName(attempt, textContext.t) || '–',
    previous.length === 0 ? what : textContext.t('{0} (OpenRouter tried {1})', what, previous.join(', ')),
    status === null ? '–' : String(status),
  ];
}

/** A removed key has no label, because labels are stored in the keychain. */
function keyName({ keyId, keyLabel }: AttemptView, t: Translate): string {
  return keyLabel === '' && keyId !== '' ? removedName(keyId, t) : keyLabel;
}

export function removedName(keyId: string, t: Translate): string {
  return t('removed key {0}', keyId.slice(0, 4));
}
