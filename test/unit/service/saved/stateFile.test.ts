// The state in a file: the old one or the new one, never half of it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import {
  chmod,
  chown,
  lchown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StateFile } from '../../../../src/service/saved/stateFile';

describe('StateFile', () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keywheel-state-'));
    path = join(folder, 'deep', 'state.json');
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('gives nothing where there is no file, and what was saved where there is one', async () => {
    const file = new StateFile(path);
    await file.prepare();
    assert.equal(await file.load(), undefined);
    await file.save({ version: 1, of: ['a'] });
    assert.deepEqual(await new StateFile(path).load(), { version: 1, of: ['a'] });
  });

  it('tells once that another process writes the file too, and goes on writing', async () => {
    const told: string[] = [];
    const [one, other] = ['one', 'other'].map((name) => new StateFile(path, () => told.push(name)));
    assert.ok(one !== undefined && other !== undefined);
    await one.load();
    await one.save({ of: 'one' });
    one.saveSync({ of: 'one' });
    await one.save({ of: 'one again' });
    await rm(path);
    await one.save({ of: 'one' });
    await other.load();
    assert.deepEqual(told, []);
    await other.save({ of: 'other' });
    for (let count = 0; count < 2; count++) {
      await one.save({ of: 'one' });
      await other.save({ of: 'other' });
    }
    assert.deepEqual(told, ['one', 'other']);
    assert.deepEqual(await one.load(), { of: 'other' });
  });

  it('tells it of a file that is written in place, too', async () => {
    const told: string[] = [];
    const file = new StateFile(path, () => told.push('told'));
    await file.save({ of: 'one' });
    await writeFile(path, '{"of":"a longer other"}');
    await file.save({ of: 'one' });
    assert.deepEqual(told, ['told']);
  });

  it('gives the text of a file that is no JSON, so that nobody takes it for nothing', async () => {
    const file = new StateFile(path);
    await file.prepare();
    await writeFile(path, '{"a":');
    assert.equal(await file.load(), '{"a":');
  });

  it('takes an empty file for a new one, and reads one with a byte order mark', async () => {
    const file = new StateFile(path);
    await file.prepare();
    // A power loss leaves zeros in a file whose bytes were not on the disk yet.
    for (const text of ['', '\n', '\0'.repeat(4096)]) {
      await writeFile(path, text);
      assert.equal(await file.load(), undefined);
    }
    await writeFile(path, '\ufeff{"a":1}');
    assert.deepEqual(await file.load(), { a: 1 });
  });

  it('writes behind a symbolic link, whether or not the link points at anything yet', async () => {
    const target = join(folder, 'mounted', 'real.json');
    await mkdir(join(folder, 'mounted'));
    await mkdir(join(folder, 'deep'));
    await symlink('../mounted/link.json', path);
    await symlink('real.json', join(folder, 'mounted', 'link.json'));
    const file = new StateFile(path);
    await file.prepare();
    await file.save({ nth: 1 });
    assert.deepEqual(JSON.parse(await readFile(target, 'utf8')), { nth: 1 });
    file.saveSync({ nth: 2 });
    assert.deepEqual(JSON.parse(await readFile(target, 'utf8')), { nth: 2 });
    assert.ok((await lstat(path)).isSymbolicLink());
    assert.deepEqual((await readdir(join(folder, 'mounted'))).sort(), ['link.json', 'real.json']);
  });

  it('says of links in a circle that they are one', async () => {
    await mkdir(join(folder, 'deep'));
    await symlink('state.json', path);
    await assert.rejects(new StateFile(path).prepare(), { code: 'ELOOP' });
  });

  it('clears what killed processes have left half-written before its last write, and nothing else', async () => {
    await mkdir(join(folder, 'deep'));
    const names = ['other.0123abcd.tmp', 'state.json', 'state.json.0123abcd.tmp', 'state.json.mine.tmp'];
    const hourAgo = new Date(Date.now() - 3_600_000);
    for (const name of names) {
      await writeFile(join(folder, 'deep', name), '{}');
      if (name.endsWith('.tmp')) await utimes(join(folder, 'deep', name), hourAgo, hourAgo);
    }
    await writeFile(join(folder, 'deep', 'state.json.89abcdef.tmp'), 'in the middle of its write');
    await utimes(path, hourAgo, new Date(Date.now() - 60_000));
    await new StateFile(path).load();
    const left = [...names.filter((name) => !name.includes('json.0123')), 'state.json.89abcdef.tmp'];
    assert.deepEqual((await readdir(join(folder, 'deep'))).sort(), left.sort());
  });

  it('keeps what was saved last, whole at any moment, and leaves no other file', async () => {
    const file = new StateFile(path);
    await file.prepare();
    await file.save({ nth: 0, ballast: 'x'.repeat(100_000) });
    const saves = Array.from({ length: 20 }, (_, nth) => file.save({ nth, ballast: 'x'.repeat(100_000) }));
    const over = new AbortController();
    const all = Promise.all(saves).finally(() => over.abort());
    while (!over.signal.aborted)
      assert.equal((JSON.parse(await readFile(path, 'utf8')) as { ballast: string }).ballast.length, 100_000);
    await all;
    assert.equal(((await file.load()) as { nth: number }).nth, 19);
    assert.deepEqual(await readdir(join(folder, 'deep')), ['state.json']);
  });

  it('has saved within the call where nobody can wait', async () => {
    const file = new StateFile(path);
    file.saveSync({ version: 1 });
    assert.deepEqual(JSON.parse(readFileSync(path, 'utf8')), { version: 1 });
    assert.deepEqual(await readdir(join(folder, 'deep')), ['state.json']);
  });

  it('rejects a save that fails, keeps the old file, and goes on with the next', async () => {
    const file = new StateFile(path);
    await file.prepare();
    await file.save(1);
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    await assert.rejects(file.save(circle), TypeError);
    assert.equal(await file.load(), 1);
    await file.save(2);
    assert.equal(await file.load(), 2);
  });

  it('sets the old file aside', async () => {
    const file = new StateFile(path);
    await file.prepare();
    await writeFile(path, 'strange');
    await file.setAside();
    assert.equal(await file.load(), undefined);
    assert.equal(await readFile(`${path}.bak`, 'utf8'), 'strange');
  });

  it('says at once where no file can be made', async () => {
    await writeFile(join(folder, 'deep'), 'a file in the way');
    await assert.rejects(new StateFile(path).prepare(), { code: 'EEXIST' });
  });

  // Windows has no `mkfifo`.
  if (process.platform !== 'win32')
    it('takes nothing for a state that is no file: a rename would replace a pipe, or /dev/null', async () => {
      execFileSync('mkfifo', [join(folder, 'pipe')]);
      for (const [strange, code] of [
        [join(folder, 'pipe'), 'EEXIST'],
        [folder, 'EISDIR'],
      ] as const) {
        await rm(path, { force: true });
        const file = new StateFile(path);
        await file.prepare();
        await symlink(strange, path);
        await assert.rejects(file.prepare(), { code }, strange);
        await assert.rejects(file.save(1), { code }, strange);
        assert.throws(() => file.saveSync(1), { code }, strange);
      }
      assert.ok((await lstat(join(folder, 'pipe'))).isFIFO());
    });

  // Only root can make one.
  if (process.geteuid?.() === 0)
    it('follows no link of another user: in a folder such as /tmp it could lead to any file of ours', async () => {
      const target = join(folder, 'precious');
      await writeFile(target, 'precious');
      const file = new StateFile(path);
      await file.prepare();
      await symlink(target, path);
      await lchown(path, 65_534, 65_534);
      await assert.rejects(file.save(1), { code: 'EACCES' });
      assert.equal(await readFile(target, 'utf8'), 'precious');
    });

  // Windows has no such folders.
  if (process.platform !== 'win32')
    it('writes a file in place whose folder takes no other, as in a container', async () => {
      await mkdir(join(folder, 'deep'));
      await writeFile(path, '1');
      const root = process.geteuid?.() === 0;
      // Root can write read-only files too.
      if (root) for (const each of [folder, join(folder, 'deep'), path]) await chown(each, 65_534, 65_534);
      await chmod(join(folder, 'deep'), 0o555);
      if (root) process.seteuid?.(65_534);
      try {
        const file = new StateFile(path);
        await file.prepare();
        assert.equal(await file.load(), 1);
        await file.save(2);
        assert.equal(await file.load(), 2);
        file.saveSync(3);
        assert.equal(await file.load(), 3);
        // The system asks for the real user there, who is root still.
        if (!root)
          await assert.rejects(new StateFile(join(folder, 'deep', 'b.json')).prepare(), { code: 'EACCES' });
      } finally {
        if (root) process.seteuid?.(0);
        await chmod(join(folder, 'deep'), 0o755);
      }
      assert.deepEqual(await readdir(join(folder, 'deep')), ['state.json']);
    });
});
