/** Clients that retry by themselves: all attempts of proxy and client together stay few, and far enough apart. */
import assert from 'node:assert/strict';
import { Bench, freeModel, proxyKey } from './bench';
import { aiSdk, openai4, openai6, openai7, openRouterSdk, type ChatClient, type Got } from './chatClients';

const always = Number.POSITIVE_INFINITY;

describe('clients with retries of their own', () => {
  for (const client of [openai4, openai6, openai7]) {
    it(`${client.name} asks three times while a provider is down, each time for ten attempts at most`, async () => {
      await using bench = await Bench.open();
      bench.simulator.script({ times: always, fault: { kind: 'error', error: 'providerDown', status: 503 } });
      const got = await ask(bench, client, false);
      assert.ok(
        got.kind === 'error' && /Provider returned error|upstream connect error/.test(got.message),
        JSON.stringify(got),
      );
      assert.equal(bench.service.activity().length, 3);
      assertFewAndFar(bench, 30);
      await assertServesOn(bench, client);
    });
  }

  for (const client of [openai4, openai6, openai7]) {
    it(`${client.name} asks once when everything is used up: it is told not to ask again`, async () => {
      await using bench = await Bench.open();
      bench.simulator.script({ times: always, fault: { kind: 'error', error: 'dailyLimit' } });
      const got = await ask(bench, client, true);
      assert.ok(got.kind === 'error' && got.status === 429, JSON.stringify(got));
      assert.equal(bench.service.activity().length, 1);
      assert.equal(bench.attempts.length, 2);
    });
  }

  it(`${aiSdk.name} asks three times when everything is used up, and upstream sees nothing of it`, async () => {
    await using bench = await Bench.open();
    bench.simulator.script({ times: always, fault: { kind: 'error', error: 'dailyLimit' } });
    const got = await ask(bench, aiSdk, false);
    assert.ok(got.kind === 'error' && /nothing left|anything left/.test(got.message), JSON.stringify(got));
    assert.equal(bench.service.activity().length, 3);
    assert.equal(bench.attempts.length, 2);
  });

  it(`${openRouterSdk.name} asks again and again while a provider is down, each time for ten attempts at most`, async () => {
    await using bench = await Bench.open();
    bench.simulator.script({ times: always, fault: { kind: 'error', error: 'providerDown', status: 503 } });
    const got = await ask(bench, openRouterSdk, false);
    assert.ok(got.kind === 'error' && got.status === 503, JSON.stringify(got));
    const asked = bench.service.activity().length;
    assert.ok(asked >= 2 && asked <= 6, `${asked} requests`);
    assertFewAndFar(bench, 10 * asked);
    await assertServesOn(bench, openRouterSdk);
  });
});

function ask(bench: Bench, client: ChatClient, stream: boolean): Promise<Got> {
  const { baseUrl } = bench;
  return bench.time.until(
    client.chat({ baseUrl, apiKey: proxyKey, model: freeModel, retries: 'own', stream }),
  );
}

/** The proxy waits in its own clock; the client's waits before its retries do not count. */
function assertFewAndFar({ attempts, service }: Bench, most: number): void {
  assert.ok(attempts.length > 0 && attempts.length <= most, `${attempts.length} attempts`);
  const gapsMs = attempts.slice(1).map(({ atMs }, index) => atMs - (attempts[index]?.atMs ?? 0));
  const close = gapsMs.filter((gapMs) => gapMs < 500).length;
  const byClient = service.activity().length - 1;
  assert.ok(close <= byClient, `Attempts follow each other after ${gapsMs.join(', ')} ms`);
}

async function assertServesOn(bench: Bench, client: ChatClient): Promise<void> {
  bench.simulator.clearScript();
  bench.simulator.forget();
  const got = await ask(bench, client, true);
  assert.equal(got.kind, 'answer', JSON.stringify(got));
  assert.equal(bench.attempts.length, 1);
}
