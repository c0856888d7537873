// The list of exchanges as plain text, and which of them a filter lets through; no DOM.
import type { AttemptView, ExchangeEnd, ExchangeView } from '../service/snapshot';
import { endWords, classWords, outcomeText } from './exchangeWords';
import type { Speech, StateWords } from './stateWords';
import type { Translate } from './translate';

/** Empty: everything. */
export interface ActivityFilter {
  readonly keyId: string;
  readonly model: string;
  readonly client: string;
  readonly end: string;
}

export const noFilter: ActivityFilter = { keyId: '', model: '', client: '', end: '' };

export const ends: readonly ExchangeEnd[] = ['answered', 'refused', 'failed', 'cancelled'];

export interface ExchangeRow {
  readonly id: number;
  readonly at: string;
  readonly client: string;
  /** The model, or the path where none is named. */
  readonly what: string;
  readonly key: string;
  readonly end: StateWords;
  readonly attempts: string;
  readonly took: string;
  readonly tokens: string;
}

/** Names and values of what is known of an exchange, then its attempts. */
export interface Trail {
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly attempts: readonly (readonly string[])[];
}

export function isShown({ attempts, model, client, end }: ExchangeView, filter: ActivityFilter): boolean {
  const { keyId } = filter;
  return (
    (keyId === '' || attempts.some((attempt) => attempt.keyId === keyId)) &&
    (filter.model === '' || model === filter.model) &&
    (filter.client === '' || client === filter.client) &&
    (filter.end === '' || end === filter.end)
  );
}

type Option = readonly [value: string, text: string];

/** What the list can be filtered by. */
export function filterOptions(
  exchanges: readonly ExchangeView[],
  t: Translate,
): Readonly<Record<keyof ActivityFilter, readonly Option[]>> {
  const keys = new Map(
    exchanges
      .flatMap(({ attempts }) => attempts)
      .filter(({ keyId }) => keyId !== '')
      .map((attempt) => [attempt.keyId, keyName(attempt)]),
  );
  const plain = (names: Iterable<string>): Option[] =>
    [...new Set(names)].sort((a, b) => a.localeCompare(b)).map((name) => [name, name]);
  return {
    keyId: [['', t('All keys')], ...[...keys].sort(([, a], [, b]) => a.localeCompare(b))],
    model: [['', t('All models')], ...plain(exchanges.flatMap(({ model }) => model ?? []))],
    client: [['', t('All clients')], ...plain(exchanges.map(({ client }) => client))],
    end: [['', t('All outcomes')], ...ends.map((end): Option => [end, endWords(end, t).text])],
  };
}

export function exchangeRow(exchange: ExchangeView, speech: Speech): ExchangeRow {
  const { t, formats } = speech;
  const { usage, status, attempts } = exchange;
  const end = endWords(exchange.end, t);
  const last = attempts.at(-1);
  const showsStatus = status !== null && exchange.end !== 'answered';
  return {
    id: exchange.id,
    at: formats.exact(exchange.startedAtMs),
    client: exchange.client,
    what: exchange.model ?? `${exchange.method} ${exchange.path}`,
    key: last === undefined ? '' : keyName(last),
    end: showsStatus ? { ...end, text: `${end.text} (${status})` } : end,
    attempts: formats.count(attempts.length),
    took: t('{0} s', formats.inSeconds(exchange.endedAtMs - exchange.startedAtMs)),
    tokens:
      usage === null
        ? '–'
        : `${formats.compact(usage.promptTokens)} / ${formats.compact(usage.completionTokens)}`,
  };
}

export function trailOf(exchange: ExchangeView, speech: Speech): Trail {
  const { t, formats } = speech;
  const { firstTokenMs, usage, startedAtMs } = exchange;
  const seconds = (ms: number): string => t('{0} s', formats.inSeconds(ms));
  const facts: [string, string][] = [
    [t('Client'), exchange.client],
    [t('Model'), exchange.model ?? '–'],
    [t('Request'), `${exchange.method} ${exchange.path}`],
    [t('Class'), classWords(exchange.class, t)],
    [t('Streaming'), exchange.streaming ? t('yes') : t('no')],
    [t('Status'), exchange.status === null ? t('none') : String(exchange.status)],
    [t('Waited'), seconds(exchange.waitedMs)],
    [t('First token after'), firstTokenMs === null ? '–' : seconds(firstTokenMs)],
  ];
  if (usage !== null && usage.cost !== null) facts.push([t('Cost'), formats.credits(usage.cost)]);
  return { facts, attempts: exchange.attempts.map((attempt) => attemptCells(attempt, startedAtMs, speech)) };
}

function attemptCells(attempt: AttemptView, startedAtMs: number, { t, formats }: Speech): string[] {
  const { atMs, waitedMs, outcome, status } = attempt;
  return [
    t('{0} s', formats.inSeconds(atMs - startedAtMs)),
    t('{0} s', formats.inSeconds(waitedMs)),
    keyName(attempt) || '–',
    outcomeText(outcome, t),
    status === null ? '–' : String(status),
  ];
}

/** A key that was removed since has no label any more. */
function keyName({ keyId, keyLabel }: AttemptView): string {
  return keyLabel === '' ? keyId : keyLabel;
}
