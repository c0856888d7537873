// Keys from a file: the entries that are read, and the messages where the file is wrong.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TextLog } from '../../../src/base/log';
import { redact } from '../../../src/base/secret';
import { watchKeysFile, withKeysFile } from '../../../src/server/keysFile';
import { plainKey, type StoredKey } from '../../../src/service/keyring/storedKey';
import { ManualClock } from '../../support/manualClock';

const a = 'sk-or-v1-aaaaaaaaaaaa';
const b = 'sk-or-v1-bbbbbbbbbbbb';

describe('the file of keys', () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'keywheel-keys-'));
    path = join(folder, 'keys.txt');
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  function read(own: readonly StoredKey[] = []): readonly StoredKey[] | string {
    return withKeysFile(own, { name: 'KEYS_FILE', text: path });
  }

  function problem(own: readonly StoredKey[] = []): string {
    const problem = read(own);
    assert.ok(typeof problem === 'string');
    assert.ok(!problem.includes('canary'));
    assert.equal(redact(problem), problem, 'its example is not masked');
    return problem;
  }

  it('may be a list, a .env file or JSON; its keys follow those of the variable, each once', () => {
    for (const text of [
      `${a}:50\n\n# old\n${b}\n`,
      `MINE=${a}:50\nOPENROUTER_API_KEY=${b}`,
      `["${a}:50", "${b}"]`,
    ]) {
      writeFileSync(path, text);
      const keys = read();
      assert.ok(typeof keys !== 'string');
      assert.deepEqual(
        keys.map(({ key, label, dailyLimit }) => [key, label, dailyLimit]),
        [
          [a, 'key 1', 50],
          [b, 'key 2', null],
        ],
      );
      assert.equal(read([plainKey(b, 'key 1')]).length, 2);
    }
  });

  it('is refused where it is absent, empty, or holds what looks like a key and is none', () => {
    assert.match(problem(), /^KEYS_FILE .* cannot be read \(ENOENT\): check/);
    writeFileSync(path, '# none yet');
    assert.match(problem(), /^KEYS_FILE .* holds no OpenRouter key/);
    assert.equal(read([plainKey(a)]).length, 1);
    writeFileSync(path, `${a} sk-ant-canary`);
    assert.match(problem(), /^KEYS_FILE .*: 1 of its entries/);
    writeFileSync(path, ' '.repeat(1024 * 1024 + 1));
    assert.match(problem([plainKey(a)]), /larger than 1 MiB/);
    // Such a file does not fit in memory.
    truncateSync(path, 2 ** 40);
    assert.match(problem(), /larger than 1 MiB/);
  });

  it('is read again when it changes or is exchanged; a wrong one changes nothing', async () => {
    writeFileSync(path, a);
    const { clock, watch, sets, lines } = watched();
    await clock.run(1_000);
    assert.deepEqual([sets, lines], [[], []]);
    writeFileSync(join(folder, 'new.txt'), `${a}\n${b}`);
    renameSync(join(folder, 'new.txt'), path);
    await clock.run(1_000);
    writeFileSync(path, 'sk-ant-canary-of-another-length');
    await clock.run(1_000);
    writeFileSync(path, a);
    await clock.run(5_000);
    watch.dispose();
    writeFileSync(path, `${a} ${b}`);
    await clock.run(5_000);
    assert.deepEqual(sets, [2, 1]);
    assert.match(lines.join('\n'), /1 of its entries.*stay in use/);
  });

  it('is read once where it is a pipe, which has its text once and may hold up whoever reads it', async () => {
    if (process.platform === 'win32') return;
    writeFileSync(path, a);
    const { clock, sets, lines } = watched();
    rmSync(path);
    execFileSync('mkfifo', [path]);
    await clock.run(5_000);
    assert.deepEqual([sets, lines], [[], []]);
  });

  it('is read again where it changed between the first reading and the watch', async () => {
    writeFileSync(path, a);
    const { clock, sets } = watched(() => writeFileSync(path, `${a}\n${b}`));
    await clock.run(1_000);
    assert.deepEqual(sets, [2]);
  });

  it('may become one that cannot even be looked at: that is told once, and its keys are used on', async () => {
    writeFileSync(path, a);
    const { clock, sets, lines } = watched();
    rmSync(path);
    symlinkSync(path, path);
    await clock.run(5_000);
    assert.equal(lines.length, 1);
    assert.match(lines.join(), /cannot be read \(ELOOP\).* The previous keys stay in use/);
    assert.deepEqual(sets, []);
  });

  /** `meanwhile` is called after the first reading of the file. */
  function watched(meanwhile: () => void = () => undefined) {
    const sets: number[] = [];
    const lines: string[] = [];
    const log = new TextLog((level, line) => lines.push(`${level} ${line}`));
    const file = { name: 'KEYS_FILE', text: path };
    const clock = new ManualClock();
    const known = read();
    assert.ok(typeof known !== 'string');
    meanwhile();
    const setKeys = (keys: readonly StoredKey[]): unknown => sets.push(keys.length);
    return { clock, sets, lines, watch: watchKeysFile([], file, known, { clock, log, setKeys }) };
  }
});
