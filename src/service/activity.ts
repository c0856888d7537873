// The last exchanges, newest first, and no more of them than anybody reads.
import type { ExchangeReport } from '../proxy/report';
import type { ExchangeView } from './snapshot';

const mostKept = 500;

export class Activity {
  private kept: ExchangeView[] = [];
  /** When the last request was refused because all accounts were exhausted; null: none was. */
  lastRefusalAtMs: number | null = null;
  private nextId = 1;

  add(report: ExchangeReport): ExchangeView {
    if (report.refusal === 'accounts_exhausted') this.lastRefusalAtMs = report.endedAtMs;
    const { requestClass, attempts, ...rest } = report;
    const view: ExchangeView = {
      ...rest,
      id: this.nextId++,
      class: requestClass,
      attempts: attempts.map((attempt) => ({
        ...attempt,
        keyId: attempt.keyId ?? '',
        keyLabel: attempt.keyLabel ?? '',
      })),
    };
    this.kept.push(view);
    if (this.kept.length > mostKept) this.kept.shift();
    return view;
  }

  /** Ids go on. */
  clear(): void {
    this.kept = [];
    this.lastRefusalAtMs = null;
  }

  newestFirst(): readonly ExchangeView[] {
    return [...this.kept].reverse();
  }
}
