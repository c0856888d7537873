/** Quota state is saved by the window that serves, and never over what this version cannot read. */
import assert from 'node:assert/strict';
import { Emitter } from '../../src/base/event';
import { TextLog } from '../../src/base/log';
import type { ProxyState, Snapshot } from '../../src/service/snapshot';
import type { StateKeepingPorts } from '../../src/service/stateKeeping';
import { StateKeeper } from '../../src/vscode/stateKeeper';
import { MementoStateStore } from '../../src/vscode/stateStore';
import { RecordingMemento } from './support/recording';
import { stateOf } from '../unit/vscode/views';

const running: ProxyState = { kind: 'running', host: '127.0.0.1', port: 1, baseUrl: 'http://127.0.0.1:1' };
const elsewhere: ProxyState = { kind: 'failed', code: 'keywheelThere', port: 1, detail: '' };

class FakeService {
  proxy: ProxyState = running;
  readonly changed = new Emitter<unknown>((error) => assert.fail(String(error)));
  readonly onDidChangeState = this.changed.event;

  constructor(private readonly kind: ReturnType<StateKeepingPorts['kept']['restore']>['kind']) {}

  restore(): ReturnType<StateKeepingPorts['kept']['restore']> {
    return { kind: this.kind, detail: '' };
  }

  savedState(): unknown {
    return { last: true };
  }

  snapshot(): Snapshot {
    return stateOf([], { proxy: this.proxy }).snapshot;
  }
}

async function keeperOf(service: FakeService): Promise<{ keeper: StateKeeper; written: string[] }> {
  const globalState = new RecordingMemento();
  const log = new TextLog(() => undefined);
  const keeper = new StateKeeper({
    kept: service,
    name: 'counts',
    stores: [new MementoStateStore(globalState, 'machine')],
    log,
  });
  await keeper.restore();
  return { keeper, written: globalState.written };
}

describe('StateKeeper', () => {
  it('saves what changes, the last alone while the store is busy, and the last state when asked to', async () => {
    const service = new FakeService('restored');
    const { keeper, written } = await keeperOf(service);
    service.changed.fire({ used: 1 });
    service.changed.fire({ used: 2 });
    await keeper.saveNow();
    assert.deepEqual(
      written.map((text) => (JSON.parse(text) as { value: unknown }).value),
      [{ used: 1 }, { last: true }],
    );
    keeper.dispose();
    service.changed.fire({ used: 3 });
    assert.equal(written.length, 2);
  });

  it('saves nothing while another window serves, nor after that when the proxy is stopped', async () => {
    const service = new FakeService('restored');
    const { keeper, written } = await keeperOf(service);
    service.proxy = elsewhere;
    service.changed.fire({ used: 1 });
    await keeper.saveNow();
    service.proxy = { kind: 'stopped' };
    await keeper.saveNow();
    assert.deepEqual(written, []);
    service.proxy = running;
    await keeper.saveNow();
    assert.equal(written.length, 1);
    keeper.dispose();
  });

  for (const kind of ['newer', 'damaged'] as const) {
    it(`leaves ${kind} state alone`, async () => {
      const service = new FakeService(kind);
      const { keeper, written } = await keeperOf(service);
      service.changed.fire({ used: 1 });
      await keeper.saveNow();
      assert.deepEqual(written, []);
      keeper.dispose();
    });
  }
});
