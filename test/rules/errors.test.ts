/** docs/errors.md says what the code does: every reason, outcome, fault and refusal has its row, and its cells are the code's. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { modelScopes, scopes, type Duration } from '../../src/keys/lock';
import { decide, type Decision } from '../../src/proxy/decision/decision';
import type { Fault } from '../../src/proxy/errors/outcome';
import type { LimitOutcome, Outcome } from '../../src/proxy/errors/outcome';
import type { RefusalCode } from '../../src/proxy/errors/refusal';
import { usualSituation } from '../unit/proxy/decision/usualSituation';

const doc = readFileSync('docs/errors.md', 'utf8');

/** The rows of the table under the heading, by their first cell, without the backticks. */
function tableOf(heading: string): ReadonlyMap<string, readonly string[]> {
  const [, text = ''] = doc.split(`\n## ${heading}\n`);
  const lines = (text.split('\n## ')[0] ?? '').split('\n').filter((line) => line.startsWith('| `'));
  const rows = lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  return new Map(rows.map(([name = '', ...cells]) => [name.replaceAll('`', ''), cells]));
}

const seconds = (ms: number): string => {
  const [size, unit] = (
    [
      [86_400_000, 'd'],
      [3_600_000, 'h'],
      [60_000, 'min'],
    ] as const
  ).find(([length]) => ms >= length) ?? [1_000, 's'];
  return `${ms / size} ${unit}`;
};

const places = {
  modelOnKey: 'model × key',
  modelOnAccount: 'model × account',
  key: 'key',
  account: 'account',
  model: 'model, for everybody',
  everything: 'everything',
};
const forces = { held: '', reordered: ', asked last', passedOver: ', where a fallback is named' };

function durationCell({ firstMs, longestMs, longestHintMs }: Duration): string {
  if (longestMs === firstMs) return `hint, ${seconds(longestHintMs ?? 0)} at most; else ${seconds(firstMs)}`;
  const growing = `${seconds(firstMs)}, doubled up to ${seconds(longestMs)}`;
  return longestHintMs === null ? growing : `hint, ${seconds(longestHintMs)} at most; else ${growing}`;
}

/** The situation of a request for a paid model, while another account is ready. */
const situation = { ...usualSituation, model: 'x/y', othersReady: true };

function nextOf(decision: Decision): string {
  if (decision.next !== 'retry') return 'nobody';
  const { elsewhere, waitMs, verdict } = decision;
  if (elsewhere !== 'no') return elsewhere === 'key' ? 'another key' : 'another account';
  if (waitMs > 0) return 'again, after a wait';
  return verdict.kind === 'locked' ? 'who is not locked' : 'again, at once';
}

function nextCells(outcome: Outcome): readonly string[] {
  const decisions = (['free', 'paid'] as const).map((requestClass) =>
    decide(outcome, { ...situation, class: requestClass }),
  );
  const reasons = decisions.map(({ verdict }) => (verdict.kind === 'locked' ? verdict.reason : '–'));
  const [free = '', paid = ''] = reasons;
  return [free === paid ? free : `${free}, ${paid}`, ...decisions.map(nextOf)];
}

const limit = (kind: LimitOutcome['kind']): LimitOutcome => ({ kind, untilMs: null, limit: null });
const busy = { kind: 'busy', untilMs: null, isByok: false, allProviders: false } as const;
const overloaded = { kind: 'overloaded', untilMs: null, timedOut: false } as const;

/** Exhaustive by its type; more than one row where a kind's facts decide. */
const outcomes: Readonly<Record<Exclude<Outcome['kind'], 'fault'>, Readonly<Record<string, Outcome>>>> = {
  dailyLimit: { '': limit('dailyLimit') },
  minuteLimit: { '': limit('minuteLimit') },
  modelLimit: { '': limit('modelLimit') },
  modelDailyLimit: { '': limit('modelDailyLimit') },
  sharedCapacity: { '': limit('sharedCapacity') },
  busy: {
    '': busy,
    ', all providers': { ...busy, allProviders: true },
    ', own provider key': { ...busy, isByok: true },
  },
  noCredits: { '': limit('noCredits') },
  belowZero: { '': limit('belowZero') },
  requestTooDear: {
    ', for the account': { kind: 'requestTooDear', limits: 'account' },
    ', for the key': { kind: 'requestTooDear', limits: 'key' },
  },
  inFlightBudget: { '': limit('inFlightBudget') },
  keyCap: { '': limit('keyCap') },
  budget: { '': limit('budget') },
  policy: { '': limit('policy') },
  ownKeyWanted: { '': limit('ownKeyWanted') },
  unauthorized: { '': limit('unauthorized') },
  edgeBlocked: { '': limit('edgeBlocked') },
  overloaded: { '': overloaded, ', a time-out': { ...overloaded, timedOut: true } },
  internal: { '': { kind: 'internal' } },
  requestFault: { '': { kind: 'requestFault', model: 'fit' } },
  unknownLimit: { '': limit('unknownLimit') },
};

