// Turns a denial into a refusal that tells the user the accounts, the reasons, the times, and the next step.
import { DateTime } from 'luxon';
import { dayMs, zoneOf } from '../../keys/calendar';
import type { AccountStanding, Denial } from '../../keys/denials';
import { isFreeModel } from '../../keys/freeModel';
import { Refusal } from '../errors/refusal';

export interface DenialContext {
  readonly nowMs: number;
  /** IANA name, or empty for the machine's own zone. */
  readonly timezone: string;
  /** The status when everything is used up, by default 429; most agents stop at 402 and show its text. */
  readonly exhaustedStatus: number;
  readonly model: string | null;
  /** The number of keys that were refused in this exchange. */
  readonly triedKeys: number;
  /** Whether the setting allows only free requests. */
  readonly isFreeOnly: boolean;
}

/** Further accounts are counted, not named. */
const mostNamed = 8;

export function refusalOf(denial: Denial, context: DenialContext): Refusal {
  const { retryAtMs } = denial;
  switch (denial.kind) {
    case 'noKeys':
      return noKeys(denial, context);
    case 'keysAwaited':
      return new Refusal(
        'keys_not_loaded',
        'Keywheel’s keys are not loaded yet: the system keychain has not answered. Try again in a moment.',
        { retryAtMs: context.nowMs + 5_000 },
      );
    case 'allTried':
      return keysRefused(denial, context);
    case 'queueFull':
      return new Refusal(
        'too_many_waiting',
        'Too many requests are already waiting for a free slot. Send fewer at once, or try again shortly.',
        { retryAtMs: retryAtMs ?? context.nowMs + 5_000 },
      );
    case 'modelBusy':
      return new Refusal(
        'model_busy',
        `${context.model ?? 'This model'} is busy, or at a limit of its own,${until(retryAtMs, context)} for every account that could serve this request. Try later, or use another model.`,
        { retryAtMs },
      );
    case 'exhausted':
      return exhausted(denial, context);
    case 'stopping':
      return refusalWhileStopping(context.nowMs);
  }
}

/** The refusal of a request that may cost, while the user's setting allows only free requests. */
export function refusalOfPaid(model: string | null): Refusal {
  const step =
    model !== null && isFreeModel(model)
      ? `this request for ${model} may cost. Leave out web search and other tools that OpenRouter charges for`
      : `${model ?? 'this request'} may cost. Choose a model that ends in ":free"`;
  return new Refusal(
    'free_only',
    `Keywheel is set to free models only, and ${step}, or turn off the setting "keywheel.freeOnly" (FREE_ONLY).`,
  );
}

/** For requests that wait, or come, while the proxy stops; another window's proxy is up in a moment. */
export function refusalWhileStopping(nowMs: number): Refusal {
  return new Refusal('stopping', 'Keywheel’s proxy is stopping. Try again in a moment.', {
    retryAtMs: nowMs + 1_000,
  });
}

function exhausted(denial: Denial, context: DenialContext): Refusal {
  const { retryAtMs, accounts, requestClass } = denial;
  if (accounts.length === 0) {
    // No account is held back, yet none can serve the request: such as one whose only untried key is locked.
    const message = `No account can serve this request${until(retryAtMs, context) || ' in time'}. Try again later, or use another model.`;
    return new Refusal('accounts_exhausted', message, { status: context.exhaustedStatus, retryAtMs });
  }
  const what = requestClass === 'free' ? 'for a free model' : 'for this request';
  const untilMs = accounts.every(isCredits) ? null : retryAtMs;
  const which = accounts.length === 1 ? 'The account has' : `None of the ${accounts.length} accounts has`;
  const nothing = accounts.length === 1 ? 'nothing left' : 'anything left';
  return new Refusal(
    'accounts_exhausted',
    `${which} ${nothing} ${what}${until(untilMs, context)}: ${reasonsText(accounts, context)}`,
    {
      status: statusOf(accounts, context),
      retryAtMs,
      metadata: {
        accounts: accounts.map(({ name, reason, untilMs }) => ({
          name,
          reason,
          until_ms: untilMs === null ? null : Math.ceil(untilMs),
        })),
      },
    },
  );
}

/**
 * How a reason ends: by itself, `soon` or with the `day`, or only by the user, who pays or changes a setting. `text` is
 * shown for each account, `advice` once for all.
 */
interface ReasonRow {
  readonly text: string;
  readonly ends: 'soon' | 'day' | 'byUser';
  readonly advice: string;
}

const addCredits = 'add credits at openrouter.ai/settings/credits';

