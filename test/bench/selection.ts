// How long choosing takes among 10,000 keys in 3,000 accounts, and how long a start with their state.
import { Pool } from '../../src/keys/pool';
import { readSaved, restoreWheel, saveWheel } from '../../src/keys/savedState';
import { ManualClock } from '../support/manualClock';
import { freeRequest, makeKey, makeReading, never } from '../unit/keys/make';

const keyCount = 10_000;
const accountCount = 3_000;
const rounds = 5_000;

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function onError(error: unknown): void {
  throw error;
}

async function main(): Promise<void> {
  const clock = new ManualClock();
  const keys = Array.from({ length: keyCount }, (_, nth) => makeKey(`bench-key-${nth}`));
  const first = new Pool({ clock, onError }, { zone: 'UTC', maxWaiting: 256 });
  first.setKeys(keys);
  for (const [nth, key] of keys.entries()) {
    const state = first.wheel.roster.keys.get(key.keyId);
    if (state !== undefined) state.accountRef = `user_${nth % accountCount}`;
  }
  first.wheel.roster.regroup(clock.nowMs());
  first.wheel.refreshAll(clock.nowMs());
  for (const [nth, key] of keys.slice(0, accountCount).entries()) {
    const daily = { used: nth % 40, limit: nth % 3 === 0 ? 1_000 : 50 };
    first.read(key.keyId, makeReading(`user_${nth}`, clock.nowMs(), daily));
  }
  const text = JSON.stringify(saveWheel(first.wheel, clock.nowMs()));

  const parseMs = performance.now();
  const read = readSaved(JSON.parse(text));
  if (read.kind !== 'good') throw new Error(read.kind);
  const startMs = performance.now();
  const startCpu = process.cpuUsage();
  const pool = new Pool({ clock, onError }, { zone: 'Europe/Berlin', maxWaiting: 256 });
  pool.setKeys(keys);
  restoreWheel(pool.wheel, read.state, clock.nowMs());
  const startedMs = performance.now() - startMs;
  const cpu = process.cpuUsage(startCpu);
  // Of this process alone: the figure that a busy machine does not change.
  const startedCpuMs = (cpu.user + cpu.system) / 1_000;

  const chooseUs: number[] = [];
  const wholeUs: number[] = [];
  const request = freeRequest(clock.nowMs() + 90_000);
  for (let round = 0; round < rounds; round++) {
    clock.advance(20);
    const beforeMs = performance.now();
    pool.wheel.choose(request, clock.nowMs());
    chooseUs.push((performance.now() - beforeMs) * 1_000);
    const leaseMs = performance.now();
    const got = await pool.lease(request, never);
    if ('denial' in got) throw new Error(JSON.stringify(got.denial.kind));
    got.lease.markSent();
    got.lease.markHead();
    got.lease.settle({ kind: 'healthy' });
    got.lease[Symbol.dispose]();
    wholeUs.push((performance.now() - leaseMs) * 1_000);
  }
  console.table({
    'choose, median (µs)': { measured: median(chooseUs).toFixed(1), target: 'under 20' },
    'lease + settle + dispose, median (µs)': { measured: median(wholeUs).toFixed(1), target: '' },
    'start: setKeys and restore (ms of CPU)': { measured: startedCpuMs.toFixed(0), target: '' },
    'start: setKeys and restore (ms)': { measured: startedMs.toFixed(0), target: 'under 1000' },
    'start: reading and checking the saved text (ms)': {
      measured: (startMs - parseMs).toFixed(0),
      target: '',
    },
    'saved state (KB)': { measured: (text.length / 1024).toFixed(0), target: '' },
  });
}

void main();
