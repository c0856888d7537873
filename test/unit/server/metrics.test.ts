// The metrics for Prometheus: counts of exchanges that have ended, and the wheel at the time of the request.
import assert from 'node:assert/strict';
import { Emitter } from '../../../src/base/event';
import { Metrics } from '../../../src/server/metrics';
import type { ExchangeView, Snapshot } from '../../../src/service/snapshot';
import { ManualClock } from '../../support/manualClock';
import { makeKey, makePool } from '../keys/make';
import { exchangeView } from '../service/exchanges';
import { snapshotOf } from '../service/snapshots';

function ofAccounts(...accounts: readonly string[]): Snapshot {
  const groups = Object.fromEntries(accounts.map((name) => [name, [makeKey(name)]]));
  return snapshotOf(makePool(new ManualClock(), groups));
}

describe('Metrics', () => {
  let finished: Emitter<ExchangeView>;
  let snapshot: Snapshot;
  let metrics: Metrics;

  beforeEach(() => {
    finished = new Emitter<ExchangeView>((error) => {
      throw error;
    });
    snapshot = ofAccounts('a', 'b');
    metrics = new Metrics({ snapshot: () => snapshot, onDidFinishExchange: finished.event }, '1.2.3');
  });

  afterEach(() => metrics.dispose());

  async function lines(pattern: RegExp): Promise<string[]> {
    return (await metrics.text()).split('\n').filter((line) => !line.startsWith('#') && pattern.test(line));
  }

  it('counts requests, attempts, streams, tokens and cost', async () => {
    finished.fire(exchangeView({}));
    finished.fire(
      exchangeView({ class: 'paid', usage: { promptTokens: 1, completionTokens: 2, cost: 0.5 } }),
    );
    finished.fire(
      exchangeView({ streaming: false, end: 'refused', usage: null, firstTokenMs: null, attempts: [] }),
    );
    assert.deepEqual(await lines(/^keywheel_(?:requests|attempts|streams|tokens|cost)_.*total/), [
      'keywheel_requests_total{class="free",end="answered"} 1',
      'keywheel_requests_total{class="paid",end="answered"} 1',
      'keywheel_requests_total{class="free",end="refused"} 1',
      'keywheel_attempts_total{outcome="busy"} 2',
      'keywheel_attempts_total{outcome="answer"} 2',
      'keywheel_streams_total{end="answered"} 2',
      'keywheel_tokens_total{kind="prompt"} 1201',
      'keywheel_tokens_total{kind="completion"} 36',
      'keywheel_cost_credits_total 0.5',
    ]);
  });

  it('has times in seconds, and none below zero where a clock was set back', async () => {
    finished.fire(exchangeView({ firstTokenMs: 1400 }));
    finished.fire(exchangeView({ endedAtMs: 0, firstTokenMs: null }));
    assert.deepEqual(await lines(/^keywheel_.*_(?:sum|count)/), [
      'keywheel_first_token_seconds_sum{class="free"} 1.4',
      'keywheel_first_token_seconds_count{class="free"} 1',
      'keywheel_request_duration_seconds_sum{class="free"} 2.5',
      'keywheel_request_duration_seconds_count{class="free"} 2',
    ]);
  });

  it('shows each account that is there now, by its label', async () => {
    assert.equal((await lines(/^keywheel_allowance_left_requests/)).length, 2);
    snapshot = ofAccounts('b');
    assert.match(
      (await lines(/^keywheel_allowance_left_requests/)).join(),
      /^keywheel_allowance_left_requests\{account="b"\} \d+$/,
    );
    assert.deepEqual(await lines(/^keywheel_(?:info|requests_waiting|attempts_running)/), [
      'keywheel_info{version="1.2.3"} 1',
      'keywheel_requests_waiting 0',
      'keywheel_attempts_running 0',
    ]);
  });

  it('tells accounts of one name apart', async () => {
    const keys = ['1', '2', '3'].map((name) => makeKey(name, { label: name === '3' ? 'b' : 'a' }));
    snapshot = snapshotOf(
      makePool(new ManualClock(), Object.fromEntries(keys.map((key) => [key.keyId, [key]]))),
    );
    const left = await lines(/^keywheel_allowance_left_requests/);
    assert.equal(left.length, 3);
    assert.match(left.join(), /account="a [^"]+"\} 50,.*account="a [^"]+"\} 50,.*account="b"\} 50$/);
  });

  it('tells of the process, and calls nothing a total that is no counter', async () => {
    const text = await metrics.text();
    assert.match(text, /^nodejs_eventloop_lag_p99_seconds \d/m);
    assert.match(text, /^process_resident_memory_bytes \d/m);
    const gauges = [...text.matchAll(/^# TYPE (\S+) gauge$/gm)].map(([, name]) => name ?? '');
    assert.deepEqual(
      gauges.filter((name) => name.endsWith('_total')),
      [],
    );
  });
});
