/** Entry of `npm run fuzz`: ten minutes of each kind, or as many as are named, with a seed that may be named: `npm run fuzz 3 42`. */
import { CliBundle } from '../support/cliProcess';
import { fuzz } from './fuzzing';

async function main([
  minutes = '10',
  seed = String(Date.now() % 1_000_000_000),
]: readonly string[]): Promise<number> {
  const bundle = await CliBundle.open();
  let faultCount = 0;
  try {
    for (const part of ['requests', 'answers'] as const) {
      console.log(`${part}: ${minutes} minutes, seed ${seed}`);
      const fuzzed = await fuzz(bundle, part, {
        seed: Number(seed),
        durationMs: Number(minutes) * 60_000,
        leastCases: 0,
      });
      const { cases, upstreamRequests, statuses, faults, rssAnonMiB } = fuzzed;
      console.log(
        `  ${cases} cases, ${upstreamRequests} requests upstream, first answers ${JSON.stringify(statuses)}`,
      );
      console.log(`  RssAnon by minute, MiB: ${rssAnonMiB.join(', ')}`);
      for (const fault of faults) console.log(`  ${fault}`);
      console.log(`  ${faults.length} faults`);
      faultCount += faults.length;
    }
  } finally {
    await bundle.dispose();
  }
  return faultCount === 0 ? 0 : 1;
}

void main(process.argv.slice(2)).then((code) => (process.exitCode = code));
