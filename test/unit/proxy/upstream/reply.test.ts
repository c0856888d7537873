import assert from 'node:assert/strict';
import { Reply } from '../../../../src/proxy/upstream/reply';

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
