/** The list of models that all windows share. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TextLog } from '../../../src/base/log';
import { ModelCatalogue } from '../../../src/clients/modelCatalogue';
import type { ListedModel } from '../../../src/clients/modelList';
import { ManualClock } from '../../support/manualClock';
import { listedModel } from './listedModel';

describe('the list of models', () => {
  let folder: string;
  let answers: (readonly ListedModel[] | null)[];
  let asked: number;
  const clock = new ManualClock();

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'keywheel-models-'));
    answers = [];
    asked = 0;
  });

  afterEach(async () => await rm(folder, { recursive: true }));

  function catalogue(): ModelCatalogue {
    return new ModelCatalogue({
      clock,
      log: new TextLog(() => undefined),
      file: path.join(folder, 'storage', 'models.json'),
      ask: () => Promise.resolve(answers[asked++] ?? null),
    });
  }

  it('is asked for once an hour, over all windows', async () => {
    answers = [[listedModel('a/b')], [listedModel('c/d')]];
    const first = catalogue();
    assert.deepEqual(await Promise.all([first.models(), first.models()]), [
      [listedModel('a/b')],
      [listedModel('a/b')],
    ]);
    assert.deepEqual(await catalogue().models(), [listedModel('a/b')]);
    assert.equal(asked, 1);
    clock.advance(61 * 60_000);
    assert.deepEqual(await first.models(), [listedModel('c/d')]);
  });

  it('is the last copy where it cannot be had, and is asked for again a minute later', async () => {
    answers = [[listedModel('a/b')], [], [listedModel('c/d')]];
    await catalogue().models();
    clock.advance(61 * 60_000);
    const later = catalogue();
    assert.deepEqual(await later.models(), [listedModel('a/b')]);
    assert.deepEqual(await later.models(), [listedModel('a/b')]);
    assert.equal(asked, 2);
    clock.advance(61_000);
    assert.deepEqual(await later.models(), [listedModel('c/d')]);
    assert.deepEqual(await later.models(), [listedModel('c/d')]);
    assert.equal(asked, 3);
  });

  it('is empty where there never was one, and is asked for again a minute later', async () => {
    answers = [[], [listedModel('a/b')]];
    const first = catalogue();
    assert.deepEqual(await first.models(), []);
    assert.deepEqual(await first.models(), []);
    assert.equal(asked, 1);
    clock.advance(61_000);
    assert.deepEqual(await first.models(), [listedModel('a/b')]);
  });

  it('is asked for at once when the proxy runs', async () => {
    answers = [null, [listedModel('a/b')]];
    const first = catalogue();
    assert.deepEqual(await first.models(), []);
    assert.deepEqual(await first.models(), [listedModel('a/b')]);
  });
});
