/** The body of `GET /api/v1/key`. */
import type { Account } from './account';
import { type AccountKey, periodOf } from './accountKey';

/** Every documented field, but for those that the account leaves out. */
export function keyReading(
  account: Account,
  key: AccountKey,
  nowMs: number,
): { data: Record<string, unknown> } {
  const used = account.readUsed(nowMs);
  const data: Record<string, unknown> = {
    label: key.label,
    limit: key.limit,
    limit_remaining: key.remaining(nowMs),
    limit_reset: key.limitReset,
    include_byok_in_limit: false,
    usage: key.spent(),
    usage_daily: key.spent(periodOf('daily', nowMs).startMs),
    usage_weekly: key.spent(periodOf('weekly', nowMs).startMs),
    usage_monthly: key.spent(periodOf('monthly', nowMs).startMs),
    byok_usage: 0,
    byok_usage_daily: 0,
    byok_usage_weekly: 0,
    byok_usage_monthly: 0,
    is_free_tier: account.bought <= 0,
    is_management_key: key.isManagementKey,
    is_provisioning_key: key.isManagementKey,
    creator_user_id: account.userId,
    organization_id: account.organizationId,
    workspace_id: null,
    allowed_data_regions: ['global'],
    expires_at: key.expiresAtMs === undefined ? null : new Date(key.expiresAtMs).toISOString(),
    free_model_daily_requests: {
      used,
      limit: account.dailyLimit,
      remaining: Math.max(0, account.dailyLimit - used),
    },
    rate_limit: { requests: -1, interval: '10s', note: 'deprecated' },
  };
  for (const field of account.omitKeyFields) Reflect.deleteProperty(data, field);
  return { data };
}
