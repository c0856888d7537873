// Words for how exchanges and attempts ended.
import type { ExchangeEnd, ExchangeView } from '../service/snapshot';
import type { StateWords } from './stateWords';
import type { Translate } from './translate';

export function endWords(end: ExchangeEnd, t: Translate): StateWords {
  switch (end) {
    case 'answered':
      return { text: t('Answered'), tone: 'good' };
    case 'refused':
      return { text: t('Refused'), tone: 'bad' };
    case 'failed':
      return { text: t('Broke off'), tone: 'bad' };
    case 'cancelled':
      return { text: t('Cancelled by the client'), tone: 'off' };
  }
}

export function classWords(requestClass: ExchangeView['class'], t: Translate): string {
  switch (requestClass) {
    case 'free':
      return t('Free');
    case 'paid':
      return t('Paid');
    case 'unmetered':
      return t('Not counted');
  }
}

const outcomes: Readonly<Record<string, (t: Translate) => string>> = {
  answer: (t) => t('Answer'),
  dailyLimit: (t) => t('Daily limit reached'),
  minuteLimit: (t) => t('Minute limit reached'),
  busy: (t) => t('Provider is busy'),
  noCredits: (t) => t('No credits'),
  requestTooDear: (t) => t('Costs more than the account may spend'),
  belowZero: (t) => t('Credits below zero'),
  inFlightBudget: (t) => t('Credits are held by running requests'),
  keyCap: (t) => t('Spending cap of the key reached'),
  budget: (t) => t('Budget used up'),
  unauthorized: (t) => t('Refused by OpenRouter'),
  edgeBlocked: (t) => t('Blocked by Cloudflare'),
  overloaded: (t) => t('Provider down or overloaded'),
  internal: (t) => t('Error inside OpenRouter'),
  requestFault: (t) => t('Fault of the request itself'),
  unknownLimit: (t) => t('A limit without a name'),
  notSent: (t) => t('No connection to OpenRouter'),
  resetBeforeHead: (t) => t('Connection broke before an answer'),
  unreadable: (t) => t('The answer was no valid HTTP'),
  headTimeout: (t) => t('No answer in time'),
  firstTokenTimeout: (t) => t('No first token in time'),
  idleTimeout: (t) => t('Went silent'),
  cut: (t) => t('Broke off'),
  clientGone: (t) => t('The client left'),
  headTooLarge: (t) => t('Head of the answer too large'),
};

/** The outcome of one attempt; one that is new to this page keeps its code. */
export function outcomeText(outcome: string, t: Translate): string {
  return Object.hasOwn(outcomes, outcome) ? (outcomes[outcome]?.(t) ?? outcome) : outcome;
}
