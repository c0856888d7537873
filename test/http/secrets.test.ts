// No secret leaves: not in the log, the saved state, an answer, or the snapshot of views.
import assert from 'node:assert/strict';
import type { Reply } from './client';
import { checkKeyAt } from '../../src/service/keyring/keyCheck';
import { ask } from './client';
import { accountsOf, FREE, keyFor, PAID, PROXY_KEY, withRig, type Rig } from './support';
import { directRoute } from '../../src/proxy/upstream/networkRoute';

const clientsOwn = 'sk-or-v1-clients-own-0123456789abcdef';
const names = ['canary-one', 'canary-two', 'canary-bad'];
const canaries = [...names.map(keyFor), PROXY_KEY, clientsOwn];

function assertClean(text: string, what: string): void {
  for (const canary of canaries) {
    for (const form of [
      canary,
      encodeURIComponent(canary),
      Buffer.from(canary).toString('base64').slice(0, -4),
    ]) {
      assert.ok(!text.includes(form), `a secret is in ${what}`);
    }
    // Half of a secret neither: a mask shows four characters at most.
    assert.ok(!text.includes(canary.slice(-16)), `the end of a secret is in ${what}`);
  }
}

function assertCleanReply(reply: Reply, what: string): void {
  assertClean(`${reply.statusText}\n${reply.rawHeaders.join('\n')}\n${reply.text}`, what);
}

/** All kinds of answers: good ones, errors of each side, the proxy's own routes. */
async function askEverything(rig: Rig): Promise<void> {
  const { simulator } = rig;
  const check = async (what: string, reply: Promise<Reply>): Promise<void> =>
    assertCleanReply(await rig.drive(reply), what);
  for (const path of ['/v1/chat/completions', '/v1/responses', '/v1/messages']) {
    for (const stream of [true, false]) {
      await check('an answer', rig.ask({ path, stream, headers: ['api-key', clientsOwn] }));
      simulator.script({ fault: { kind: 'error', error: 'contextLength' } });
      await check('an error', rig.ask({ path, stream, model: PAID }));
      simulator.script({ fault: { kind: 'cut', afterEvents: 3 } });
      await check('a cut answer', rig.ask({ path, stream, model: FREE }));
      simulator.script({ times: 9, fault: { kind: 'error', error: 'noCredits' } });
      await check('a refusal', rig.ask({ path, stream, model: PAID }));
      await check('a refusal for good', rig.ask({ path, stream, model: PAID }));
      simulator.clearScript();
    }
  }
  for (const headers of [[], ['Authorization', `Bearer ${clientsOwn}`], ['Origin', 'https://x.example']]) {
    await check('a closed door', ask(rig.port, { headers }));
  }
  for (const path of [
    '/',
    '/health',
    '/key-status',
    '/v1/key',
    '/v1/models',
    '/v1/credits',
    '/v1/generation?id=x',
  ]) {
    await check(path, rig.ask({ method: 'GET', path }));
  }
  await check('a bad path', rig.ask({ method: 'GET', path: `/v1/../${clientsOwn}` }));
}

describe('secrets', () => {
  it('are in no answer, no log line, no saved state, no snapshot and no activity', async () => {
    const accounts = accountsOf(
      { name: names[0], credits: 5 },
      { name: names[1], credits: 5 },
      { name: names[2] },
    );
    const keys = names.map((name, index) => ({
      key: keyFor(name),
      label: `Key ${index}`,
      dailyLimit: null,
      accountName: null,
      paidUse: 'auto' as const,
      enabled: true,
    }));
    await withRig({ accounts, keys, settings: { keepAliveAfterSeconds: 3600 } }, async (rig) => {
      const views: string[] = [];
      rig.service.onDidChange(() => views.push(JSON.stringify(rig.service.snapshot())));
      rig.service.onDidChangeState((state) => views.push(JSON.stringify(state)));
      rig.service.onDidFinishExchange((view) => views.push(JSON.stringify(view)));
      rig.simulator.revokeKey(keyFor('canary-bad'));
      await askEverything(rig);
      rig.simulator.revokeKey(keyFor('canary-one'));
      rig.simulator.revokeKey(keyFor('canary-two'));
      for (let count = 0; count < 3; count++) {
        await rig.drive(rig.service.refresh());
        await rig.pass(5_000);
        const reply = await rig.get();
        assert.notEqual(reply.status, 401);
        assertCleanReply(reply, 'the answer without a good key');
      }
      const check = await rig.drive(
        checkKeyAt(
          { upstreamUrl: rig.simulator.baseUrl, networkRoute: directRoute, clock: rig.clock },
          clientsOwn,
        ),
      );
      assertClean(JSON.stringify(check), 'the check of a key');
      assert.ok(rig.lines.some((line) => line.startsWith('debug ')) && views.length > 20);
      assertClean(rig.lines.join('\n'), 'the log');
      assertClean(views.join('\n'), 'what views are told');
      assertClean(JSON.stringify(rig.service.savedState()), 'the saved state');
      assertClean(JSON.stringify(rig.service.history.save()), 'the saved history');
      assertClean(JSON.stringify(rig.service.snapshot()), 'the snapshot');
      assertClean(JSON.stringify(rig.service.activity()), 'the activity');
    });
  });
});
