import assert from 'node:assert/strict';
import { Turns, type Turn } from '../../../../src/proxy/request/connection';

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
    const turns = [true, true, false, true, true].flatMap((isSafe) => line.take(connection, isSafe) ?? []);
    const { gone } = lineOf(turns);
    assert.deepEqual(await gone(), [0, 1]);
    turns[1]?.end();
    assert.deepEqual(await gone(), [0, 1]);
    turns[0]?.end();
    assert.deepEqual(await gone(), [0, 1, 2]);
    turns[2]?.end();
    assert.deepEqual(await gone(), [0, 1, 2, 3, 4]);
  });

  it('are 64 at most, those that have ended not among them', () => {
    const line = new Turns();
    const turns = Array.from({ length: 70 }, () => line.take(connection, true));
    assert.equal(
      turns.findIndex((turn) => turn === null),
      64,
    );
    turns[0]?.end();
    assert.notEqual(line.take(connection, false), null);
    assert.equal(line.take(connection, false), null);
  });
});
