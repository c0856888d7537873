/** Some seconds of each kind of fuzz with a new seed, which is printed; `npm run fuzz` runs it for long, and with a given seed. */
import assert from 'node:assert/strict';
import { CliBundle } from '../support/cliProcess';
import { fuzz, type Part } from './fuzzing';

const durationMs = 20_000;
/** Least number of cases, also if a slow machine takes longer; a usual one makes thousands in the time. */
const leastCases = 1_000;

describe('strangers’ bytes', function () {
  this.timeout(durationMs + 180_000);
  this.slow(durationMs * 2);
  let bundle: CliBundle;

  before(async () => {
    bundle = await CliBundle.open();
  });

  after(async () => {
    await bundle.dispose();
  });

  for (const part of ['requests', 'answers'] as const satisfies readonly Part[]) {
    it(`as ${part} end nothing, mix nothing up and show no key`, async () => {
      const seed = Date.now() % 1_000_000_000;
      const { faults, cases } = await fuzz(bundle, part, { seed, durationMs, leastCases });
      console.log(`      ${cases} cases of ${part}, seed ${seed}`);
      assert.deepEqual(faults, [], `seed ${seed}`);
    });
  }
});
