/** The data that a service no longer has once it has forgotten. */
import assert from 'node:assert/strict';
import { TextLog } from '../../../src/base/log';
import { keyIdOf } from '../../../src/base/secret';
import { readSaved } from '../../../src/keys/savedState';
import { KeywheelService } from '../../../src/service/keywheelService';
import { plainKey } from '../../../src/service/keyring/storedKey';
import { ManualClock } from '../../support/manualClock';

const keys = ['a', 'b'].map((name) => plainKey(`sk-or-v1-${name.repeat(64)}`, name));

function saved(clock: ManualClock): unknown {
  const nowMs = clock.wallMs();
  const lock = { covers: 'all', reason: 'edgeBlocked', sinceMs: nowMs, untilMs: nowMs + 60_000 };
  const key = {
    health: 'good',
    accountRef: null,
    requests: 3,
    errors: 0,
    locks: [],
    lastUsedAtMs: nowMs,
    capLeft: null,
    isFreeTier: false,
  };
  return {
    version: 1,
    savedAtMs: nowMs,
    keys: Object.fromEntries(keys.map(({ key: text }) => [keyIdOf(text), key])),
    accounts: {},
    models: [{ model: 'a/b', accountId: null, sinceMs: nowMs, untilMs: nowMs + 60_000, strikes: 1 }],
    locks: [lock],
  };
}

function known(service: KeywheelService): Readonly<Record<string, number>> {
  const read = readSaved(service.savedState());
  if (read.kind !== 'good') return assert.fail(read.kind);
  const { keys: known, accounts, models, locks } = read.state;
  return {
    keys: Object.keys(known).length,
    accounts: Object.keys(accounts).length,
    models: models.length,
    locks: locks.length,
  };
}

describe('forgetting', () => {
  it('leaves nothing of keys that are gone, and no lock', () => {
    const clock = new ManualClock();
    const service = new KeywheelService({ clock, log: new TextLog(() => undefined), version: '0' });
    assert.equal(service.restore(saved(clock)).kind, 'good');
    service.setKeys(keys);
    assert.deepEqual(known(service), { keys: 2, accounts: 0, models: 1, locks: 1 });
    service.setKeys(keys.slice(1));
    service.forget();
    assert.deepEqual(known(service), { keys: 1, accounts: 0, models: 0, locks: 0 });
    service.setKeys(keys);
    const views = service.snapshot().accounts.flatMap((account) => account.keys);
    assert.deepEqual(
      views.map(({ requests }) => requests),
      [0, 3],
    );
    service.dispose();
  });

  it('leaves nothing of what was saved for keys that have not come', () => {
    const clock = new ManualClock();
    const service = new KeywheelService({ clock, log: new TextLog(() => undefined), version: '0' });
    service.restore(saved(clock));
    service.forget();
    assert.deepEqual(known(service), { keys: 0, accounts: 0, models: 0, locks: 0 });
    service.dispose();
  });
});
