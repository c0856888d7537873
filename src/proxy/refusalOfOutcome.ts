// Our own error where upstream gave none that a client may see.
import type { Outcome } from './outcome';
import { Refusal } from './refusal';

/** The refusal for an outcome that has no answer to give back; null where upstream's own error is to be given back. */
export function refusalOfOutcome(outcome: Outcome): Refusal | null {
  switch (outcome.kind) {
    case 'unauthorized':
      // 401 means a wrong proxy key here, and one client asks ten times at it.
      return new Refusal(
        'OpenRouter refused the key. Check it in Keywheel’s dashboard, or at openrouter.ai/settings/keys.',
        {
          status: 402,
          code: 'no_usable_key',
        },
      );
    case 'fault':
      return ofFault(outcome.fault);
    case 'answer':
    case 'dailyLimit':
    case 'minuteLimit':
    case 'busy':
    case 'noCredits':
    case 'requestTooDear':
    case 'belowZero':
    case 'inFlightBudget':
    case 'keyCap':
    case 'budget':
    case 'edgeBlocked':
    case 'overloaded':
    case 'internal':
    case 'requestFault':
    case 'unknownLimit':
      return null;
  }
}

function ofFault(fault: Extract<Outcome, { kind: 'fault' }>['fault']): Refusal {
  switch (fault.code) {
    case 'notSent':
      return new Refusal('OpenRouter cannot be reached: is this machine online?', {
        status: 502,
        code: 'upstream_unreachable',
        cause: fault.cause,
      });
    case 'resetBeforeHead':
    case 'cut':
      return new Refusal('OpenRouter broke the connection before its answer was whole.', {
        status: 502,
        code: 'upstream_cut',
        cause: fault.cause,
      });
    case 'unreadable':
      return new Refusal('OpenRouter’s answer was no valid HTTP, so nothing of it can be passed on.', {
        status: 502,
        code: 'upstream_unfit',
        cause: fault.cause,
      });
    case 'headTooLarge':
      return new Refusal('OpenRouter answered with a head larger than 64 KiB.', {
        status: 502,
        code: 'upstream_cut',
      });
    case 'headTimeout':
    case 'firstTokenTimeout':
    case 'idleTimeout':
      return new Refusal('OpenRouter took the request and did not answer in time.', {
        status: 504,
        code: 'upstream_silent',
      });
    case 'clientGone':
      return new Refusal('The client has left.', { status: 502, code: 'upstream_cut' });
  }
}
