/** The list of models that all windows share. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TextLog } from '../../../src/base/log';
import { ModelCatalogue } from '../../../src/clients/modelCatalogue';
import type { ListedModel } from '../../../src/clients/modelList';
import { ManualClock } from '../../support/manualClock';

function model(id: string): ListedModel {
  const prices = { inputPrice: 1.25, outputPrice: 10 };
  return {
    id,
    name: id,
    version: id,
    tools: true,
    images: false,
    contextLength: 128_000,
    outputTokens: 8_000,
    ...prices,
  };
}

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
    answers = [[model('a/b')], [model('c/d')]];
    const first = catalogue();
    assert.deepEqual(await Promise.all([first.models(), first.models()]), [[model('a/b')], [model('a/b')]]);
    assert.deepEqual(await catalogue().models(), [model('a/b')]);
    assert.equal(asked, 1);
    clock.advance(61 * 60_000);
    assert.deepEqual(await first.models(), [model('c/d')]);
  });

  it('is the last copy where it cannot be had, and is asked for again a minute later', async () => {
    answers = [[model('a/b')], [], [model('c/d')]];
    await catalogue().models();
    clock.advance(61 * 60_000);
    const later = catalogue();
    assert.deepEqual(await later.models(), [model('a/b')]);
    assert.deepEqual(await later.models(), [model('a/b')]);
    assert.equal(asked, 2);
    clock.advance(61_000);
    assert.deepEqual(await later.models(), [model('c/d')]);
    assert.deepEqual(await later.models(), [model('c/d')]);
    assert.equal(asked, 3);
  });

  it('is empty where there never was one, and is asked for again a minute later', async () => {
    answers = [[], [model('a/b')]];
    const first = catalogue();
    assert.deepEqual(await first.models(), []);
    assert.deepEqual(await first.models(), []);
    assert.equal(asked, 1);
    clock.advance(61_000);
    assert.deepEqual(await first.models(), [model('a/b')]);
  });

  it('is asked for at once when the proxy runs', async () => {
    answers = [null, [model('a/b')]];
    const first = catalogue();
    assert.deepEqual(await first.models(), []);
    assert.deepEqual(await first.models(), [model('a/b')]);
  });
});
