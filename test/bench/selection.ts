// How long a request takes in the pool: among 3 and among 100 accounts of five keys each, while others wait; and
// how long a start with the state of 100 accounts takes.
import { Pool, type PoolPorts } from '../../src/keys/pool';
import type { LeaseRequest } from '../../src/keys/lease';
import type { Lease } from '../../src/keys/lease';
import { readSaved } from '../../src/keys/savedState';
import { ManualClock } from '../support/manualClock';
import { freeRequest, makeKey, makeReading, paidRequest } from '../unit/keys/make';

const keysPerAccount = 5;
const rounds = 5_000;
/** Choices that are timed together, because one is too short for the timer. */
const choicesATime = 20;
const farMs = 90_000_000_000;
/** The wait of requests in the line; slots for all of them come within it. */
const patienceMs = 90_000;

interface Case {
  readonly accounts: number;
  /** All accounts rank the same, so that ties decide. */
  readonly alike?: boolean;
  /** Free requests that wait for a slot. */
  readonly waiting?: number;
  readonly request?: 'free' | 'paid';
}

function portsOf(clock: ManualClock): PoolPorts {
  return { clock, onChange: () => undefined, onReadingWanted: () => undefined };
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function filledPool(clock: ManualClock, { accounts, alike = false }: Case): Pool {
  const keys = Array.from({ length: accounts * keysPerAccount }, (_, nth) => makeKey(`bench-key-${nth}`));
  const pool = new Pool(portsOf(clock), { zone: 'UTC', maxWaiting: 256 });
  pool.setKeys(keys);
  for (const [nth, key] of keys.entries()) {
    const daily = { used: alike ? 0 : nth % 40, limit: nth % 3 === 0 && !alike ? 1_000 : 50 };
    pool.read(key.keyId, makeReading(`user_${nth % accounts}`, clock.elapsedMs(), daily));
  }
  return pool;
}

/** Sets daily limits that the measurement does not reach, as if an answer had told them. */
function openDays(pool: Pool): void {
  for (const account of pool.roster.accounts) account.ledger.refused(1_000_000_000);
}

function pass(pool: Pool, request: LeaseRequest): void {
  const lease = pool.leaseNow(request);
  if (lease === null) throw new Error('There is no slot.');
  answer(lease);
}

function answer(lease: Lease): void {
  lease.markSent();
  lease.markHead();
  lease.settle({ kind: 'healthy' });
  lease[Symbol.dispose]();
}

/** Every account's minute is full; so many requests wait for it. */
async function fillLine(pool: Pool, clock: ManualClock, count: number): Promise<void> {
  openDays(pool);
  for (const account of pool.roster.accounts) {
    for (let nth = 0; nth < 20; nth++) {
      account.minute.sent(account.minute.take(), clock.elapsedMs());
      clock.advance(60_000 / pool.roster.accounts.length / 20);
    }
  }
  for (let nth = 0; nth < count; nth++) {
    const request = freeRequest(clock.elapsedMs() + patienceMs, { model: `some/model-${nth % 3}:free` });
    void pool.lease(request, new AbortController().signal);
  }
  await new Promise((resolve) => setImmediate(resolve));
  if (pool.waiting !== count) throw new Error(`${pool.waiting} of ${count} wait.`);
}

/** Medians in microseconds. */
async function costs(each: Case): Promise<Record<string, string>> {
  const clock = new ManualClock();
  const pool = filledPool(clock, each);
  const request =
    each.request === 'free'
      ? freeRequest(clock.elapsedMs() + farMs, { model: 'some/other:free' })
      : paidRequest(clock.elapsedMs() + farMs);
  const { waiting = 0 } = each;
  if (waiting > 0) await fillLine(pool, clock, waiting);
  else if (each.request === 'free') openDays(pool);
  const stepMs = waiting > 0 ? 0 : 4_000;
  const chooseUs: number[] = [];
  const wholeUs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    clock.advance(stepMs);
    const fromMs = performance.now();
    for (let nth = 0; nth < choicesATime; nth++) pool.wheel.choose(request, clock.elapsedMs());
    const chosenAtMs = performance.now();
    pass(pool, request);
    wholeUs.push((performance.now() - chosenAtMs) * 1_000);
    chooseUs.push(((chosenAtMs - fromMs) * 1_000) / choicesATime);
  }
  pool.dispose();
  return { 'choice (µs)': median(chooseUs).toFixed(2), 'whole way (µs)': median(wholeUs).toFixed(1) };
}

/** Time to serve a waiting request from a freed slot and to line up another, while `waiting` wait; in microseconds. */
async function wakeCost(accounts: number, waiting: number): Promise<Record<string, string>> {
  const clock = new ManualClock();
  const pool = filledPool(clock, { accounts });
  await fillLine(pool, clock, 0);
  const wakesUs: number[] = [];
  let served = 0;
  const wait = (): void =>
    void pool.lease(freeRequest(clock.elapsedMs() + patienceMs), new AbortController().signal).then((got) => {
      if (!('lease' in got)) return;
      answer(got.lease);
      served++;
      wait();
    });
  for (let nth = 0; nth < waiting; nth++) wait();
  while (wakesUs.length < 3_000) {
    const [servedBefore, fromMs] = [served, performance.now()];
    clock.advanceTo(clock.nextDueAtMs);
    // Lets the served request go on, and the one that waits instead line up.
    for (let turn = 0; turn < 8; turn++) await Promise.resolve();
    if (served > servedBefore) wakesUs.push(((performance.now() - fromMs) * 1_000) / (served - servedBefore));
  }
  pool.dispose();
  return { 'choice (µs)': '', 'whole way (µs)': median(wakesUs).toFixed(1) };
}

function startMs(accounts: number): string {
  const clock = new ManualClock();
  const saved = JSON.stringify(filledPool(clock, { accounts }).save());
  const fromMs = performance.now();
  const read = readSaved(JSON.parse(saved));
  if (read.kind !== 'good') throw new Error(read.kind);
  const pool = new Pool(portsOf(clock), { zone: 'Europe/Berlin', maxWaiting: 256 });
  pool.setKeys(Array.from({ length: accounts * keysPerAccount }, (_, nth) => makeKey(`bench-key-${nth}`)));
  pool.restore(read.state);
  return `${(performance.now() - fromMs).toFixed(0)} ms with a state of ${(saved.length / 1024).toFixed(0)} KB`;
}

async function main(): Promise<void> {
  console.table({
    '3 accounts, paid': await costs({ accounts: 3 }),
    '3 accounts, free': await costs({ accounts: 3, request: 'free' }),
    '3 accounts alike, free': await costs({ accounts: 3, alike: true, request: 'free' }),
    '100 accounts, paid': await costs({ accounts: 100 }),
    '100 accounts, free': await costs({ accounts: 100, request: 'free' }),
    '100 accounts alike, free': await costs({ accounts: 100, alike: true, request: 'free' }),
    '20 accounts, paid': await costs({ accounts: 20 }),
    '20 accounts, paid, 64 wait': await costs({ accounts: 20, waiting: 64 }),
    '20 accounts, paid, 256 wait': await costs({ accounts: 20, waiting: 256 }),
    '20 accounts, a wake, 1 waits': await wakeCost(20, 1),
    '20 accounts, a wake, 255 wait': await wakeCost(20, 255),
    '100 accounts, a wake, 255 wait': await wakeCost(100, 255),
  });
  process.stdout.write(`A choice is to take under 5 µs.\n`);
  process.stdout.write(`A start of 100 accounts and 500 keys: ${startMs(100)} (target: under 100 ms)\n`);
}

void main();
