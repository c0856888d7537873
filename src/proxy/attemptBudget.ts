// How many attempts one request may spend.
import type { RequestClass } from '../keys/lock';

const mostAttempts = 10;
const fewestFreeAttempts = 4;
/** 5 %, as a divisor: 0.05 is no exact number, and rounding up would show it. */
const freeShareDivisor = 20;

/**
 * Attempts in all, the first included. Each attempt of a free request costs one of the day's allowance, so that it
 * may spend 5 % of `allowanceLeft`, the sum over the accounts that could serve it, rounded up, but 4 in any case.
 */
export function attemptsAllowed(requestClass: RequestClass, allowanceLeft: number): number {
  if (requestClass !== 'free') return mostAttempts;
  const share = Math.ceil(Math.max(0, allowanceLeft) / freeShareDivisor);
  return Math.min(mostAttempts, Math.max(fewestFreeAttempts, share));
}
