// Killed without a word under load, and started again: what was counted is known, but for the last moment.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Simulator } from '../simulator/simulator';
import { CliBundle } from '../support/cliProcess';
import { ask } from './client';
import { accountsOf, keyFor } from './support';

const names = Array.from({ length: 20 }, (_, index) => `account${index}`);
/** The state is saved every second; on a busy machine timers and the disk take their time too. */
const oldestSaveMs = 2_000;

interface KeyStatus {
  readonly accounts: readonly { readonly day: { readonly used: number } }[];
}

describe('a proxy that was killed', () => {
  let cli: CliBundle;

  before(async () => {
    cli = await CliBundle.build();
  });

  after(async () => {
    await cli.dispose();
  });

  for (const afterMs of [1_200, 1_650]) {
    it(`knows at its next start what it had counted until a second before (killed ${afterMs} ms into its load)`, async () => {
      // Readings tell no counts: all that is known comes from the file.
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
        for (let sent = 0; !stopLoad.signal.aborted && sent < 360; sent++) {
          // A client whose proxy dies hears of it: that is the point.
          ask(port, { proxyKey: 'kw-first' }).catch(() => undefined);
          await new Promise((resolve) => setTimeout(resolve, 8));
        }
      })();
      await simulator.waitFor(() => simulator.requestsTo('/chat/completions').length >= 40);
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      const killedAtMs = Date.now();
      await first.kill('SIGKILL');
      stopLoad.abort();
      await load;
      const seen = new Map(names.map((name) => [name, simulator.usedToday(name)]));
      const saved = JSON.parse(await readFile(environment.STATE_FILE, 'utf8')) as { savedAtMs: number };
      const { savedAtMs } = saved;
      assert.ok(killedAtMs - savedAtMs < oldestSaveMs, `Saved ${killedAtMs - savedAtMs} ms before.`);
      // What had arrived there had been counted here before.
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
