/** An installation for tests is made once, also when several of them want it at the same time. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cachedInstall } from './cachedInstall';

describe('what is installed for tests', () => {
  const before = process.env.KEYWHEEL_TEST_CACHE;
  let cache: string;
  let folder: string;
  let other: ChildProcess;
  let partial: string;
  let installed: number;

  beforeEach(() => {
    cache = mkdtempSync(path.join(tmpdir(), 'keywheel-cache-'));
    process.env.KEYWHEEL_TEST_CACHE = cache;
    folder = path.join(cache, 'thing');
    other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    partial = `${folder}.partial-${String(other.pid)}`;
    mkdirSync(partial, { recursive: true });
    installed = 0;
  });

  afterEach(() => {
    other.kill('SIGKILL');
    rmSync(cache, { recursive: true });
    if (before === undefined) delete process.env.KEYWHEEL_TEST_CACHE;
    else process.env.KEYWHEEL_TEST_CACHE = before;
  });

  const install = (): Promise<string> => cachedInstall('thing', () => Promise.resolve(void installed++));

  it('is waited for where another run makes it', async () => {
    const waiting = install();
    setTimeout(() => {
      mkdirSync(folder);
      writeFileSync(path.join(folder, 'complete.json'), '{}');
      rmSync(partial, { recursive: true });
    }, 100);
    assert.equal(await waiting, folder);
    assert.equal(installed, 0);
  });

  it('is made here where the other run was killed', async () => {
    const waiting = install();
    setTimeout(() => other.kill('SIGKILL'), 100);
    assert.equal(await waiting, folder);
    assert.equal(installed, 1);
  });
});
