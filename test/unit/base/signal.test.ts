import assert from 'node:assert/strict';
import { Canceller, ended } from '../../../src/base/signal';

describe('ended', () => {
  it('resolves with what it is given, or rejects when it is aborted first, and undoes at once what was begun', async () => {
    for (const isAborted of [false, true]) {
      const signal = new Canceller();
      let undone = 0;
      let finish: (result: string) => void = () => undefined;
      const result = ended<string>(signal, (end) => {
        finish = end;
        return { dispose: () => undone++ };
      });
      if (isAborted) signal.abort(new Error('Gone.'));
      else finish('done');
      assert.equal(undone, 1);
      if (isAborted) await assert.rejects(result, /Gone/);
      else assert.equal(await result, 'done');
      signal.abort(new Error('Too late.'));
      assert.equal(undone, 1);
    }
  });
});
