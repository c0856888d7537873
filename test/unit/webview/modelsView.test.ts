import assert from 'node:assert/strict';
import type { ModelView } from '../../../src/service/messages';
import { modelTable } from '../../../src/webview/modelsView';
import { accountView, english, nowMs, stateOf } from '../vscode/views';

const unused: ModelView = {
  model: 'a/large:free',
  contextLength: 1_048_576,
  tools: true,
  images: true,
  requests: 0,
  answered: 0,
  firstTokenMs: null,
};
const small: ModelView = {
  ...unused,
  model: 'b/small:free',
  contextLength: null,
  tools: false,
  images: false,
};
const used: ModelView = { ...unused, model: 'c/used:free', requests: 4, answered: 3, firstTokenMs: 1_240 };
const busy: ModelView = { ...used, model: 'd/busy:free' };

describe('the list of free models', () => {
  const { snapshot } = stateOf([accountView()]);
  const busyModels = [{ model: busy.model, accountId: null, untilMs: nowMs + 3_600_000 }];
  const { head, rows } = modelTable([unused, small, busy, used], { ...snapshot, busyModels }, english);

  it('says what each can do, and how it did', () => {
    const cells = (model: string): readonly string[] | undefined =>
      rows.find(([name]) => name === model)?.slice(1);
    assert.deepEqual(cells(used.model), ['1M', 'yes', 'yes', '4', '75%', '1.2 s', '']);
    assert.deepEqual(cells(small.model), ['–', '–', '–', '0', '–', '–', '']);
    assert.equal(cells(busy.model)?.at(-1), '19:00');
    assert.ok(rows.every((row) => row.length === head.length));
  });

  it('puts those first that serve now, the most used before the largest', () => {
    assert.deepEqual(
      rows.map(([model]) => model),
      [used.model, unused.model, small.model, busy.model],
    );
  });
});
