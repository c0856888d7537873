// The last exchanges, newest first, and no more of them than anybody reads.
import type { ExchangeReport } from '../proxy/report';
import type { ExchangeView } from './snapshot';

const mostKept = 500;

export class Activity {
  private readonly kept: ExchangeView[] = [];
  private nextId = 1;

  add(report: ExchangeReport): ExchangeView {
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

  newestFirst(): readonly ExchangeView[] {
    return [...this.kept].reverse();
  }
}
