// The fallback models of a model, by the user's own patterns.
import assert from 'node:assert/strict';
import { fallbacksOf } from '../../../../src/proxy/request/fallback';

function fits(pattern: string, model: string): boolean {
  return fallbacksOf(model, { [pattern]: ['other/m'] }).length > 0;
}

describe('a pattern of models', () => {
  it('stands for any text at each `*`, in any case', () => {
    for (const [pattern, model] of [
      ['*', 'a/b'],
      ['a/b', 'A/b'],
      ['a/*', 'a/'],
      ['*:free', 'a/b:free'],
      ['a*b*c', 'a-b-b-c'],
      ['*b*', 'abc'],
      ['**', ''],
      ['a.b(c', 'a.b(c'],
    ] as const)
      assert.ok(fits(pattern, model), `${pattern} ${model}`);
    for (const [pattern, model] of [
      ['a/b', 'a/bc'],
      ['a/*', 'b/a/c'],
      ['*:free', 'a/b:freed'],
      ['ab*ba', 'aba'],
      ['a*b*b', 'ab'],
      ['a.b', 'axb'],
    ] as const)
      assert.ok(!fits(pattern, model), `${pattern} ${model}`);
  });

  it('is compared in one pass, however many `*` it has', () => {
    // As a regular expression this pattern would run for ever.
    assert.ok(!fits('*a'.repeat(30), `${'a'.repeat(500)}b`));
  });
});
