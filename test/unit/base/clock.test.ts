import assert from 'node:assert/strict';
import { Pace, ServerOffset, SystemClock, wait, type MachineClocks } from '../../../src/base/clock';
import { ManualClock, settled } from '../../support/manualClock';

describe('wait', () => {
  it('resolves after its time', async () => {
    const clock = new ManualClock();
    let isOver = false;
    void wait(clock, 1_000, new AbortController().signal).then(() => (isOver = true));
    await clock.run(999);
    assert.equal(isOver, false);
    await clock.run(1);
    assert.equal(isOver, true);
  });

  it('rejects with the signal’s reason at once, and leaves no timer', async () => {
    const clock = new ManualClock();
    const client = new AbortController();
    const waiting = wait(clock, 1_000, client.signal);
    client.abort(new Error('left'));
    await assert.rejects(waiting, /left/);
    assert.equal(clock.pending, 0);
    await assert.rejects(wait(clock, 1_000, client.signal), /left/);
  });
});

describe('SystemClock', () => {
  it('runs a timer later, never when it was disposed before, and never at once for being too long', async () => {
    const clock = new SystemClock();
    const ran: string[] = [];
    const long = clock.after(2 ** 40, () => ran.push('long'));
    clock.after(1, () => ran.push('disposed')).dispose();
    await new Promise<void>((resolve) => {
      const keepAlive = setTimeout(() => undefined, 1_000);
      clock.after(5, () => {
        clearTimeout(keepAlive);
        resolve();
      });
    });
    await settled();
    long.dispose();
    assert.deepEqual(ran, []);
    const [fromMs, wallMs, untilMs] = [Date.now(), clock.wallMs(), Date.now()];
    assert.ok(wallMs > fromMs - 1_000 && wallMs < untilMs + 1_000);
  });
});

/** A machine whose clocks are set by hand. */
class Machine implements MachineClocks {
  awakeMs = 5_000;
  asleepMs = 0;
  setByMs = 0;

  dateMs(): number {
    return 1_000_000 + this.awakeMs + this.asleepMs + this.setByMs;
  }

  monotonicMs(): number {
    return this.awakeMs;
  }

  uptimeMs(): number {
    return Math.floor((this.awakeMs + this.asleepMs) / 1_000) * 1_000;
  }
}

describe('SystemClock: elapsed and wall time', () => {
  let machine: Machine;
  let clock: SystemClock;

  beforeEach(() => {
    machine = new Machine();
    clock = new SystemClock(machine);
  });

  it('are the same at first, and pass evenly', () => {
    assert.deepEqual([clock.elapsedMs(), clock.wallMs()], [1_005_000, 1_005_000]);
    machine.awakeMs += 1_500;
    assert.deepEqual([clock.elapsedMs(), clock.wallMs()], [1_006_500, 1_006_500]);
  });

  for (const byMs of [3 * 3_600_000, -3 * 3_600_000]) {
    it(`part where the machine’s clock is set by ${byMs} ms: nothing has elapsed`, () => {
      machine.setByMs = byMs;
      assert.deepEqual([clock.elapsedMs(), clock.wallMs()], [1_005_000, 1_005_000 + byMs]);
    });
  }

  it('both count a sleep, also one in which the clock was put right', () => {
    machine.asleepMs = 60_000;
    assert.deepEqual([clock.elapsedMs(), clock.wallMs()], [1_065_000, 1_065_000]);
    machine.asleepMs += 60_000;
    machine.setByMs = 7_200_000;
    assert.deepEqual([clock.elapsedMs(), clock.wallMs()], [1_125_000, 8_325_000]);
  });

  it('upstream’s date puts the wall time right, until the machine’s clock is set', () => {
    clock.noteServerDate(1_005_000 + 3 * 3_600_000);
    assert.deepEqual([clock.elapsedMs(), clock.wallMs()], [1_005_000, 1_005_000 + 3 * 3_600_000]);
    machine.asleepMs = 60_000;
    assert.equal(clock.wallMs(), 1_065_000 + 3 * 3_600_000);
    machine.setByMs = 3 * 3_600_000;
    assert.equal(clock.wallMs(), 1_065_000 + 3 * 3_600_000);
  });
});

describe('ServerOffset', () => {
  it('is the median of the last five dates, where it is over five seconds', () => {
    const offset = new ServerOffset();
    for (const ms of [-900, 400, 5_000]) offset.add(ms);
    assert.equal(offset.ms, 0);
    for (const ms of [60_000, 61_000, 60_500]) offset.add(ms);
    assert.equal(offset.ms, 60_000);
    offset.add(0);
    offset.add(0);
    assert.equal(offset.ms, 60_000);
    offset.add(0);
    assert.equal(offset.ms, 0);
  });
});

describe('Pace', () => {
  it('runs once for all touches of its time, and again for the next', () => {
    const clock = new ManualClock();
    let runs = 0;
    const pace = new Pace(clock, 100, () => runs++);
    pace.touch();
    clock.advance(60);
    pace.touch();
    clock.advance(39);
    assert.equal(runs, 0);
    clock.advance(1);
    assert.equal(runs, 1);
    clock.advance(1_000);
    assert.equal(runs, 1);
    pace.touch();
    clock.advance(100);
    assert.equal(runs, 2);
  });

  it('takes a touch from within its own run', () => {
    const clock = new ManualClock();
    const atMs: number[] = [];
    const startMs = clock.wallMs();
    const pace: Pace = new Pace(clock, 100, () => {
      atMs.push(clock.wallMs() - startMs);
      if (atMs.length < 3) pace.touch();
    });
    pace.touch();
    clock.advance(1_000);
    assert.deepEqual(atMs, [100, 200, 300]);
  });

  it('does nothing after its end', () => {
    const clock = new ManualClock();
    const pace = new Pace(clock, 100, () => assert.fail());
    pace.touch();
    pace.dispose();
    pace.touch();
    clock.advance(1_000);
    assert.equal(clock.pending, 0);
  });
});

describe('ManualClock', () => {
  it('runs timers in their order, each at its own time, and timers know nothing of jumps', () => {
    const clock = new ManualClock(1_000);
    const ran: string[] = [];
    clock.after(20, () => ran.push(`late ${clock.wallMs()}`));
    clock.after(10, () => {
      ran.push(`early ${clock.wallMs()}`);
      clock.after(5, () => ran.push(`nested ${clock.wallMs()}`));
    });
    clock.set(1_000);
    clock.advance(20);
    assert.deepEqual(ran, ['early 2010', 'nested 2015', 'late 2020']);
  });
});
