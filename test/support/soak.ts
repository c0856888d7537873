// Many streams at once, with random faults and clients that leave: measures the resources and memory held afterwards.
import { request, type ClientRequest } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { SystemClock, type Clock } from '../../src/base/clock';
import type { Disposable } from '../../src/base/disposable';
import { bodyFor } from '../http/client';
import { accountsOf, FREE, PAID, PROXY_KEY, Rig } from '../http/support';
import type { Fault } from '../simulator/fault';
import { randomFrom } from '../simulator/random';
import { collectGarbage } from './garbage';

export interface SoakResult {
  readonly exchanges: number;
  readonly byEnd: Readonly<Record<string, number>>;
  /** Exchanges that ended well, but whose client did not get all of the answer; and the reverse. */
  readonly falselyWhole: number;
  readonly attempts: number;
  readonly inFlight: number;
  readonly waiting: number;
  readonly timers: number;
  readonly sockets: number;
  readonly warnings: readonly string[];
  readonly bugs: readonly string[];
  /** Memory after a first round of the same length, and at the end, with garbage collected. */
  readonly memoryBytes: readonly [before: number, after: number];
}

/** A clock that knows its running timers. */
class CountingClock implements Clock {
  private readonly machine = new SystemClock();
  readonly running = new Set<Disposable>();

  elapsedMs(): number {
    return this.machine.elapsedMs();
  }

  wallMs(): number {
    return this.machine.wallMs();
  }

  noteServerDate(dateMs: number): void {
    this.machine.noteServerDate(dateMs);
  }

  after(delayMs: number, run: () => void): Disposable {
    const timer = this.machine.after(delayMs, () => {
      this.running.delete(owned);
      run();
    });
    const owned: Disposable = {
      dispose: () => {
        this.running.delete(owned);
        timer.dispose();
      },
    };
    this.running.add(owned);
    return owned;
  }
}

const faults: readonly (readonly Fault[])[] = [
  [{ kind: 'error', error: 'providerDown', retryAfterSeconds: 1 }],
  [{ kind: 'error', error: 'providerOverloaded' }],
  [{ kind: 'error', error: 'contextLength' }],
  [{ kind: 'error', error: 'internal' }],
  [{ kind: 'errorIn200', error: 'providerDown', retryAfterSeconds: 1 }],
  [{ kind: 'errorEvent', afterEvents: 0, error: 'providerDown' }],
  [{ kind: 'errorEvent', afterEvents: 7, error: 'providerDown' }],
  [{ kind: 'cut', afterEvents: 5 }],
  [{ kind: 'cut', afterEvents: 0, how: 'reset' }],
  [{ kind: 'cut', afterBytes: 1_500, how: 'cleanEnd' }],
  [{ kind: 'cutBeforeHead' }],
  [{ kind: 'noAnswer' }],
  [{ kind: 'silent', afterEvents: 4, ms: 60_000 }],
  [{ kind: 'noEndMarker' }],
  [{ kind: 'malformedEvent', afterEvents: 3 }],
  [{ kind: 'comments', count: 5, delayMs: 20 }, { kind: 'crlf' }],
  [{ kind: 'randomChunks', seed: 3, maxBytes: 300 }],
];

const paths = ['/v1/chat/completions', '/v1/responses', '/v1/messages'];

