/** Which models have ended although somebody uses them, and what takes their place. */
import assert from 'node:assert/strict';
import type { ListedModel } from '../../../src/clients/modelList';
import { isUnlisted, modelUses, successorOf } from '../../../src/clients/obituary';
import type { ConnectionRecord } from '../../../src/clients/records';
import { obituaryText } from '../../../src/words/clientWords';
import { translator } from '../../../src/words/translate';
import { listedModel } from './listedModel';
import { exchangeView } from './temporaryHome';

function listed(id: string, change: Partial<ListedModel> = {}): ListedModel {
  const isFree = id.endsWith(':free') || id === 'openrouter/free';
  const price = isFree ? 0 : 1;
  return listedModel(id, { inputPrice: price, outputPrice: price, ...change });
}

function record(client: 'cline' | 'codex', model: string | null): ConnectionRecord {
  return { way: 'extension', client, model, connectedAtMs: 100, earlier: null, written: '' };
}

describe('a model that has ended', () => {
  const models = [
    'openrouter/free',
    'x/y:free',
    'meta/llama-4:free',
    'meta/llama-4',
    'meta/llama-4-mini:free',
  ];
  const list = models.map((id) => listed(id));

  it('is one that the list lacks', () => {
    assert.ok(isUnlisted('meta/llama-3:free', list));
    assert.ok(isUnlisted('meta/llama-3', list));
    assert.ok(isUnlisted('meta/llama-3:nitro', list));
    for (const id of models) assert.ok(!isUnlisted(id, list), id);
  });

  it('is none that the list never has: routers, presets, aliases, variants of a listed model, versions', () => {
    const versions = [...list, listed('a/b', { version: 'a/b-2026-01-01' })];
    for (const id of [
      'openrouter/auto',
      '@preset/mine',
      '~meta/latest',
      'meta/llama-4:nitro',
      'a/b-2026-01-01',
    ])
      assert.ok(!isUnlisted(id, versions), id);
    assert.ok(!isUnlisted('meta/llama-3:free', []), 'without a list nobody knows');
  });

  it('is used by clients that it was chosen for and that asked for no other since, and by VS Code’s chat', () => {
    const records = [record('cline', 'a/b:free'), record('codex', 'a/b:free'), record('codex', null)];
    const activity = [
      exchangeView({ client: 'Codex', model: 'c/d', startedAtMs: 300 }),
      exchangeView({ client: 'Codex', model: 'a/b:free', startedAtMs: 200 }),
      exchangeView({ client: 'Cline', model: 'c/d', startedAtMs: 50 }),
    ];
    assert.deepEqual(modelUses(records, activity, ['a/b:free', 'e/f'], 'VS Code Chat'), [
      ['a/b:free', 'Cline'],
      ['a/b:free', 'VS Code Chat'],
      ['e/f', 'VS Code Chat'],
    ]);
  });

  it('is followed by the first listed one that OpenRouter names', () => {
    assert.equal(successorOf('meta/llama-3:free', ['gone/z:free', 'x/y:free'], list)?.id, 'x/y:free');
    assert.equal(successorOf('meta/llama-3', ['meta/llama-4'], list)?.id, 'meta/llama-4');
  });

  it('is followed by no paid one if it was free, and by none that cannot call tools', () => {
    assert.equal(successorOf('meta/llama-4-maxi:free', ['meta/llama-4'], list)?.id, 'meta/llama-4-mini:free');
    const mute = list.map((model) => ({ ...model, tools: model.id === 'x/y:free' }));
    assert.equal(successorOf('meta/llama-3:free', ['meta/llama-4:free'], mute)?.id, 'x/y:free');
    assert.equal(successorOf('meta/llama-3:free', [], [listed('openrouter/free')]), null);
  });

  it('is told with its users, and whether what can take its place is paid', () => {
    const t = translator({});
    const told = {
      model: 'a/b',
      users: ['Cline', 'VS Code Chat'],
      isSaid: true,
      successor: 'c/d',
      isPaid: false,
    };
    assert.equal(
      obituaryText(told, t),
      'Keywheel: OpenRouter has ended the model a/b, which is used by Cline, VS Code Chat. c/d can take its place.',
    );
    // It may have been typed, and have another name in the list.
    assert.match(
      obituaryText({ ...told, isSaid: false }, t),
      /^Keywheel: OpenRouter’s list lacks the model a\/b, which/,
    );
    assert.match(obituaryText({ ...told, isPaid: true }, t), /c\/d, a paid model, can take its place\.$/);
  });
});
