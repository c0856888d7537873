/** Closes also things that an end-to-end test sets up after its time, because a server would keep the run alive for ever. */
import assert from 'node:assert/strict';
import { Stage } from '../e2e/support/stage';

describe('a stage', () => {
  const closed: string[] = [];
  const close = (name: string): Promise<void> => Promise.resolve(void closed.push(name));
  let ended: Stage;

  describe('whose tests have ended', () => {
    const stage = new Stage();
    ended = stage;

    it('has set something up', () => {
      stage.own('first', close);
      stage.own('second', close);
      assert.deepEqual(closed, []);
    });
  });

  describe('that was taken down', () => {
    it('has closed all, the last one first', () => {
      assert.deepEqual(closed, ['second', 'first']);
    });

    it('closes at once what a set-up comes with that took too long, and ends that set-up', () => {
      assert.throws(() => ended.own('late', close), /had ended/);
      assert.equal(closed.at(-1), 'late');
    });
  });
});