const cause = new Error();
const faults: Readonly<Record<Fault['code'], Fault>> = {
  notSent: { code: 'notSent', cause },
  resetBeforeHead: { code: 'resetBeforeHead', reusedSocket: false, cause },
  unreadable: { code: 'unreadable', reusedSocket: false, cause },
  headTimeout: { code: 'headTimeout' },
  firstTokenTimeout: { code: 'firstTokenTimeout' },
  idleTimeout: { code: 'idleTimeout' },
  cut: { code: 'cut', cause },
  notAnAnswer: { code: 'notAnAnswer' },
  clientGone: { code: 'clientGone' },
  headTooLarge: { code: 'headTooLarge' },
};

const refusals: Readonly<Record<RefusalCode, true>> = {
  proxy_key_missing: true,
  proxy_key_wrong: true,
  host_not_allowed: true,
  origin_not_allowed: true,
  path_not_allowed: true,
  method_not_allowed: true,
  key_changes_not_allowed: true,
  body_too_large: true,
  body_incomplete: true,
  body_coding_unknown: true,
  busy_with_bodies: true,
  no_keys: true,
  no_usable_key: true,
  accounts_exhausted: true,
  model_busy: true,
  answers_broke: true,
  free_only: true,
  too_many_waiting: true,
  upstream_unreachable: true,
  upstream_silent: true,
  upstream_cut: true,
  upstream_full: true,
  upstream_unfit: true,
  keys_refused: true,
  keys_not_loaded: true,
  stopping: true,
  cancelled: true,
  internal: true,
};

function assertRows(heading: string, expected: ReadonlyMap<string, readonly string[]>, from: number): void {
  const table = tableOf(heading);
  const cells = new Map(
    [...table].map(([name, row]) => [name, row.slice(from, from + (expected.get(name)?.length ?? 0))]),
  );
  assert.deepEqual(Object.fromEntries(cells), Object.fromEntries(expected));
  for (const [name, row] of table)
    assert.ok(
      row.every((cell) => cell !== ''),
      name,
    );
}

describe('docs/errors.md', () => {
  it('says of every lock what it holds and for how long', () => {
    const rows: (readonly [string, readonly string[]])[] = [
      ...Object.entries(scopes).map(([reason, { holds, covers, lasts }]) => {
        const which = covers === 'all' ? '' : ` × ${covers}`;
        const untilMs = reason === 'dailyLimit' ? 'the day’s reset' : durationCell(lasts);
        return [reason, [`${places[holds]}${which}`, untilMs]] as const;
      }),
      ...Object.entries(modelScopes).map(
        ([reason, { holds, force, lasts }]) =>
          [reason, [`${places[holds]}${forces[force]}`, durationCell(lasts)]] as const,
      ),
    ];
    assertRows('Locks', new Map(rows), 0);
  });

  it('says of every outcome what it locks and who is asked next', () => {
    const rows = Object.entries(outcomes).flatMap(([kind, variants]) =>
      Object.entries(variants).map(([more, outcome]) => [`${kind}${more}`, nextCells(outcome)] as const),
    );
    assertRows('Outcomes', new Map(rows), 1);
  });

  it('says of every fault who is asked next', () => {
    const rows = Object.values(faults).map(
      (fault) => [fault.code, nextCells({ kind: 'fault', fault }).slice(1)] as const,
    );
    assertRows('Faults', new Map(rows), 1);
  });

  it('has a row for every refusal', () => {
    assertRows('Refusals', new Map(Object.keys(refusals).map((code) => [code, []])), 0);
  });
});
