// Comments for a streaming client that still waits: an HTTP client gives up on silence, not on patience.
import type { Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import type { Answer } from './answer';

/** Between two comments. */
const everyMs = 10_000;
/** Never one that begins with `: ping`: Continue's reader stops at it. */
const comment = ': keywheel is waiting for a free slot\n\n';

/** Writes a comment after `afterMs` and every 10 s then, until it is disposed or the answer has begun. */
export function keepAlive(clock: Clock, answer: Answer, afterMs: number): Disposable {
  let timer = clock.after(afterMs, beat);
  function beat(): void {
    if (answer.hasBegun && !answer.isKeptAlive) return;
    answer.keepAlive(comment);
    timer = clock.after(everyMs, beat);
  }
  return { dispose: () => timer.dispose() };
}
