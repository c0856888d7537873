// GET /key for the wheel as a whole: to the client the proxy is one key.
import type { Account } from '../keys/account';
import type { KeyState } from '../keys/keyState';
import type { KeyUsage, Reading } from '../keys/reading';

const summed = [
  'usage',
  'usage_daily',
  'usage_weekly',
  'usage_monthly',
  'byok_usage',
  'byok_usage_daily',
  'byok_usage_weekly',
  'byok_usage_monthly',
] as const satisfies readonly (keyof KeyUsage)[];

/** A body of OpenRouter's shape with all its fields: sums of what the keys' last readings told, limits by account. */
export function wheelKey(accounts: readonly Account[], nowMs: number): unknown {
  const states = accounts.flatMap(({ keys }) => keys).filter((state) => state.serves('unmetered'));
  const readings = states.flatMap(({ reading }) => (reading === null ? [] : [reading]));
  const serving = accounts.filter((account) => account.keys.some((state) => state.serves('free')));
  const limit = sum(serving.map(({ ledger }) => ledger.limit));
  const remaining = sum(serving.map((account) => account.freeLeft(nowMs)));
  return {
    data: {
      label: `Keywheel (${plural(states.length, 'key')}, ${plural(accounts.length, 'account')})`,
      limit: capSum(states, readings),
      limit_remaining: allCapped(states) ? sum(states.map(({ capLeft }) => capLeft ?? 0)) : null,
      limit_reset: null,
      include_byok_in_limit: false,
      ...Object.fromEntries(summed.map((field) => [field, sum(readings.map(({ usage }) => usage[field]))])),
      is_free_tier: states.every(({ isFreeTier }) => isFreeTier),
      is_management_key: false,
      is_provisioning_key: false,
      creator_user_id: null,
      organization_id: null,
      workspace_id: null,
      expires_at: null,
      free_model_daily_requests: { used: limit - remaining, limit, remaining },
      rate_limit: { requests: -1, interval: '10s', note: 'deprecated' },
    },
  };
}

/** Without a cap on each key the wheel has none. */
function allCapped(states: readonly KeyState[]): boolean {
  return states.length > 0 && states.every(({ capLeft }) => capLeft !== null);
}

function capSum(states: readonly KeyState[], readings: readonly Reading[]): number | null {
  return allCapped(states) ? sum(readings.map(({ usage }) => usage.limit ?? 0)) : null;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
