// Turns a denial into a refusal that tells the user which accounts, why, until when, and what to do.
import { DateTime } from 'luxon';
import type { AccountStanding, Denial } from '../keys/denial';
import { Refusal } from './refusal';

export interface DenialContext {
  readonly nowMs: number;
  /** IANA name, or empty for the machine's own zone. */
  readonly timezone: string;
  /** Instead of 429 when everything is used up; most agents stop at 402 and show its text. */
  readonly exhaustedStatus: number;
  readonly model: string | null;
  /** How many keys were refused in this exchange. */
  readonly triedKeys: number;
}

/** More accounts than this are not named one by one. */
const mostNamed = 8;

export function refusalOf(denial: Denial, context: DenialContext): Refusal {
  const { retryAtMs } = denial;
  switch (denial.kind) {
    case 'noKeys':
      return noKeys(denial);
    case 'keysAwaited':
      return new Refusal(
        'Keywheel’s keys are not loaded yet: where they are kept has not answered. Try again in a moment.',
        {
          status: 503,
          code: 'keys_not_loaded',
          retryAtMs: context.nowMs + 5_000,
        },
      );
    case 'allTried':
      return keysRefused(denial, context);
    case 'lineFull':
      return new Refusal(
        'Too many requests wait for a free slot already. Send fewer at once, or try again shortly.',
        {
          status: 429,
          code: 'too_many_waiting',
          retryAtMs: retryAtMs ?? context.nowMs + 5_000,
        },
      );
    case 'modelBusy':
      return new Refusal(
        `The providers of ${context.model ?? 'this model'} are busy${until(retryAtMs, context)} for every account that could serve this request. Try later, or use another model.`,
        { status: 429, code: 'model_busy', retryAtMs },
      );
    case 'exhausted':
      if (denial.accounts.length === 0) return inVain(denial, context);
      return exhausted(denial, context);
    case 'stopping':
      return stopping(context.nowMs);
  }
}

/** For whoever waits, or comes, while the proxy stops; another window's proxy is up in a moment. */
export function stopping(nowMs: number): Refusal {
  return new Refusal('Keywheel’s proxy is stopping. Try again in a moment.', {
    status: 503,
    code: 'stopping',
    retryAtMs: nowMs + 1_000,
  });
}

function exhausted(denial: Denial, context: DenialContext): Refusal {
  const { retryAtMs, accounts, requestClass } = denial;
  const what = requestClass === 'free' ? 'for a free model' : 'for this request';
  const named = accounts.slice(0, mostNamed).map((account) => sentence(account, context));
  if (accounts.length > mostNamed) named.push(`and ${accounts.length - mostNamed} more`);
  const which = accounts.length === 1 ? 'The account has' : `None of the ${accounts.length} accounts has`;
  const nothing = accounts.length === 1 ? 'nothing left' : 'anything left';
  return new Refusal(
    `${which} ${nothing} ${what}${until(retryAtMs, context)}: ${named.join('; ')}. ${advice(requestClass)}`,
    {
      status: context.exhaustedStatus,
      code: 'accounts_exhausted',
      retryAtMs,
      metadata: {
        accounts: accounts.map(({ name, reason, untilMs }) => ({ name, reason, until_ms: untilMs })),
      },
    },
  );
}

/** No account is held back, yet not one can serve what is asked: such as one whose only untried key is locked. */
function inVain({ retryAtMs }: Denial, context: DenialContext): Refusal {
  return new Refusal(
    `No account can serve this request in time${until(retryAtMs, context)}. Try again later, or use another model.`,
    { status: context.exhaustedStatus, code: 'accounts_exhausted', retryAtMs },
  );
}

function advice(requestClass: Denial['requestClass']): string {
  return requestClass === 'free'
    ? 'Wait until then, use a paid model, or add credits at openrouter.ai: an account that has bought 10 has 1000 free requests a day.'
    : 'Add credits at openrouter.ai, or allow paid use of another key in Keywheel.';
}

function noKeys({ accounts }: Denial): Refusal {
  return accounts.length === 0
    ? new Refusal(
        'Keywheel has no OpenRouter key yet. Add one: in VS Code "Keywheel: Add Key", without VS Code in OPENROUTER_KEYS.',
        {
          status: 402,
          code: 'no_keys',
        },
      )
    : new Refusal(
        'None of Keywheel’s keys can serve this request: they are off, refused by OpenRouter, or not allowed for it. See Keywheel’s dashboard, or GET /key-status.',
        { status: 402, code: 'no_usable_key' },
      );
}

function keysRefused({ retryAtMs }: Denial, { nowMs, triedKeys }: DenialContext): Refusal {
  return triedKeys > 1
    ? new Refusal(
        `OpenRouter refuses all ${triedKeys} keys at the moment, which looks like an incident of its own.`,
        {
          status: 503,
          code: 'keys_refused',
          retryAtMs: Math.min(retryAtMs ?? nowMs + 30_000, nowMs + 30_000),
        },
      )
    : new Refusal(
        'OpenRouter refused the key. Check it at openrouter.ai/settings/keys and replace it in Keywheel.',
        {
          status: 402,
          code: 'no_usable_key',
        },
      );
}

function sentence(account: AccountStanding, context: DenialContext): string {
  return `${account.name}: ${words(account.reason)}${until(account.untilMs, context)}`;
}

function words(reason: AccountStanding['reason']): string {
  switch (reason) {
    case 'dayUsed':
    case 'dailyLimit':
      return 'today’s free requests are used up';
    case 'minuteFull':
    case 'minuteLimit':
      return 'this minute’s requests are used up';
    case 'noCredits':
      return 'no credits';
    case 'belowZero':
      return 'its balance is below zero';
    case 'inFlightBudget':
      return 'its running requests have reserved its credits';
    case 'keyCap':
      return 'the key’s spending cap is reached';
    case 'budget':
      return 'a budget set at OpenRouter is reached';
    case 'unauthorized':
      return 'OpenRouter refused the key';
    case 'busy':
      return 'the model is busy';
    case 'edgeBlocked':
      return 'Cloudflare in front of OpenRouter holds this address back';
    case 'keysOff':
      return 'no key of it is on for this';
  }
}

/** Such as ` until 02:00 (Europe/Berlin)`, with the date where it is not within a day; empty for null. */
function until(atMs: number | null, { nowMs, timezone }: DenialContext): string {
  if (atMs === null) return '';
  const at = DateTime.fromMillis(atMs, { zone: timezone === '' ? 'local' : timezone, locale: 'en' });
  const isSoon = atMs - nowMs < 60_000;
  const isFar = atMs - nowMs >= 86_400_000;
  return ` until ${at.toFormat(isSoon ? 'HH:mm:ss' : isFar ? 'yyyy-MM-dd HH:mm' : 'HH:mm')} (${at.zoneName ?? 'local time'})`;
}
