/** Snapshots of a pool for tests, of a proxy that does not run. */
import type { Pool } from '../../../src/keys/pool';
import { buildSnapshot } from '../../../src/service/buildSnapshot';
import type { Snapshot } from '../../../src/service/snapshot';

export function snapshotOf(pool: Pool): Snapshot {
  return buildSnapshot({
    pool,
    proxy: { kind: 'stopped' },
    timezone: 'UTC',
    paidRefusedAtMs: null,
    unreached: null,
    running: [],
  });
}
