// Every error that the simulator knows means the same in the three forms, before any output and inside a 200.
import assert from 'node:assert/strict';
import { classifyError } from '../../../../src/proxy/errors/outcome';
import type { Outcome } from '../../../../src/proxy/errors/outcome';
import { errorFact } from '../../../simulator/errors/errorFacts';
import { errorBody } from '../../../simulator/errors/errorForms';
import type { ErrorKind } from '../../../simulator/errors/errorKind';

const expected: Readonly<Record<ErrorKind, Outcome['kind']>> = {
  dailyLimit: 'modelDailyLimit',
  dailyLimitHighBalance: 'modelDailyLimit',
  minuteLimit: 'minuteLimit',
  minuteLimitSayingPerDay: 'minuteLimit',
  providerBusy: 'busy',
  providerBusyPlain: 'busy',
  capacityExhausted: 'busy',
  googleExhausted: 'busy',
  unknown429: 'unknownLimit',
  modelMinute: 'modelLimit',
  newAccount: 'modelLimit',
  sharedCapacity: 'sharedCapacity',
  sharedDay: 'sharedCapacity',
  stealthDay: 'modelDailyLimit',
  admissionControl: 'inFlightBudget',
  neverPurchased: 'noCredits',
  tooDear: 'requestTooDear',
  tooDearForKey: 'requestTooDear',
  promptTooDear: 'requestTooDear',
  keyCapByLink: 'keyCap',
  ownKeyWanted: 'ownKeyWanted',
  noToolUse: 'requestFault',
  guardrailPolicy: 'policy',
  allowedProviders: 'policy',
  excludedByPolicy: 'policy',
  noCredits: 'noCredits',
  weightExceedsBudget: 'requestTooDear',
  inFlightBudget: 'inFlightBudget',
  keyCap: 'keyCap',
  guardrailBudget: 'budget',
  workspaceBudget: 'budget',
  moderation: 'requestFault',
  guardrail: 'requestFault',
  region: 'requestFault',
  managementKey: 'requestFault',
  badKey: 'unauthorized',
  noAuth: 'unauthorized',
  missingHeader: 'unauthorized',
  badRequest: 'requestFault',
  contextLength: 'requestFault',
  unknownModel: 'requestFault',
  noEndpoint: 'requestFault',
  privacyFilter: 'policy',
  notFound: 'requestFault',
  tooLarge: 'requestFault',
  unprocessable: 'requestFault',
  timeout: 'overloaded',
  providerDown: 'overloaded',
  providerUnavailable: 'overloaded',
  noneAvailable: 'overloaded',
  gatewayTimeout: 'overloaded',
  edgeTimeout: 'overloaded',
  providerOverloaded: 'overloaded',
  cloudflarePage: 'edgeBlocked',
  internal: 'internal',
  unmapped: 'internal',
};

const nowMs = Date.UTC(2026, 10, 20, 12);
const context = { nowMs, model: 'x/y', choosesProviders: false };

describe('classifyError, in the forms of all endpoints', () => {
  for (const [kind, outcome] of Object.entries(expected) as readonly [ErrorKind, Outcome['kind']][]) {
    const fact = errorFact(kind, {}, nowMs);
    const headers = Object.entries(fact.headers).flat();

    it(`finds ${outcome} in ${kind}`, () => {
      for (const form of ['openai', 'responses', 'anthropic'] as const) {
        const body = Buffer.from(fact.html ?? JSON.stringify(errorBody(fact, form, 'gen-1')));
        assert.equal(classifyError({ status: fact.status, headers, body }, context).kind, outcome, form);
        // The Responses form names no more than 400, 429 and 500: a provider's failure is an internal one there.
        if (form === 'responses' && fact.status > 500 && fact.availability === undefined) continue;
        assert.equal(
          classifyError({ status: 200, headers: [], body }, context).kind,
          outcome,
          `${form} in a 200`,
        );
      }
    });
  }
});
