// The times of readings: few accounts at a time, and only where the answer can be new.
import assert from 'node:assert/strict';
import { TextLog } from '../../../src/base/log';
import type { Pool } from '../../../src/keys/pool';
import type { KeyAnswer } from '../../../src/service/keyring/keyCheck';
import { Readings } from '../../../src/service/readings';
import { ManualClock } from '../../support/manualClock';
import {
  freeRequest,
  hourMs,
  leased,
  makeKey,
  makePool,
  makeReading,
  minuteMs,
  never,
  paidRequest,
} from '../keys/make';

type Answer = (key: string) => KeyAnswer | Promise<KeyAnswer>;

const refused: KeyAnswer = { kind: 'refused' };
const unreachable: KeyAnswer = { kind: 'unreachable', detail: 'ECONNREFUSED' };

/** Readings over a pool, with an upstream that answers as the test says and notes the keys and times of requests. */
class Asking {
  readonly asked: { readonly key: string; readonly atMs: number }[] = [];
  readonly lines: string[] = [];
  readonly readings: Readings;
  running = 0;
  mostRunning = 0;
  answer: Answer;

  constructor(
    readonly clock: ManualClock,
    readonly pool: Pool,
    answer?: Answer,
  ) {
    this.answer = answer ?? ((key) => this.good(key));
    this.readings = new Readings({
      clock,
      log: new TextLog((level, line) => this.lines.push(`${level} ${line}`)),
      pool,
      ask: async (key) => {
        this.asked.push({ key: key.replace('sk-or-v1-', ''), atMs: clock.wallMs() });
        this.mostRunning = Math.max(this.mostRunning, ++this.running);
        try {
          return await this.answer(key);
        } finally {
          this.running--;
        }
      },
    });
  }

  good(key: string): KeyAnswer {
    const account = key.replace('sk-or-v1-', '').replace(/-\d+$/, '');
    return { kind: 'read', reading: makeReading(account, this.clock.wallMs()) };
  }

  /** Waits until rounds are hourly, because no request comes and no window is active. */
  async idle(): Promise<void> {
    await this.clock.run(6 * minuteMs);
    this.asked.length = 0;
  }

  get names(): readonly string[] {
    return this.asked.map(({ key }) => key);
  }

  health(key: string): string | undefined {
    return this.pool.roster.keys.get(makeKey(key).keyId)?.health;
  }
}

/** Keys named `a-1`, `a-2`, `b-1`: accounts a and b, read once already if `isKnown`. */
function asking(names: readonly string[], isKnown = true): Asking {
  const clock = new ManualClock();
  const keys = names.map((name) => makeKey(name));
  const pool = makePool(clock, isKnown ? {} : { '': [] });
  pool.setKeys(keys);
  if (isKnown) {
    for (const key of keys) pool.read(key.keyId, makeReading(key.label.replace(/-\d+$/, ''), clock.wallMs()));
  }
  return new Asking(clock, pool);
}

