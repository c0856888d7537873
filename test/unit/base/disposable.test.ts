import assert from 'node:assert/strict';
import { DisposableStore } from '../../../src/base/disposable';

describe('DisposableStore', () => {
  it('disposes what it owns in the reverse order, once, and what comes later at once', () => {
    const store = new DisposableStore();
    const gone: string[] = [];
    for (const name of ['a', 'b']) store.add({ dispose: () => gone.push(name) });
    store.dispose();
    store.dispose();
    store.add({ dispose: () => gone.push('late') });
    assert.deepEqual(gone, ['b', 'a', 'late']);
  });

  it('disposes the rest when one throws, and then tells', () => {
    const store = new DisposableStore();
    let isGone = false;
    store.add({ dispose: () => (isGone = true) });
    store.add({
      dispose: () => {
        throw new Error('stuck');
      },
    });
    assert.throws(() => store.dispose(), AggregateError);
    assert.equal(isGone, true);
  });
});
