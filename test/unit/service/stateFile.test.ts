// The state in a file: the old one or the new one, never half of it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StateFile } from '../../../src/service/stateFile';

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

  it('gives the text of a file that is no JSON, so that nobody takes it for nothing', async () => {
    const file = new StateFile(path);
    await file.prepare();
    for (const text of ['', '{"a":']) {
      await writeFile(path, text);
      assert.equal(await file.load(), text);
    }
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
});
