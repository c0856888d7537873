import assert from 'node:assert/strict';
import { freeModels } from '../../../src/clients/freeModels';
import type { ListedModel } from '../../../src/clients/modelList';
import { exchangeView } from '../service/exchanges';
import { nowMs } from '../vscode/views';

const listed = (id: string, inputPrice: number): ListedModel => ({
  id,
  name: id,
  version: id,
  tools: true,
  images: false,
  contextLength: 131_072,
  outputTokens: null,
  inputPrice,
  outputPrice: inputPrice,
});
const use = { requests: 4, answered: 3, promptTokens: 1, completionTokens: 1, cost: 0 };
const startMs = nowMs - 24 * 3_600_000;

describe('the free models', () => {
  it('come with how they did in the last 24 hours, by this proxy’s own requests', () => {
    const took = (firstTokenMs: number | null, change: object = {}) =>
      exchangeView({ model: 'a/b:free', firstTokenMs, ...change });
    const activity = [
      took(900),
      took(300),
      took(500),
      took(null),
      took(9, { startedAtMs: startMs - 1 }),
      took(9, { model: 'x/y' }),
    ];
    const models = freeModels(
      [listed('a/b:free', 0), listed('paid/one', 3), listed('zero/price', 0)],
      { startMs, models: [{ model: 'a/b:free', ...use }] },
      activity,
    );
    const traits = { contextLength: 131_072, tools: true, images: false };
    assert.deepEqual(models, [
      { model: 'a/b:free', ...traits, requests: 4, answered: 3, firstTokenMs: 500 },
      { model: 'zero/price', ...traits, requests: 0, answered: 0, firstTokenMs: null },
    ]);
  });
});
