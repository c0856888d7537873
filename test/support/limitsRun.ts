// n requests at once through k accounts in simulated time, against the least time that the accounts' limits allow.
import { keyFor, Rig, type StartOptions } from '../http/support';

export interface LimitsCase {
  readonly name: string;
  readonly accounts: readonly CaseAccount[];
  readonly requests: number;
  readonly stream: boolean;
}

export interface CaseAccount {
  readonly keys: number;
  readonly dailyLimit: number;
  readonly usedToday: number;
}

export interface LimitsResult {
  readonly lastAnswerMs: number;
  readonly leastMs: number;
  /** `lastAnswerMs` divided by `leastMs`. */
  readonly ratio: number;
  readonly limitAnswers: number;
  readonly answered: number;
  /** How many attempts upstream saw. */
  readonly attempts: number;
}

const answerMs = 2_000;
const minuteMs = 60_000;
const minuteLimit = 20;

/** Alike accounts, nothing used. */
export function accountsAlike(
  count: number,
  keys = 1,
  dailyLimit = 1_000,
  usedToday = 0,
): readonly CaseAccount[] {
  return Array.from({ length: count }, () => ({ keys, dailyLimit, usedToday }));
}

/**
 * When the last of the requests has its answer at the soonest, if all come at 0 and each sliding minute of an account
 * holds 20: the n-th smallest instant at which any account has a slot, and the answer's own time.
 */
export function leastMs(accounts: readonly CaseAccount[], requests: number): number {
  const slotsAtMs = accounts.flatMap(({ dailyLimit, usedToday }) =>
    Array.from(
      { length: Math.min(requests, dailyLimit - usedToday) },
      (_, nth) => Math.floor(nth / minuteLimit) * minuteMs,
    ),
  );
  const lastAtMs = slotsAtMs.sort((a, b) => a - b)[requests - 1];
  if (lastAtMs === undefined) throw new RangeError('The accounts have not so many left today.');
  return lastAtMs + answerMs;
}

/** Plays the case to its end. */
export async function runLimits({ accounts, requests, stream }: LimitsCase): Promise<LimitsResult> {
  const options: StartOptions = {
    accounts: accounts.map(({ keys, dailyLimit, usedToday }, index) => ({
      name: `account-${index}`,
      keys: Array.from({ length: keys }, (_, key) => keyFor(`${index}-${key}`)),
      dailyLimit,
      usedToday,
    })),
    simulator: { minuteWindow: 'sliding', answer: { durationMs: answerMs, events: 3 } },
    // Long waits are measured, so that nothing may end them.
    settings: { maxWaiting: 1_000, maxWaitSeconds: 600, deadlineSeconds: 3_600 },
  };
  await using rig = await Rig.start(options);
  const startedAtMs = rig.clock.elapsedMs();
  const all = Array.from({ length: requests }, async () => {
    const reply = await rig.ask({ stream });
    return { reply, endedAtMs: rig.clock.elapsedMs() };
  });
  const answers = await rig.drive(Promise.all(all));
  const lastAnswerMs = Math.max(...answers.map(({ endedAtMs }) => endedAtMs)) - startedAtMs;
  const least = leastMs(accounts, requests);
  return {
    lastAnswerMs,
    leastMs: least,
    ratio: lastAnswerMs / least,
    limitAnswers: rig.simulator.limitAnswers,
    answered: answers.filter(
      ({ reply }) => reply.isWhole && reply.status === 200 && !reply.text.includes('"error"'),
    ).length,
    attempts: rig.attempts.length,
  };
}
