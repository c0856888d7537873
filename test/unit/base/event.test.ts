import assert from 'node:assert/strict';
import { anyOf, Emitter } from '../../../src/base/event';

describe('Emitter', () => {
  it('calls listeners in the order of their arrival, also one that listens twice, until they leave', () => {
    const emitter = new Emitter<number>(() => undefined);
    const heard: string[] = [];
    const listener = (value: number): void => void heard.push(`x${value}`);
    const first = emitter.event(listener);
    emitter.event(listener);
    emitter.event((value) => void heard.push(`y${value}`));
    emitter.fire(1);
    first.dispose();
    emitter.fire(2);
    emitter.dispose();
    emitter.fire(3);
    assert.deepEqual(heard, ['x1', 'x1', 'y1', 'x2', 'y2']);
  });

  it('lets no listener that throws stop the others', () => {
    const errors: unknown[] = [];
    const emitter = new Emitter<number>((error) => errors.push(error));
    let heard = 0;
    emitter.event(() => {
      throw new Error('broken');
    });
    emitter.event((value) => (heard = value));
    emitter.fire(4);
    assert.deepEqual([heard, errors.length], [4, 1]);
  });
});

describe('anyOf', () => {
  it('fires for each of its events until its listener leaves', () => {
    const emitters = [new Emitter<void>(() => undefined), new Emitter<void>(() => undefined)] as const;
    let count = 0;
    const listening = anyOf(...emitters.map(({ event }) => event))(() => count++);
    for (const emitter of emitters) emitter.fire();
    assert.equal(count, 2);
    listening.dispose();
    for (const emitter of emitters) emitter.fire();
    assert.equal(count, 2);
  });
});
