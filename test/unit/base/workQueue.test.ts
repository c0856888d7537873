import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { WorkQueue } from '../../../src/base/workQueue';

describe('WorkQueue', () => {
  it('begins a work when the one before has ended, and tells a failure to its own caller alone', async () => {
    const turns = new WorkQueue();
    const seen: string[] = [];
    const work =
      (name: string, fails = false) =>
      async (): Promise<string> => {
        seen.push(`${name} begins`);
        await setImmediate();
        seen.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      };
    const all = [turns.run(work('one')), turns.run(work('two', true)), turns.run(work('three'))];
    const results = await Promise.allSettled(all);
    assert.deepEqual(
      results.map((result) => (result.status === 'fulfilled' ? result.value : 'failed')),
      ['one', 'failed', 'three'],
    );
    assert.deepEqual(seen, [
      'one begins',
      'one ends',
      'two begins',
      'two ends',
      'three begins',
      'three ends',
    ]);
  });
});
