import assert from 'node:assert/strict';
import type { Fault } from '../../../../src/proxy/errors/outcome';
import { Reachability } from '../../../../src/proxy/upstream/reachability';
import { Reply } from '../../../../src/proxy/upstream/reply';
import { ManualClock } from '../../../support/manualClock';

function notSent(code: string): { readonly fault: Fault } {
  return { fault: { code: 'notSent', cause: Object.assign(new Error('no way'), { code }) } };
}

const flow = { pause: () => undefined, resume: () => undefined, abort: () => undefined };
const holdMs = 5 * 60_000;

describe('What is known of the way to upstream', () => {
  let clock: ManualClock;
  let reachability: Reachability;
  let changes: number;

  beforeEach(() => {
    clock = new ManualClock();
    changes = 0;
    reachability = new Reachability(clock, () => changes++);
  });

  it('is the cause of the last failure, since the first, until an answer comes', () => {
    const sinceMs = clock.elapsedMs();
    reachability.note(notSent('ENOTFOUND'));
    clock.advance(1_000);
    reachability.note(notSent('ECONNREFUSED'));
    assert.deepEqual(reachability.unreached, { code: 'ECONNREFUSED', sinceMs, heldUntilMs: null });
    assert.equal(reachability.connectionFault(), null);
    reachability.note({ reply: new Reply(200, 'OK', [], flow) });
    assert.equal(reachability.unreached, null);
    assert.equal(changes, 3);
  });

  it('holds new connections back for five minutes after a certificate that is not trusted', () => {
    const noted = reachability.note(notSent('CERT_HAS_EXPIRED'));
    const retryAtMs = clock.wallMs() + holdMs;
    assert.ok('fault' in noted && noted.fault.code === 'notSent');
    assert.equal(noted.fault.retryAtMs, retryAtMs);
    clock.advance(60_000);
    const held = reachability.connectionFault();
    assert.ok(held?.code === 'notSent');
    assert.equal(held.retryAtMs, retryAtMs);
    assert.equal((held.cause as { code?: string }).code, 'CERT_HAS_EXPIRED');
    clock.advance(4 * 60_000);
    assert.equal(reachability.connectionFault(), null);
  });

  it('is tried again at once when somebody asks for it, and says no more when', () => {
    reachability.note(notSent('PROXY_407'));
    reachability.release();
    assert.equal(reachability.connectionFault(), null);
    assert.equal(reachability.unreached?.heldUntilMs, null);
  });

  it('is still left alone when an older connection answers', () => {
    reachability.note(notSent('CERT_HAS_EXPIRED'));
    reachability.note({ reply: new Reply(200, 'OK', [], flow) });
    assert.equal(reachability.unreached?.code, 'CERT_HAS_EXPIRED');
    assert.ok(reachability.connectionFault());
    clock.advance(holdMs);
    reachability.note({ reply: new Reply(200, 'OK', [], flow) });
    assert.equal(reachability.unreached, null);
  });

  it('learns nothing from a connection that the proxy closed itself, nor from what came after the head', () => {
    reachability.note(notSent('UND_ERR_DESTROYED'));
    reachability.note({ fault: { code: 'headTimeout' } });
    assert.equal(reachability.unreached, null);
    assert.equal(changes, 0);
  });
});
