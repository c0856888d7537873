import assert from 'node:assert/strict';
import { Reply, type Sink } from '../../../../src/proxy/upstream/reply';

const flow = { pause: () => undefined, resume: () => undefined, abort: () => undefined };

function dateMsOf(date: string): number | null {
  return new Reply(200, 'OK', ['date', date], flow).dateMs;
}

describe('the date of an answer', () => {
  it('is one of HTTP, or none: from the last instants there are, no later one can be made', () => {
    assert.equal(dateMsOf('Fri, 16 Jan 2026 08:00:00 GMT'), Date.UTC(2026, 0, 16, 8));
    assert.equal(dateMsOf('Fri, 31 Dec 9999 23:59:59 GMT'), Date.UTC(9999, 11, 31, 23, 59, 59));
    for (const date of ['Fri, 12 Sep 275760 23:59:59 GMT', 'Sat, 01 Jan 10000 00:00:00 GMT', 'soon', ''])
      assert.equal(dateMsOf(date), null, date);
  });
});

describe('the body of an answer that came before its readers', () => {
  it('goes on to the second where the first has enough, in order', () => {
    const reply = new Reply(200, 'OK', [], flow);
    for (const text of ['a', 'b', 'c']) reply.data(Buffer.from(text));
    reply.end();
    const got: string[] = [];
    const readerOf = (name: string, onData: () => void): Sink => ({
      data: (chunk) => {
        got.push(`${name} ${chunk.toString()}`);
        onData();
      },
      end: () => got.push(`${name} ends`),
      fault: () => assert.fail(),
    });
    const second = readerOf('second', () => undefined);
    reply.readInto(readerOf('first', () => reply.readInto(second)));
    assert.deepEqual(got, ['first a', 'second b', 'second c', 'second ends']);
  });
});
