/** Exchanges for tests of texts, tables and series. */
import type { ExchangeReport } from '../../../src/proxy/report';
import type { ExchangeView } from '../../../src/service/snapshot';

/** 22 November 2026, 18:00 UTC. */
const startedAtMs = Date.UTC(2026, 10, 22, 18);

/** A free request, answered at its second attempt. */
export function exchangeView(change: Partial<ExchangeView>): ExchangeView {
  return { id: 1, ...ended(), ...change };
}

function ended(): ExchangeReport {
  const attempt = { keyId: 'aaaaaaaaaaaa', keyLabel: 'Private' };
  return {
    startedAtMs,
    endedAtMs: startedAtMs + 2500,
    client: 'Cline',
    method: 'POST',
    path: '/api/v1/chat/completions',
    model: 'a/b:free',
    class: 'free',
    streaming: true,
    end: 'answered',
    status: 200,
    refusal: null,
    message: null,
    waitedMs: 900,
    firstTokenMs: 1400,
    usage: { promptTokens: 1200, completionTokens: 34, cost: 0 },
    attempts: [
      { ...attempt, atMs: startedAtMs, status: 429, outcome: 'busy', previous: [], waitedMs: 0 },
      { ...attempt, atMs: startedAtMs + 1000, status: 200, outcome: 'answer', previous: [], waitedMs: 900 },
    ],
    made: [],
  };
}

/** The exchange before it has a number, with the one key that is named. */
export function exchangeReport(change: Partial<ExchangeReport>): ExchangeReport {
  return {
    ...ended(),
    attempts: [
      {
        atMs: startedAtMs,
        keyId: 'aaaaaaaaaaaa',
        keyLabel: 'Private',
        status: 200,
        outcome: 'answer',
        previous: [],
        waitedMs: 0,
      },
    ],
    ...change,
  };
}