describe('Readings', () => {
  it('leave five a second, and never more than four run at once', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `k${index}`);
    const all = asking(names, false);
    const startMs = all.clock.wallMs();
    all.readings.wantAll();
    await all.clock.run(4_000);
    assert.equal(all.asked.length, 20);
    assert.deepEqual(
      all.asked.map(({ atMs }) => atMs - startMs),
      names.map((_, index) => index * 200),
    );
    // Slow answers hold further readings back.
    const slow = asking(names, false);
    slow.answer = async () => await new Promise<KeyAnswer>(() => undefined);
    slow.readings.wantAll();
    await slow.clock.run(30_000);
    assert.equal(slow.asked.length, 4);
    assert.equal(slow.mostRunning, 4);
    slow.readings.dispose();
  });

  it('ask keys without a known account first, then one key an account, then bad ones', async () => {
    const { readings, pool, clock, asked } = asking(['a-1', 'a-2', 'b-1', 'b-2']);
    pool.setKeys(['a-1', 'a-2', 'b-1', 'b-2', 'new'].map((name) => makeKey(name)));
    pool.markBad(makeKey('b-1').keyId);
    readings.wantAll();
    await clock.run(2_000);
    assert.deepEqual(
      asked.map(({ key }) => key),
      ['new', 'a-1', 'b-2', 'b-1'],
    );
  });

  it('ask for a key once, however often it is wanted meanwhile', async () => {
    const all = asking(['a-1', 'b-1']);
    for (let count = 0; count < 5; count++) {
      all.readings.want(makeKey('a-1').keyId);
      all.readings.want(makeKey('b-1').keyId);
    }
    await all.clock.run(2_000);
    // The first reading leaves at once, so that a later wish needs a new reading.
    assert.deepEqual(all.names, ['a-1', 'b-1', 'a-1']);
  });

  it('come after what they are to follow, however that ends', async () => {
    for (const failure of [null, new Error('The port is taken.')]) {
      const { readings, clock, asked } = asking(['a-1', 'b-1']);
      let end: () => void = () => undefined;
      const first = new Promise<string>((resolve, reject) => {
        end = () => (failure === null ? resolve('bound') : reject(failure));
      });
      const followed = readings.after(first).catch((error: unknown) => error);
      readings.wantAll();
      await clock.run(60_000);
      assert.equal(asked.length, 0);
      end();
      assert.equal(await followed, failure ?? 'bound');
      await clock.run(1_000);
      assert.equal(asked.length, 2);
      readings.dispose();
    }
  });

  it('tell when nothing waits or runs', async () => {
    const all = asking(['a-1', 'b-1', 'c-1']);
    await all.readings.settled();
    all.readings.wantAll();
    let isSettled = false;
    void all.readings.settled().then(() => (isSettled = true));
    await all.clock.run(399);
    assert.equal(isSettled, false);
    await all.clock.run(1);
    assert.equal(isSettled, true);
  });

  it('ask about every account each 45 s for five minutes after a request, and hourly from then on', async () => {
    const all = asking(['a-1', 'a-2', 'b-1']);
    const startMs = all.clock.elapsedMs();
    await all.clock.run(5 * minuteMs);
    const perAccount = [45, 90, 135, 180, 225, 270];
    for (const name of ['a-1', 'b-1']) {
      const times = all.asked.flatMap(({ key, atMs }) => (key === name ? [(atMs - startMs) / 1_000] : []));
      assert.deepEqual(times.map(Math.floor), perAccount, name);
    }
    const asked = (): number => all.names.filter((name) => name !== 'a-2').length;
    await all.clock.run(3.5 * hourMs);
    assert.equal(asked(), 2 * (perAccount.length + 3));
    all.readings.active(90_000);
    await all.clock.run(1_000);
    assert.equal(asked(), 2 * (perAccount.length + 4), 'at once when somebody looks again');
    await all.clock.run(80_000);
    assert.equal(asked(), 2 * (perAccount.length + 5));
  });

  it('ask about each key, as its cap is its own: each five minutes in use, and hourly from then on', async () => {
    const all = asking(['a-1', 'a-2', 'a-3', 'a-4']);
    const off = makeKey('a-3', { enabled: false });
    const management = makeReading('a', all.clock.wallMs(), null, { isManagement: true });
    all.pool.setKeys([makeKey('a-1'), makeKey('a-2'), off, makeKey('a-4')]);
    all.pool.read(makeKey('a-4').keyId, management);
    const asked = (key = 'a-2'): number => all.names.filter((name) => name === key).length;
    all.readings.active(hourMs + minuteMs);
    await all.clock.run(hourMs + minuteMs);
    assert.equal(asked(), 12);
    await all.clock.run(3 * hourMs);
    assert.equal(asked(), 15);
    assert.equal(asked('a-3') + asked('a-4'), 0, 'a key that is off, or for management, serves nobody');
  });

  it('ask about a key that has a cap and was used since as often as about its account', async () => {
    const askedOf = async (capLeft: number | null): Promise<number> => {
      const all = asking(['a-1', 'a-2']);
      const { clock, pool } = all;
      const first = makeKey('a-1').keyId;
      pool.read(makeKey('a-2').keyId, makeReading('a', clock.wallMs(), null, { capLeft }));
      for (let second = 0; second < 40; second += 10) {
        using lease = await leased(
          pool.lease(paidRequest(clock.wallMs(), { tried: new Set([first]) }), never),
        );
        lease.settle({ kind: 'healthy' });
        await clock.run(10_000);
      }
      await clock.run(2 * minuteMs);
      return all.names.filter((name) => name === 'a-2').length;
    };
    assert.deepEqual([await askedOf(3), await askedOf(null)], [1, 0]);
  });

  it('ask about every key after a restart, which left nothing of what a key has spent', async () => {
    const before = asking(['a-1', 'a-2', 'b-1']);
    const pool = makePool(before.clock, {});
    pool.restore(before.pool.save());
    pool.setKeys([...before.pool.roster.keys.values()].map(({ key }) => key));
    const all = new Asking(before.clock, pool);
    all.readings.wantAll();
    await all.clock.run(2_000);
    assert.deepEqual(all.names, ['a-1', 'b-1', 'a-2']);
  });

  it('ask each 20 s for ten minutes about an account that others use too', async () => {
    const all = asking(['a-1', 'b-1']);
    let others = 0;
    all.answer = (key) =>
      key.endsWith('a-1')
        ? { kind: 'read', reading: makeReading('a', all.clock.elapsedMs(), { used: others, limit: 50 }) }
        : all.good(key);
    all.readings.active(hourMs);
    others = 3;
    await all.clock.run(46_000);
    const before = all.names.filter((name) => name === 'a-1').length;
    await all.clock.run(10 * minuteMs);
    assert.equal(all.names.filter((name) => name === 'a-1').length - before, 29);
    const later = all.asked.length;
    await all.clock.run(9 * minuteMs);
    assert.equal(all.asked.length - later, 24, 'both as often as at first');
  });

  it('leave an account that cannot be read alone for twice as long each time, and no other', async () => {
    const all = asking(['a-1', 'b-1']);
    const startMs = all.clock.elapsedMs();
    const busy: KeyAnswer = { kind: 'unreachable', detail: 'status 503' };
    all.answer = (key) => (key.endsWith('a-1') ? busy : all.good(key));
    all.readings.active(3 * hourMs);
    await all.clock.run(hourMs);
    const minutes = all.asked.flatMap(({ key, atMs }) =>
      key === 'a-1' ? [(atMs - startMs) / minuteMs] : [],
    );
    assert.deepEqual(minutes, [0.75, 1.5, 3, 6, 12, 24, 48]);
    assert.equal(all.names.filter((name) => name === 'b-1').length, 79);
    all.answer = (key) => all.good(key);
    await all.clock.run(hourMs);
    const before = all.names.filter((name) => name === 'a-1').length;
    await all.clock.run(3 * minuteMs);
    assert.equal(all.names.filter((name) => name === 'a-1').length - before, 4);
  });

  it('go on while upstream is away, so that nobody is told so for longer than it is, and tell each cause once', async () => {
    const all = asking(['a-1']);
    all.readings.active(3 * hourMs);
    const asked = async (detail: string): Promise<number> => {
      all.answer = () => ({ kind: 'unreachable', detail });
      const before = all.asked.length;
      await all.clock.run(hourMs);
      return all.asked.length - before;
    };
    assert.equal(await asked('ECONNREFUSED'), 80);
    assert.equal(await asked('ENOTFOUND'), 80);
    all.answer = (key) => all.good(key);
    await all.clock.run(minuteMs);
    const spared = 'each try could lock the user’s account at the proxy';
    assert.ok((await asked('PROXY_407')) < 8, spared);
    const fresh = asking(['a-1'], false);
    fresh.answer = () => ({ kind: 'unreachable', detail: 'PROXY_407' });
    fresh.readings.wantAll();
    fresh.readings.active(3 * hourMs);
    await fresh.clock.run(hourMs);
    assert.ok(fresh.asked.length < 8, `${spared}: ${fresh.asked.length}`);
    assert.deepEqual(
      all.lines.map((line) => /: (\w+)\.$/.exec(line)?.[1]),
      ['ECONNREFUSED', 'ENOTFOUND', 'PROXY_407'],
    );
  });

  it('say when the first of a process are in, or that a second has passed', async () => {
    const firstAfterMs = async (answer: Answer | null): Promise<number> => {
      const all = asking(['a-1', 'b-1'], false);
      all.answer = answer ?? ((key) => all.good(key));
      const startMs = all.clock.elapsedMs();
      let endedMs = Number.NaN;
      all.readings.wantAll();
      void all.readings.first().then(() => (endedMs = all.clock.elapsedMs() - startMs));
      await all.clock.run(3_000);
      return endedMs;
    };
    assert.equal(await firstAfterMs(null), 200);
    assert.equal(await firstAfterMs(() => unreachable), 200);
    assert.equal(await firstAfterMs(async () => await new Promise<KeyAnswer>(() => undefined)), 1_000);
  });

  it('ask again about an attempt that left while the last question was on its way', async () => {
    const all = asking(['a-1']);
    const { clock, pool } = all;
    let answer: (answer: KeyAnswer) => void = () => undefined;
    all.answer = async () => await new Promise<KeyAnswer>((resolve) => (answer = resolve));
    await clock.run(1_000);
    const askedAtMs = clock.wallMs();
    all.readings.want(makeKey('a-1').keyId);
    await clock.run(1_000);
    const lease = await leased(pool.lease(freeRequest(clock.wallMs()), never));
    lease.markSent();
    lease[Symbol.dispose]();
    await clock.run(1_000);
    answer({ kind: 'read', reading: { ...makeReading('a', clock.wallMs()), askedAtMs } });
    await clock.run(5 * minuteMs);
    assert.equal(all.asked.length, 2);
  });

  it('are not put off for as long as the clock was set back', async () => {
    const all = asking(['a-1', 'b-1']);
    all.readings.want(makeKey('a-1').keyId);
    await all.clock.run(100);
    all.clock.set(-3 * hourMs);
    let isSettled = false;
    all.readings.wantAll();
    void all.readings.settled().then(() => (isSettled = true));
    await all.clock.run(1_000);
    assert.deepEqual([all.names, isSettled], [['a-1', 'a-1', 'b-1'], true]);
  });

  it('notice within five minutes that the spending cap of a key was raised', async () => {
    const all = asking(['a-1', 'a-2']);
    const { clock, pool } = all;
    const state = pool.roster.keys.get(makeKey('a-2').keyId);
    assert.ok(state !== undefined);
    let capLeft = 0;
    const daily = { used: 0, limit: 50 };
    all.answer = () => ({ kind: 'read', reading: makeReading('a', clock.wallMs(), daily, { capLeft }) });
    const sinceMs = clock.wallMs();
    state.locks.set({ reason: 'keyCap', covers: 'all', sinceMs, untilMs: sinceMs + 16 * 24 * hourMs });
    all.readings.active(3 * hourMs);
    await clock.run(10 * minuteMs);
    assert.ok(state.unlockedAtMs('paid', clock.wallMs()) > clock.wallMs());
    capLeft = 20;
    await clock.run(5 * minuteMs + 1_000);
    assert.equal(state.unlockedAtMs('paid', clock.wallMs()), 0);
  });

  it('look a minute later before a key that was good is bad', async () => {
    const all = asking(['a-1', 'b-1']);
    await all.idle();
    const { clock } = all;
    all.answer = (key) => (key.endsWith('a-1') ? refused : all.good(key));
    all.readings.want(makeKey('a-1').keyId);
    await clock.run(30_000);
    // A second refusal within the minute does not make the key bad.
    all.readings.want(makeKey('a-1').keyId);
    await clock.run(29_999);
    assert.equal(all.health('a-1'), 'good');
    assert.equal(all.asked.length, 2);
    await clock.run(1);
    assert.equal(all.health('a-1'), 'bad');
    assert.equal(all.asked.length, 3);
  });

  it('ask a bad key each minute at first, and hourly from then on', async () => {
    const all = asking(['a-1', 'b-1']);
    await all.idle();
    const { clock } = all;
    all.answer = (key) => (key.endsWith('a-1') ? refused : all.good(key));
    all.readings.want(makeKey('a-1').keyId);
    await clock.run(minuteMs);
    const asked = (): number => all.names.filter((name) => name === 'a-1').length;
    const minutes: number[] = [];
    for (let minute = 1; minute <= 130; minute++) {
      const before = asked();
      await clock.run(minuteMs);
      if (asked() > before) minutes.push(minute);
      assert.equal(all.health('a-1'), 'bad');
    }
    assert.deepEqual(minutes, [1, 2, 3, 4, 64, 124]);
    all.answer = (key) => all.good(key);
    await clock.run(65 * minuteMs);
    assert.equal(all.health('a-1'), 'good');
  });

  it('switch no good key off for one bad minute, and no new one off for much longer', async () => {
    const all = asking(['a-1', 'new'], false);
    all.pool.read(makeKey('a-1').keyId, makeReading('a', all.clock.wallMs()));
    const startMs = all.clock.wallMs();
    all.answer = (key) => (all.clock.wallMs() - startMs < minuteMs ? refused : all.good(key));
    all.readings.wantAll();
    await all.clock.run(10_000);
    // The user wants to know at once about a fault of a new key.
    assert.deepEqual([all.health('a-1'), all.health('new')], ['good', 'bad']);
    await all.clock.run(minuteMs);
    assert.deepEqual([all.health('a-1'), all.health('new')], ['good', 'good']);
  });

  it('forget a refusal that the second look does not confirm', async () => {
    const all = asking(['a-1']);
    await all.idle();
    all.answer = () => (all.asked.length % 2 === 1 ? refused : all.good('sk-or-v1-a-1'));
    for (let count = 0; count < 3; count++) {
      all.readings.want(makeKey('a-1').keyId);
      await all.clock.run(minuteMs + 10_000);
    }
    assert.equal(all.asked.length, 6);
    assert.equal(all.health('a-1'), 'good');
  });

  it('forget a refusal after which upstream cannot be reached', async () => {
    const all = asking(['a-1']);
    await all.idle();
    all.answer = () => (all.asked.length === 2 ? unreachable : refused);
    for (let count = 0; count < 2; count++) {
      all.readings.want(makeKey('a-1').keyId);
      await all.clock.run(minuteMs - 1);
      all.readings.want(makeKey('a-1').keyId);
      await all.clock.run(1);
    }
    assert.equal(all.health('a-1'), 'good');
  });

  it('take no refusal of a key that is bad already for upstream’s own incident', async () => {
    const all = asking(['a-1', 'b-1']);
    all.pool.markBad(makeKey('a-1').keyId);
    all.answer = () => refused;
    all.readings.wantAll();
    await all.clock.run(2 * minuteMs);
    assert.equal(all.health('b-1'), 'bad');
  });

  it('take refusals of several good accounts within a minute for upstream’s own incident', async () => {
    const all = asking(['a-1', 'b-1', 'c-1']);
    all.answer = () => refused;
    all.readings.wantAll();
    await all.clock.run(minuteMs + 10_000);
    assert.deepEqual(
      ['a-1', 'b-1', 'c-1'].map((name) => all.health(name)),
      ['good', 'good', 'good'],
    );
    assert.ok(all.lines.some((line) => line.includes('incident')));
  });

  it('call several new keys bad that were never accepted: that is no incident', async () => {
    const all = asking(['a-1', 'b-1'], false);
    all.answer = () => refused;
    all.readings.wantAll();
    await all.clock.run(10_000);
    assert.deepEqual([all.health('a-1'), all.health('b-1')], ['bad', 'bad']);
  });

  it('leave a key as it is where upstream cannot be reached, and try an unchecked one again', async () => {
    const all = asking(['a-1'], false);
    all.answer = () => unreachable;
    all.readings.wantAll();
    await all.clock.run(1_000);
    assert.equal(all.health('a-1'), 'unchecked');
    assert.match(all.lines.join('\n'), /could not be read: ECONNREFUSED/);
    all.answer = (key) => all.good(key);
    await all.clock.run(5 * minuteMs);
    assert.equal(all.health('a-1'), 'good');
  });

  it('leave no timer behind', async () => {
    const all = asking(['a-1', 'b-1', 'c-1']);
    all.answer = () => refused;
    all.readings.wantAll();
    await all.clock.run(300);
    all.readings.dispose();
    assert.equal(all.clock.pending, 0);
    all.readings.wantAll();
    await all.clock.run(minuteMs);
    assert.equal(all.asked.length, 2);
    await all.readings.settled();
  });
});
