// Killed under load and started again: the counts are known, but for the last moment.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Simulator } from '../simulator/simulator';
import { CliBundle } from '../support/cliProcess';
import { ask } from './client';
import { accountsOf, keyFor } from './support';

const names = Array.from({ length: 20 }, (_, index) => `account${index}`);

interface KeyStatus {
  readonly accounts: readonly { readonly day: { readonly used: number } }[];
}

/** Zero before there is a file. */
function savedAtMsIn(file: string): number {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { savedAtMs: number }).savedAtMs;
  } catch {
    return 0;
  }
}

describe('a proxy that was killed', () => {
  let cli: CliBundle;

  before(async () => {
    cli = await CliBundle.open();
  });

  after(async () => {
    await cli.dispose();
  });

  for (const afterMs of [200, 650]) {
    it(`knows at its next start what it had counted when it was saved last (killed ${afterMs} ms after that)`, async () => {
      // Readings tell no counts, so that only the file has them.
      const accounts = accountsOf(
        ...names.map((name) => ({ name, omitKeyFields: ['free_model_daily_requests'] })),
      );
      await using simulator = await Simulator.start({ accounts });
      const environment = {
        OPENROUTER_KEYS: names.map(keyFor).join(','),
        OPENROUTER_BASE_URL: simulator.baseUrl,
        PORT: '0',
        TIMEZONE: 'UTC',
        STATE_FILE: join(cli.folder, `killed-${afterMs}.json`),
      };
      const first = cli.start({ ...environment, PROXY_API_KEY: 'kw-first' });
      const port = await first.listening();
      const stopLoad = new AbortController();
      const load = (async () => {
        for (let sent = 0; !stopLoad.signal.aborted && sent < 390; sent++) {
          // A request whose proxy is killed rejects, as the test expects.
          ask(port, { proxyKey: 'kw-first' }).catch(() => undefined);
          await new Promise((resolve) => setTimeout(resolve, 8));
        }
      })();
      await simulator.waitFor(() => {
        const atMs = savedAtMsIn(environment.STATE_FILE);
        return simulator.requestsTo('/chat/completions').filter((attempt) => attempt.atMs < atMs).length > 30;
      });
      // The state is saved again and again while requests run: the next save comes too.
      const firstSavedAtMs = savedAtMsIn(environment.STATE_FILE);
      await simulator.waitFor(() => savedAtMsIn(environment.STATE_FILE) > firstSavedAtMs);
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      const killedAtMs = Date.now();
      await first.kill('SIGKILL');
      stopLoad.abort();
      await load;
      const seen = new Map(names.map((name) => [name, simulator.usedToday(name)]));
      const saved = JSON.parse(await readFile(environment.STATE_FILE, 'utf8')) as { savedAtMs: number };
      const { savedAtMs } = saved;
      console.log(`      saved ${killedAtMs - savedAtMs} ms before`);
      // Attempts that had arrived upstream had been counted here before.
      const sure = new Map(names.map((name) => [name, 0]));
      const attempts = simulator.requestsTo('/chat/completions');
      for (const { accountName = '', atMs } of attempts) {
        if (atMs < savedAtMs) sure.set(accountName, (sure.get(accountName) ?? 0) + 1);
      }
      const second = cli.start({ ...environment, PROXY_API_KEY: 'kw-second' });
      try {
        const reply = await ask(await second.listening(), {
          method: 'GET',
          path: '/key-status',
          proxyKey: 'kw-second',
        });
        const counted = (reply.json() as KeyStatus).accounts.map(({ day }) => day.used);
        const sum = (counts: Iterable<number>): number =>
          [...counts].reduce((total, count) => total + count, 0);
        assert.ok(sum(sure.values()) > 20, 'The load was too light to show anything.');
        for (const [index, name] of names.entries()) {
          const count = counted[index] ?? 0;
          assert.ok(count >= (sure.get(name) ?? 0), `${name}: ${count}, surely ${sure.get(name)}`);
          assert.ok(count <= (seen.get(name) ?? 0) + 2, `${name}: ${count} of ${seen.get(name)}`);
        }
      } finally {
        await second.kill('SIGKILL');
      }
    });
  }
});
