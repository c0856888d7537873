// Readings: the answers of `GET /api/v1/key` about a key and its account (OpenRouter, "Limits"); fields may be missing.
import * as v from 'valibot';

export interface Reading {
  /** When the question was sent; an attempt after it may be missing in the answer. */
  readonly askedAtMs: number;
  readonly atMs: number;
  /** OpenRouter's own name of the account, or null where the answer has none. */
  readonly accountRef: string | null;
  readonly isOrganization: boolean;
  readonly daily: { readonly used: number; readonly limit: number } | null;
  /** Credits left of the key's spending cap, 0 where it was overspent; null without a cap. */
  readonly capLeft: number | null;
  /** Whether the account never bought credits. */
  readonly isFreeTier: boolean;
  /** When the key stops working, in wall time; null for never. */
  readonly expiresAtMs: number | null;
  /** A management key cannot run models. */
  readonly isManagement: boolean;
  /** OpenRouter's fields as they came, for the sums in the proxy's own answer to `GET /key`. */
  readonly usage: KeyUsage;
}

/** JSON's `1e999` is parsed to Infinity, which no saved state can hold. */
const number = v.pipe(v.number(), v.finite());
const count = v.pipe(number, v.minValue(0));
const amount = v.fallback(number, 0);
const amountOrNone = v.fallback(v.nullable(number), null);
const textOrNone = v.fallback(v.nullable(v.string()), null);
const nameOrNone = v.fallback(v.nullable(v.pipe(v.string(), v.nonEmpty())), null);
const flag = v.fallback(v.boolean(), false);

/** Sums of credits spent, as `GET /key` names them. */
const usage = {
  limit: amountOrNone,
  limit_reset: textOrNone,
  usage: amount,
  usage_daily: amount,
  usage_weekly: amount,
  usage_monthly: amount,
  byok_usage: amount,
  byok_usage_daily: amount,
  byok_usage_weekly: amount,
  byok_usage_monthly: amount,
};
export type KeyUsage = { readonly [Name in keyof typeof usage]: v.InferOutput<(typeof usage)[Name]> };

const keySchema = v.object({
  data: v.object({
    ...usage,
    limit_remaining: amountOrNone,
    expires_at: textOrNone,
    is_free_tier: flag,
    is_management_key: flag,
    is_provisioning_key: flag,
    creator_user_id: nameOrNone,
    organization_id: nameOrNone,
    free_model_daily_requests: v.fallback(v.nullable(v.object({ used: count, limit: count })), null),
  }),
});

/** The reading in a 200 body of `GET /key`, or null where the body is none. */
export function parseReading(body: unknown, askedAtMs: number, atMs: number): Reading | null {
  const parsed = v.safeParse(keySchema, body);
  if (!parsed.success) return null;
  const { data } = parsed.output;
  return {
    askedAtMs,
    atMs,
    isOrganization: data.organization_id !== null,
    accountRef: data.organization_id ?? data.creator_user_id,
    daily: data.free_model_daily_requests,
    capLeft: data.limit_remaining === null ? null : Math.max(0, data.limit_remaining),
    isFreeTier: data.is_free_tier,
    expiresAtMs: Date.parse(data.expires_at ?? '') || null,
    isManagement: data.is_management_key || data.is_provisioning_key,
    usage: data,
  };
}
