// A stream in any pieces arrives byte for byte, and its usage is read right.
import assert from 'node:assert/strict';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { Answer } from '../../src/proxy/answer/answer';
import { judge, type Judged } from '../../src/proxy/upstream/judge';
import { SilenceWatch } from '../../src/base/silence';
import { Secret } from '../../src/base/secret';
import { readHead } from '../../src/proxy/request/admission';
import { planOf, type Plan } from '../../src/proxy/request/plan';
import { relay, type Relayed } from '../../src/proxy/answer/relay';
import { Reply } from '../../src/proxy/upstream/reply';
import type { Fault } from '../simulator/fault';
import { randomFrom } from '../simulator/random';
import { ManualClock } from '../support/manualClock';
import { FREE, keyFor, withRig } from './support';

const runs = 10_000;
const paths = ['/v1/chat/completions', '/v1/responses', '/v1/messages', '/v1/completions'];

/** A response that keeps the written bytes instead of sending them. */
class KeptResponse extends ServerResponse {
  readonly chunks: Buffer[] = [];

  constructor() {
    super(new IncomingMessage(new Socket()));
  }

  override writeHead(): this {
    return this;
  }

  override write(chunk: unknown): boolean {
    this.chunks.push(Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk)));
    return true;
  }

  override end(): this {
    return this;
  }
}

interface Sample {
  readonly plan: Plan;
  readonly bytes: Buffer;
  readonly words: number;
}

async function planFor(path: string): Promise<Plan> {
  const bytes = Buffer.from(JSON.stringify({ model: FREE, stream: true }));
  const release = (): void => undefined;
  const body = { bytes, isDecoded: false, length: bytes.length, passing: null, release };
  return await planOf({ ...readHead('POST', path, []), body }, new Secret('kw'));
}

async function passes(
  { plan, bytes }: Sample,
  cuts: readonly number[],
  settle: () => boolean,
): Promise<Relayed> {
  const clock = new ManualClock();
  const flow = { pause: () => undefined, resume: () => undefined, abort: () => undefined };
  const reply = new Reply(200, 'OK', ['Content-Type', 'text/event-stream'], flow);
  const watch = new SilenceWatch(clock);
  const limits = {
    ...{ clock, watch, firstTokenAtMs: null, headByMs: 1e15, key: null, isUrgent: false },
    ...{ idleTimeoutMs: 1e6, onPreamble: () => undefined, hold: () => true },
  };
  const response = new KeptResponse();
  const answering = new Promise<Relayed>((resolve, onError) => {
    const onJudged = ({ outcome, held }: Judged): void => {
      assert.ok(outcome === null);
      const answer = new Answer(response, clock, plan.form);
      relay(reply, held, { watch, plan, answer, idleTimeoutMs: 1e6 }, resolve);
    };
    judge({ reply }, plan, limits, { onJudged, onError });
  });
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    reply.data(bytes.subarray(from, cut));
    from = cut;
    if (settle()) await Promise.resolve();
  }
  reply.end();
  const relayed = await answering;
  assert.ok(Buffer.concat(response.chunks).equals(bytes), `cut at ${cuts.join(', ')}`);
  watch.dispose();
  assert.equal(clock.pending, 0);
  return relayed;
}

/** Streams of the simulator itself, in each form, with and without comments, long last events and CRLF. */
async function samples(): Promise<readonly Sample[]> {
  const made: Sample[] = [];
  const faults: readonly Fault[][] = [
    [],
    [{ kind: 'crlf' }],
    [{ kind: 'comments', count: 5 }],
    [{ kind: 'comments', count: 2 }, { kind: 'crlf' }],
    [{ kind: 'malformedEvent', afterEvents: 2 }],
  ];
  await withRig({}, async ({ simulator }) => {
    for (const path of paths) {
      for (const fault of faults) {
        for (const { events, bytesPerEvent } of [
          { events: 12, bytesPerEvent: 24 },
          { events: 300, bytesPerEvent: 600 },
        ]) {
          simulator.script({ fault, answer: { events, bytesPerEvent } });
          const response = await fetch(`${simulator.origin}/api${path}`, {
            method: 'POST',
            headers: { authorization: `Bearer ${keyFor('a')}` },
            body: JSON.stringify({ model: 'x/y', stream: true }),
          });
          const bytes = Buffer.from(await response.arrayBuffer());
          made.push({ plan: await planFor(path), bytes, words: events });
        }
      }
    }
  });
  return made;
}

describe('a stream that is cut at random places', () => {
  it(`arrives byte for byte, and its usage is read right, in ${runs} runs`, async () => {
    const random = randomFrom(20_260_115);
    const all = await samples();
    const small = all.filter(({ words }) => words < 100);
    const large = all.filter(({ words }) => words >= 100);
    for (let run = 0; run < runs; run++) {
      const pool = run % 20 === 0 ? large : small;
      const sample = pool[Math.floor(random() * pool.length)];
      assert.ok(sample !== undefined);
      const { length } = sample.bytes;
      const count = run % 100 === 1 ? length : Math.floor(random() ** 2 * 80);
      const cuts = [...new Set(Array.from({ length: count }, () => 1 + Math.floor(random() * (length - 1))))];
      cuts.sort((one, other) => one - other);
      const { end, usage } = await passes(sample, cuts, () => random() < 0.3);
      assert.deepEqual([end, usage?.completionTokens], ['whole', sample.words], `run ${run}`);
    }
  });

  it('does so over sockets as well', async () => {
    await withRig({}, async (rig) => {
      for (let seed = 0; seed < 100; seed++) {
        rig.simulator.forget();
        rig.simulator.script({
          answer: { events: 6 + (seed % 7) },
          fault: [
            { kind: 'randomChunks', seed, maxBytes: 1 + (seed % 40) * 3 },
            ...(seed % 2 === 0 ? [{ kind: 'crlf' } as const] : []),
            ...(seed % 3 === 0 ? [{ kind: 'comments', count: 2 } as const] : []),
          ],
        });
        const reply = await rig.get({ path: paths[seed % 4], stream: true, model: 'x/y' });
        assert.deepEqual(reply.body, rig.attempts[0]?.sent.bytes, `seed ${seed}`);
        assert.equal(rig.service.activity()[0]?.usage?.completionTokens, 6 + (seed % 7));
      }
    });
  });
});