/** Runs `streams` clients for so long, and until each has had two on average, twice: the first round warms everything up. */
export async function soak({ seconds, streams }: { seconds: number; streams: number }): Promise<SoakResult> {
  const clock = new CountingClock();
  const random = randomFrom(7);
  const warnings: string[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning.message);
  process.on('warning', onWarning);
  const socketsBefore = socketCount();
  const names = Array.from({ length: 8 }, (_, index) => `soak${index}`);
  const rig = await Rig.start({
    clock,
    accounts: accountsOf(...names.map((name) => ({ name, dailyLimit: 1_000_000, credits: 1e9 }))),
    settings: { maxWaitSeconds: 2, idleTimeoutSeconds: 2, firstTokenTimeoutSeconds: 2, deadlineSeconds: 6 },
    simulator: { answer: { events: 30, eventDelayMs: 10 }, keepBodyBytes: 0 },
  });
  for (const fault of faults) {
    rig.simulator.script({
      path: /completions|responses|messages/,
      times: Number.POSITIVE_INFINITY,
      where: () => random() < 0.02,
      fault,
    });
  }
  const counts = { exchanges: 0, falselyWhole: 0, attempts: 0 };
  const byEnd: Record<string, number> = {};
  rig.service.onDidFinishExchange(({ end, attempts }) => {
    byEnd[end] = (byEnd[end] ?? 0) + 1;
    counts.exchanges++;
    counts.attempts += attempts.length;
  });
  const round = async (): Promise<number> => {
    const endAtMs = performance.now() + seconds * 1000;
    const enough = counts.exchanges + 2 * streams;
    const client = async (): Promise<void> => {
      while (performance.now() < endAtMs || counts.exchanges < enough)
        if (await oneClient(rig.port, random)) counts.falselyWhole++;
    };
    await Promise.all(Array.from({ length: streams }, client));
    await settled(rig);
    rig.simulator.forget();
    return memoryHeld();
  };
  const before = await round();
  const after = await round();
  const { inFlight, waiting } = rig.service.snapshot().wheel;
  rig.service.dispose();
  await rig.simulator.stop();
  for (let turn = 0; turn < 100 && socketCount() > socketsBefore; turn++) await pause(100);
  process.off('warning', onWarning);
  return {
    ...counts,
    byEnd,
    inFlight,
    waiting,
    timers: clock.running.size,
    sockets: socketCount() - socketsBefore,
    warnings,
    bugs: rig.lines.filter((line) => line.startsWith('error ')),
    memoryBytes: [before, after],
  };
}

async function settled(rig: Rig): Promise<void> {
  await rig.simulator.waitFor(() => {
    const { inFlight, waiting } = rig.service.snapshot().wheel;
    return inFlight === 0 && waiting === 0 && rig.simulator.activeRequests() === 0;
  });
}

const longestPatienceMs = 5_000;

/** One request; one in five leaves at a random moment. True if its answer looked whole and was not. */
async function oneClient(port: number, random: () => number): Promise<boolean> {
  const path = paths[Math.floor(random() * paths.length)];
  const asked = { path, model: random() < 0.05 ? FREE : PAID, stream: random() < 0.9 };
  const body = JSON.stringify(bodyFor(asked));
  const headers = { 'x-api-key': PROXY_KEY, 'content-type': 'application/json' };
  return await new Promise<boolean>((resolve) => {
    const sent: ClientRequest = request({ port, path, method: 'POST', headers, agent: false });
    // Every client leaves in the end, because an answer that is not streamed may be silent for as long as the client waits.
    const patienceMs = random() < 0.2 ? random() * 600 : longestPatienceMs;
    const leaving = setTimeout(() => sent.destroy(), patienceMs);
    const finish = (isFalse: boolean): void => {
      clearTimeout(leaving);
      resolve(isFalse);
    };
    sent.on('error', () => finish(false));
    sent.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text += part));
      response.on('error', () => finish(false));
      response.on('close', () => {
        const isWhole = response.complete && response.statusCode === 200;
        finish(isWhole && !endsAsItShould(text, asked.stream));
      });
    });
    sent.end(body);
  });
}

/** Whether the text has an end marker, a reason for its end, or an error; without streaming, a whole JSON. */
function endsAsItShould(text: string, stream: boolean): boolean {
  if (!stream) return text.endsWith('}');
  return /\[DONE\]|message_stop|response\.completed|"(?:finish|stop)_reason":"|"error"/.test(
    text.slice(-3_000),
  );
}

function socketCount(): number {
  return process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length;
}

function memoryHeld(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
