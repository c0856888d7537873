/** Every client through every fault: in bounded time a whole answer or a clear error, and never half of one as whole. */
import assert from 'node:assert/strict';
import { contentPieces } from '../simulator/answers/content';
import { Bench, freeModel, proxyKey } from './bench';
import { chatClients, type ChatClient, type Got } from './chatClients';
import { events, faultRows, type Expected, type FaultRow } from './faultRows';

const pieces = [...contentPieces({ events })];
const wholeText = pieces.join('');

describe('clients and faults', () => {
  for (const client of chatClients) {
    describe(client.name, () => {
      for (const row of faultRows) {
        it(`${row.stream ? 'stream' : 'one piece'}: ${row.name}`, () => run(client, row));
      }

      it('gets the reason of an answer that a content filter ended', async () => {
        await using bench = await Bench.open({
          simulator: { answer: { events, finishReason: 'content_filter' } },
        });
        for (const stream of [true, false]) {
          const got = await ask(bench, client, { stream });
          assert.ok(got.kind === 'answer', JSON.stringify(got));
          assert.equal(got.finish?.replace('-', '_'), 'content_filter');
        }
        assert.equal(bench.attempts.length, 2);
      });
    });
  }
});

async function run(client: ChatClient, row: FaultRow): Promise<void> {
  const { quietMs } = row;
  await using bench = await Bench.open({ simulator: { answer: { events } }, quietMs });
  const fromMs = bench.clock.wallMs();
  for (const rule of row.rules(fromMs)) bench.simulator.script({ path: '/chat/completions', ...rule });

  const got = await ask(bench, client, row);

  const tookMs = bench.clock.wallMs() - fromMs;
  const said = JSON.stringify({ got, tookMs, attempts: bench.attempts.map(({ status }) => status) });
  assertGot(got, row.expected, said);
  assertBetween(bench.attempts.length, row.attempts, said);
  assertBetween(tookMs / 1000, row.seconds, said);
  assertNoTightLoop(bench);
  bench.simulator.clearScript();
  if (row.isLearned === true) {
    bench.clock.advance(61_000);
    await bench.time.until(bench.service.refresh(), true);
  }
  await assertServesOn(bench, client, row);
}

type Asked = Pick<FaultRow, 'model' | 'stream'>;

function ask(bench: Bench, client: ChatClient, { model = freeModel, stream }: Asked): Promise<Got> {
  const { baseUrl } = bench;
  return bench.time.until(client.chat({ baseUrl, apiKey: proxyKey, model, stream, retries: 'none' }));
}

function assertGot(got: Got, expected: Expected, said: string): void {
  if (got.kind === 'answer') {
    assert.ok(expected.got !== 'error', said);
    assert.equal(got.text, wholeText, said);
    assert.equal(got.finish, 'stop', said);
    return;
  }
  assert.ok(expected.got !== 'whole', said);
  assert.match(got.message, expected.message, said);
  if (expected.got === 'wholeOrError') return;
  if (expected.status !== undefined) assert.equal(got.status, expected.status, said);
  assert.equal(got.text, pieces.slice(0, expected.heard ?? 0).join(''), said);
}

function assertBetween(value: number, [least, most]: readonly [number, number], said: string): void {
  assert.ok(value >= least && value <= most, `${value} is not within ${least} and ${most}: ${said}`);
}

/** One attempt may follow at once, with another account or on another connection; all others keep their distance. */
function assertNoTightLoop({ attempts }: Bench): void {
  const gapsMs = attempts.slice(1).map(({ atMs }, index) => atMs - (attempts[index]?.atMs ?? 0));
  const atOnce = gapsMs.filter((gapMs) => gapMs < 400).length;
  assert.ok(atOnce <= 1, `Attempts follow each other after ${gapsMs.join(', ')} ms`);
}

async function assertServesOn(bench: Bench, client: ChatClient, row: FaultRow): Promise<void> {
  bench.simulator.forget();
  const got = await ask(bench, client, { ...row, stream: true });
  assert.deepEqual(got, { kind: 'answer', text: wholeText, finish: 'stop' });
  assert.equal(bench.attempts.length, 1);
}
