import assert from 'node:assert/strict';
import { Turns, type Turn } from '../../../../src/proxy/request/connection';
import { assertCheap } from '../../../support/processorTime';

const connection = {};

/** The requests of one connection, by their place, that have been let go. */
function lineOf(turns: readonly Turn[]): { readonly gone: () => Promise<readonly number[]> } {
  const gone: number[] = [];
  for (const [index, { comes }] of turns.entries()) {
    if (comes === null) gone.push(index);
    else void comes.then(() => gone.push(index));
  }
  return { gone: async () => await Promise.resolve().then(() => [...gone]) };
}

describe('Requests of one connection', () => {
  it('run at once if they are safe, and wait for what is not safe before them', async () => {
    const line = new Turns();
    const turns = [true, true, false, true, true].map((isSafe) => line.take(connection, isSafe));
    const { gone } = lineOf(turns);
    assert.deepEqual(await gone(), [0, 1]);
    turns[1]?.end();
    assert.deepEqual(await gone(), [0, 1]);
    turns[0]?.end();
    assert.deepEqual(await gone(), [0, 1, 2]);
    turns[2]?.end();
    assert.deepEqual(await gone(), [0, 1, 2, 3, 4]);
  });

  it('cost the same in a long line as in a short one', async () => {
    for (const isSafe of [true, false]) {
      await assertCheap(
        () => {
          const line = new Turns();
          const turns = Array.from({ length: 2_500 }, () => line.take(connection, isSafe));
          for (const turn of turns) turn.end();
        },
        1_000,
        `2,500 ${isSafe ? 'safe' : 'unsafe'} ones`,
      );
    }
  });
});