const reasonRows: Readonly<Record<AccountStanding['reason'], ReasonRow>> = {
  dailyLimit: { text: 'today’s free requests are used up', ends: 'day', advice: 'wait until then' },
  ownLimit: {
    text: 'the limit that you set for its day is reached',
    ends: 'day',
    advice: 'raise that limit in Keywheel',
  },
  minuteLimit: {
    text: 'this minute’s requests are used up',
    ends: 'soon',
    advice: 'wait until then, or try again with fewer requests a minute',
  },
  inFlightBudget: {
    text: 'its running requests have reserved its credits',
    ends: 'soon',
    advice: 'wait until running requests have ended',
  },
  unauthorized: {
    text: 'OpenRouter refused the key',
    ends: 'soon',
    advice: 'check the key at openrouter.ai/settings/keys',
  },
  edgeBlocked: {
    text: 'Cloudflare in front of OpenRouter holds this address back',
    ends: 'soon',
    advice: 'wait until then',
  },
  noCredits: { text: 'no credits', ends: 'byUser', advice: addCredits },
  belowZero: { text: 'its balance is below zero', ends: 'byUser', advice: addCredits },
  keyCap: {
    text: 'the key’s spending limit is reached',
    ends: 'byUser',
    advice: 'raise it at openrouter.ai/settings/keys',
  },
  budget: {
    text: 'a budget set at OpenRouter is reached',
    ends: 'byUser',
    advice: 'raise the budget at OpenRouter',
  },
  keysRefused: {
    text: 'OpenRouter refused the key',
    ends: 'byUser',
    advice: 'check the key at openrouter.ai/settings/keys, and replace it in Keywheel',
  },
  keysUnfit: {
    text: 'a management key cannot run models',
    ends: 'byUser',
    advice: 'replace it by an ordinary API key',
  },
  keysOff: {
    text: 'no key of it is on for this',
    ends: 'byUser',
    advice: 'allow such requests for a key in Keywheel’s dashboard',
  },
};

/** The end of a credit lock is only the next try: it is unknown when the user pays, and so not shown. */
function isCredits({ reason }: AccountStanding): boolean {
  return reason === 'noCredits' || reason === 'belowZero';
}

/** OpenRouter's allowance a day for accounts that have bought credits. */
const boughtAllowance = 1_000;

/** The next step for these accounts: nobody should pay for a limit that passes by itself in a minute. */
function advice(accounts: readonly AccountStanding[], { isFreeOnly }: DenialContext): string {
  const soon = accounts.filter(({ reason }) => reasonRows[reason].ends === 'soon');
  const steps = new Set((soon.length > 0 ? soon : accounts).map(({ reason }) => reasonRows[reason].advice));
  const ofDay = accounts.filter(({ reason }) => reasonRows[reason].ends === 'day');
  if (soon.length === 0 && ofDay.length > 0) {
    // An empty balance pays for no other model either.
    if (ofDay.length === accounts.length && !isFreeOnly) steps.add('use a paid model');
    const canGrow = ofDay.some(
      ({ reason, freeLimit }) => reason === 'dailyLimit' && freeLimit < boughtAllowance,
    );
    if (!steps.has(addCredits) && canGrow)
      steps.add('add credits at openrouter.ai: an account that has bought 10 has 1000 free requests a day');
  }
  const text = [...steps].join(', or ');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** At 429 clients wait and try again: where no time helps, that would be hammering. */
function statusOf(accounts: readonly AccountStanding[], { exhaustedStatus }: DenialContext): number {
  return accounts.every(({ reason }) => reasonRows[reason].ends === 'byUser') ? 402 : exhaustedStatus;
}

function noKeys({ accounts }: Denial, context: DenialContext): Refusal {
  return accounts.length === 0
    ? new Refusal(
        'no_keys',
        'Keywheel has no OpenRouter key yet. Add one: in VS Code "Keywheel: Add Key", without VS Code in OPENROUTER_KEYS.',
      )
    : new Refusal(
        'no_usable_key',
        `None of Keywheel’s keys can serve this request: ${reasonsText(accounts, context)}`,
      );
}

function keysRefused({ retryAtMs }: Denial, { nowMs, triedKeys }: DenialContext): Refusal {
  return triedKeys > 1
    ? new Refusal(
        'keys_refused',
        `OpenRouter refuses all ${triedKeys} keys at the moment, so the cause is probably at OpenRouter. Try again shortly.`,
        { retryAtMs: Math.min(retryAtMs ?? nowMs + 30_000, nowMs + 30_000) },
      )
    : new Refusal(
        'no_usable_key',
        'OpenRouter refused the key. Check it at openrouter.ai/settings/keys and replace it in Keywheel.',
      );
}

/** Each account with its reason, followed by the advice. */
function reasonsText(accounts: readonly AccountStanding[], context: DenialContext): string {
  const named = accounts.slice(0, mostNamed).map((account) => sentence(account, context));
  if (accounts.length > mostNamed) named.push(`and ${accounts.length - mostNamed} more`);
  return `${named.join('; ')}. ${advice(accounts, context)}`;
}

function sentence(account: AccountStanding, context: DenialContext): string {
  const untilMs = isCredits(account) ? null : account.untilMs;
  return `${account.name}: ${reasonRows[account.reason].text}${until(untilMs, context)}`;
}

/** The two clocks may differ by this in their readings of one instant. */
const clocksDifferMs = 500;

/** Such as ` until 02:00 (Europe/Berlin)`, never too soon, with the date if it is a day or more away; empty for null. */
function until(atMs: number | null, { nowMs, timezone }: DenialContext): string {
  if (atMs === null) return '';
  const isSoon = atMs - nowMs < 60_000;
  const unitMs = isSoon ? 1_000 : 60_000;
  const shownMs = Math.ceil((atMs - clocksDifferMs) / unitMs) * unitMs;
  const at = DateTime.fromMillis(shownMs, { zone: zoneOf(timezone), locale: 'en' });
  const isFar = atMs - nowMs >= dayMs;
  return ` until ${at.toFormat(isSoon ? 'HH:mm:ss' : isFar ? 'yyyy-MM-dd HH:mm' : 'HH:mm')} (${at.zoneName ?? 'local time'})`;
}
