// The last exchanges, newest first, and no more of them than anybody reads.
import * as v from 'valibot';
import { redact } from '../base/secret';
import type { ExchangeReport } from '../proxy/report';
import type { ExchangeView } from './snapshot';

const mostKept = 500;
/** What clients name is as long as they like. */
const longestName = 200;

const attemptSchema = v.object({
  atMs: v.number(),
  keyId: v.string(),
  status: v.nullable(v.number()),
  outcome: v.string(),
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
  waitedMs: v.number(),
  firstTokenMs: v.nullable(v.number()),
  usage: v.nullable(
    v.object({ promptTokens: v.number(), completionTokens: v.number(), cost: v.nullable(v.number()) }),
  ),
  attempts: v.array(attemptSchema),
});

/** Keys by their ids alone: labels are the vault's. */
export type SavedExchange = v.InferOutput<typeof exchangeSchema>;

/** Oldest first. */
export const savedExchangesSchema = v.pipe(v.array(exchangeSchema), v.maxLength(mostKept));

export class Activity {
  private kept: ExchangeView[] = [];
  private nextId = 1;

  /** An exchange that is over, under the next number. */
  add(report: ExchangeReport): ExchangeView {
    const view = viewOf(report, this.nextId);
    this.put(view);
    return view;
  }

  /** One that has its number. */
  put(view: ExchangeView): void {
    this.kept.push(view);
    this.nextId = view.id + 1;
    if (this.kept.length > mostKept) this.kept.shift();
  }

  newestFirst(): readonly ExchangeView[] {
    return [...this.kept].reverse();
  }

  /** Oldest first; without contents, which are nowhere, and without secrets. */
  save(): readonly SavedExchange[] {
    return this.kept.map(savedOf);
  }

  /** Instead of what was here; numbers go on from there. */
  restore(saved: readonly SavedExchange[]): void {
    this.kept = saved.map((exchange) => ({
      ...exchange,
      attempts: exchange.attempts.map((attempt) => ({ ...attempt, keyLabel: '' })),
      made: [],
    }));
    this.nextId = Math.max(0, ...saved.map(({ id }) => id)) + 1;
  }
}

// Field by field: this is done for every request, and copying with exceptions takes ten times as long.
function viewOf(report: ExchangeReport, id: number): ExchangeView {
  return {
    id,
    startedAtMs: report.startedAtMs,
    endedAtMs: report.endedAtMs,
    client: named(report.client),
    method: report.method,
    path: named(report.path),
    model: report.model === null ? null : named(report.model),
    class: report.requestClass,
    streaming: report.streaming,
    end: report.end,
    status: report.status,
    waitedMs: report.waitedMs,
    firstTokenMs: report.firstTokenMs,
    usage: report.usage,
    attempts: report.attempts.map(({ atMs, keyId, keyLabel, status, outcome, waitedMs }) => ({
      atMs,
      keyId: keyId ?? '',
      keyLabel: keyLabel ?? '',
      status,
      outcome,
      waitedMs,
    })),
    made: report.made,
  };
}

function savedOf(view: ExchangeView): SavedExchange {
  return {
    id: view.id,
    startedAtMs: view.startedAtMs,
    endedAtMs: view.endedAtMs,
    client: view.client,
    method: view.method,
    path: view.path,
    model: view.model,
    class: view.class,
    streaming: view.streaming,
    end: view.end,
    status: view.status,
    waitedMs: view.waitedMs,
    firstTokenMs: view.firstTokenMs,
    usage: view.usage,
    attempts: view.attempts.map(({ atMs, keyId, status, outcome, waitedMs }) => ({
      atMs,
      keyId,
      status,
      outcome,
      waitedMs,
    })),
  };
}

function named(name: string): string {
  return redact(name.length > longestName ? `${name.slice(0, longestName)}…` : name);
}
