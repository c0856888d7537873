/** Connections that died without a sign, and a paid answer that takes long. */
import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import type { ResetMode } from '../simulator/connections';
import { Bench, paidModel, proxyKey } from './bench';
import { openai6, rawSocket } from './chatClients';

const count = 60;

describe('60 warm connections that went stale at once', () => {
  for (const mode of ['destroy', 'reset', 'halfDead', 'deaf'] as const) {
    it(`cost 60 streams one extra attempt each at most (${mode})`, async () => {
      await using bench = await warmBench(mode);
      const replies = await postAll(bench, '/chat/completions', { stream: true });
      for (const { status, attempts, text } of replies) {
        assert.equal(status, 200);
        assert.match(text, /data: \[DONE\]\n\n$/);
        // A deaf connection is noticed after the early head, which does not contain the number of attempts.
        if (mode !== 'deaf') assert.ok(attempts <= 2, `${attempts} attempts`);
      }
      assert.equal(bench.attempts.length, count);
      assert.ok(bench.simulator.staleHits() <= count);
      if (mode === 'halfDead' || mode === 'deaf') assert.equal(bench.simulator.staleHits(), count);
    });

    it(`make no video twice (${mode})`, async () => {
      await using bench = await warmBench(mode);
      const replies = await postAll(bench, '/videos', { prompt: 'A cat.' });
      for (const { status, attempts } of replies)
        assert.deepEqual({ status, attempts }, { status: 202, attempts: 1 });
      assert.equal(bench.attempts.length, count);
      assert.equal(bench.simulator.staleHits(), 0);
    });
  }
});

describe('a paid stream', () => {
  for (const client of [openai6, rawSocket]) {
    it(`that sends nothing but comments for 150 s is bought once, and whole (${client.name})`, async () => {
      await using bench = await Bench.open();
      bench.simulator.script({ fault: { kind: 'comments', count: 15, delayMs: 10_000 } });
      const fromMs = bench.clock.wallMs();
      const { baseUrl } = bench;
      const asked = { baseUrl, apiKey: proxyKey, model: paidModel, stream: true, retries: 'own' as const };
      const got = await bench.time.until(client.chat(asked));
      assert.ok(got.kind === 'answer', JSON.stringify(got));
      assert.equal(got.finish, 'stop');
      assert.match(got.text, /^This answer .* cut in two\.$/);
      assert.equal(bench.attempts.length, 1);
      assert.equal(bench.clock.wallMs() - fromMs, 150_000);
    });
  }
});

/** A proxy with 60 idle connections to upstream, all of them stale in the given way. */
async function warmBench(mode: ResetMode): Promise<Bench> {
  const bench = await Bench.open();
  const rule = bench.simulator.script({ times: count, fault: { kind: 'headDelay', ms: 5_000 } });
  await postAll(bench, '/chat/completions', { stream: true });
  assert.equal(rule.hits, count);
  assert.ok(bench.simulator.resetConnections(mode) >= count);
  bench.simulator.forget();
  return bench;
}

interface Posted {
  readonly status: number;
  readonly attempts: number;
  readonly text: string;
}

/** 60 requests at once, each over a connection of its own. */
async function postAll(
  bench: Bench,
  path: string,
  fields: Record<string, unknown>,
): Promise<readonly Posted[]> {
  const agent = new Agent();
  const one = (_: unknown, index: number): Promise<Posted> => {
    const messages = [{ role: 'user', content: `Conversation ${index}` }];
    return post(agent, bench.baseUrl + path, { model: paidModel, messages, ...fields });
  };
  return await bench.time.until(Promise.all(Array.from({ length: count }, one)));
}

async function post(agent: Agent, url: string, body: unknown): Promise<Posted> {
  return await new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${proxyKey}`, 'content-type': 'application/json' };
    const sent = request(url, { agent, method: 'POST', headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          attempts: Number(response.headers['x-keywheel-attempts']),
          text: Buffer.concat(chunks).toString('utf8'),
        }),
      );
    });
    sent.once('error', reject);
    sent.end(JSON.stringify(body));
  });
}
