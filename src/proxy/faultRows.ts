// The decision table's rows for faults: what may be repeated depends on how far the attempt had come.
import type { Fault } from './fault';
import type { Situation } from './situation';
import { backOffMs } from './backOff';
import { after, noMore, nothing, waitFor } from './wish';
import type { Wish } from './wish';

/** No fault says anything about a key, an account or a model. */
export function wishAfterFault(fault: Fault, situation: Situation): Wish {
  switch (fault.code) {
    case 'notSent':
      return notSent(situation);
    case 'resetBeforeHead':
      return afterReset(fault.reusedSocket, situation);
    case 'unreadable':
      return afterUnreadable(fault.reusedSocket, situation);
    case 'headTimeout':
      return afterSilence(situation.sawWork, situation);
    case 'firstTokenTimeout':
      return afterSilence(fault.sawComments || situation.sawWork, situation);
    case 'idleTimeout':
      return afterSilence(situation.sawWork, situation);
    case 'cut':
      return afterCut(situation);
    case 'clientGone':
    case 'headTooLarge':
      return noMore(nothing);
  }
}

/** Again at once, and from the second time on with back-off, so that a network that is down is no tight loop. */
function notSent(situation: Situation): Wish {
  const waitMs = situation.notSents === 0 ? 0 : backOffMs(situation.notSents, situation.random);
  return after(waitMs, nothing, { unsent: true });
}

/** An idle connection that died is met with the next request: once at once, past the others that may have died with it. */
function afterReset(reusedSocket: boolean, situation: Situation): Wish {
  if (reusedSocket && situation.freshRetries === 0) return after(0, nothing, { freshConnection: true });
  return backedOff(situation);
}

/** Upstream did answer, and bills it; on a connection that had served before it may be the rest of another answer. */
function afterUnreadable(reusedSocket: boolean, situation: Situation): Wish {
  const mayBeRest = reusedSocket && situation.freshRetries === 0;
  if (!mayBeRest || situation.class === 'paid') return noMore(nothing);
  return after(0, nothing, { freshConnection: true });
}

/** A silent route is tried once more, not again and again; what may be thinking on the user's money is not. */
function afterSilence(sawWork: boolean, situation: Situation): Wish {
  if (situation.timeouts > 0 || isBilled(sawWork, situation)) return noMore(nothing);
  return after(waitFor(null, situation), nothing, { freshConnection: true });
}

/** What had begun to come was made, and is billed; a body of which nothing came is a connection that broke. */
function afterCut(situation: Situation): Wish {
  return isBilled(situation.sawWork, situation) ? noMore(nothing) : backedOff(situation);
}

function isBilled(sawWork: boolean, situation: Situation): boolean {
  return situation.class === 'paid' && sawWork;
}

function backedOff(situation: Situation): Wish {
  return after(waitFor(null, situation), nothing);
}
