// The short form of `test/support/soak.ts`: nothing is left after many streams, faults and departures.
import assert from 'node:assert/strict';
import { soak } from '../support/soak';

describe('many streams at once, with faults and departures', () => {
  it('leave no lease, no wait, no timer, no socket and no memory behind', async () => {
    const result = await soak({ seconds: 2.5, streams: 120 });
    const { inFlight, waiting, timers, sockets, warnings, bugs, falselyWhole, memoryBytes } = result;
    assert.deepEqual(
      { inFlight, waiting, timers, sockets, warnings, bugs, falselyWhole },
      { inFlight: 0, waiting: 0, timers: 0, sockets: 0, warnings: [], bugs: [], falselyWhole: 0 },
    );
    assert.ok(result.exchanges > 200, `${result.exchanges} exchanges`);
    for (const end of ['answered', 'refused', 'failed', 'cancelled']) {
      assert.ok((result.byEnd[end] ?? 0) > 0, `no exchange ended ${end}`);
    }
    const [before, after] = memoryBytes;
    assert.ok(after < before * 1.1, `${before} bytes before, ${after} after`);
  });
});
