/** "Stop Proxy" where windows cannot share files, and with files that dead windows left. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TextLog } from '../../../src/base/log';
import { Hold } from '../../../src/hosting/hold';
import { Claim } from '../../../src/hosting/hosting';
import { ManualClock } from '../../support/manualClock';

describe('a hold', () => {
  const clock = new ManualClock();
  let home = '';
  const warned: string[] = [];

  beforeEach(() => {
    home = mkdtempSync(path.join(tmpdir(), 'keywheel-hold-'));
    warned.length = 0;
  });
  afterEach(() => rmSync(home, { recursive: true }));

  function holdIn(folder: string): Hold {
    return new Hold({ clock, log: new TextLog((_, line) => void warned.push(line)), folder });
  }

  it('lasts in its own window where its folder cannot be written, until it is released there', () => {
    writeFileSync(path.join(home, 'file'), '');
    const hold = holdIn(path.join(home, 'file', 'windows'));
    let changes = 0;
    hold.onDidChange(() => changes++);
    hold.take();
    assert.equal(hold.isHeld, true);
    clock.advance(60_000);
    assert.deepEqual([hold.isHeld, changes], [true, 0]);
    assert.equal(warned.filter((line) => line.includes('Other windows cannot be told')).length, 2);
    hold.release();
    assert.equal(hold.isHeld, false);
    hold.dispose();
  });

  it('is that of all windows, also where the files’ own times are a file server’s, which has another clock', () => {
    const [one, other] = [holdIn(home), holdIn(home)];
    one.take();
    assert.equal(other.isHeld, true);
    clock.advance(60_000);
    assert.equal(other.isHeld, true);
    one.dispose();
    assert.equal(other.isHeld, false, 'once its last window has closed');
    other.dispose();
  });

  it('of dead windows is over, also where their mark cannot be removed', () => {
    mkdirSync(path.join(home, 'stopped', 'x'), { recursive: true });
    const hold = holdIn(home);
    assert.equal(hold.isHeld, false);
    hold.dispose();
  });

  it('is not needed for a claim: where none can be written, every window may try', () => {
    for (const target of ['gone', 'file']) {
      writeFileSync(path.join(home, 'file'), '');
      symlinkSync(path.join(home, target), path.join(home, `to-${target}`));
      const claim = new Claim(clock, path.join(home, `to-${target}`, 'claim'));
      assert.equal(claim.take(), true, target);
      claim.release();
    }
  });
});
