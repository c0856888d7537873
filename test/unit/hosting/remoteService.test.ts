import assert from 'node:assert/strict';
import { TextLog } from '../../../src/base/log';
import { RemoteService } from '../../../src/hosting/remoteService';
import type { ExchangeView } from '../../../src/service/snapshot';
import { History } from '../../../src/service/history/history';
import { ManualClock } from '../../support/manualClock';
import { exchangeReport, exchangeView } from '../service/exchanges';
import { stateOf } from '../vscode/views';

const names = { machineId: 'm', machine: 'm', product: 'VS Code', version: '1.0.0', window: 'w' };
const hourMs = 3_600_000;
const nowMs = Date.UTC(2026, 10, 22, 18);

/** A window that follows, on a machine whose clock is so far behind. */
function windowBehind(behindMs: number): { clock: ManualClock; service: RemoteService } {
  const clock = new ManualClock(nowMs - behindMs);
  const service = new RemoteService({
    clock,
    log: new TextLog(() => undefined),
    identity: { ...names, secret: new Uint8Array(32) },
    station: {
      place: { kind: 'following', window: 'other' },
      port: 9999,
      onDidChange: () => ({ dispose: () => undefined }),
      start: () => undefined,
      stop: () => Promise.resolve(),
      configure: () => undefined,
    },
    keyCount: () => 1,
  });
  return { clock, service };
}

describe('The past requests of a window', () => {
  it('are by the host’s time, as upstream puts the host’s clock right and not the window’s', () => {
    const host = new History({ clock: new ManualClock(nowMs), onError: () => assert.fail() });
    host.add(exchangeReport({ endedAtMs: nowMs - 2 * hourMs }));
    const { clock, service } = windowBehind(3 * hourMs);
    const { snapshot } = stateOf([]);
    service.receive({ kind: 'snapshot', snapshot: { ...snapshot, atMs: nowMs } });
    service.receive({ kind: 'history', history: host.save() });
    clock.advance(60_000);
    service.receive({ kind: 'exchange', exchange: exchangeView({ id: 2, endedAtMs: nowMs + 60_000 }) });
    const { ends, startMs, bucketMs } = service.history.series.view();
    const times = ends.answered.flatMap((count, index) => (count > 0 ? startMs + index * bucketMs : []));
    assert.deepEqual(times, [nowMs - 2 * hourMs, nowMs]);
    service.dispose();
  });

  it('are whole where the host is of the release before, which tells less of them', () => {
    const { service } = windowBehind(0);
    const untold = ['refusal', 'message', 'previous'];
    const told = JSON.stringify(exchangeView({}), (name, value: unknown) =>
      untold.includes(name) ? undefined : value,
    );
    service.receive({ kind: 'exchange', exchange: JSON.parse(told) as ExchangeView });
    assert.deepEqual(service.activity(), [exchangeView({})]);
    service.dispose();
  });
});

describe('The counts that a window begins with', () => {
  it('are the last ones of its host, not those that were saved when it opened', () => {
    const { service } = windowBehind(0);
    const saved = { version: 1, savedAtMs: nowMs, keys: {}, accounts: {}, models: [], locks: [] };
    service.restore({ ...saved, revision: nowMs + hourMs });
    service.receive({ kind: 'state', state: { version: 99 } });
    assert.deepEqual(service.handedOver, { ...saved, revision: nowMs + hourMs }, 'one that it cannot read');
    service.receive({ kind: 'state', state: saved });
    assert.deepEqual(service.handedOver, saved);
    service.dispose();
  });
});

describe('The snapshot of a window', () => {
  it('is of the present time, though the host is silent or gone', () => {
    const { clock, service } = windowBehind(3 * hourMs);
    service.receive({ kind: 'snapshot', snapshot: { ...stateOf([]).snapshot, atMs: nowMs } });
    clock.advance(hourMs);
    assert.equal(service.snapshot().atMs, nowMs + hourMs);
    service.lost();
    clock.advance(hourMs);
    assert.equal(service.snapshot().atMs, nowMs + 2 * hourMs);
    service.dispose();
  });
});
