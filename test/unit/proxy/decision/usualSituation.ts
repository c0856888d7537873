import { firstTally, type Situation } from '../../../../src/proxy/decision/situation';

const nowMs = Date.UTC(2026, 10, 20, 12);

/** The first attempt of a free request that names no other model; no other account is ready. */
export const usualSituation: Situation = {
  ...firstTally,
  class: 'free',
  repeatable: 'always',
  model: 'x/y:free',
  nowMs,
  spentHereMs: 0,
  deadlineAtMs: nowMs + 240_000,
  attemptsAllowed: 10,
  sawWork: false,
  fallback: 'none',
  fallbacksLeft: 0,
  isProbe: false,
  policyRefusals: 'otherAccount',
  othersReady: false,
  mayBeOthers: false,
  random: () => 0.5,
};
