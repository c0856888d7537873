// Makes keys, readings and requests for the tests of this room.
import { keyIdOf, Secret, type KeyId } from '../../../src/base/secret';
import { Canceller, type Signal } from '../../../src/base/signal';
import type { Key } from '../../../src/keys/keyState';
import type { LeaseResult } from '../../../src/keys/pool';
import type { LeaseRequest } from '../../../src/keys/lease';
import { Pool } from '../../../src/keys/pool';
import type { Lease } from '../../../src/keys/lease';
import type { Denial } from '../../../src/keys/denials';
import type { Reading } from '../../../src/keys/reading';
import type { ManualClock } from '../../support/manualClock';

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;

export function makeKey(name: string, fields: Partial<Key> = {}): Key {
  const text = `sk-or-v1-${name}`;
  return {
    keyId: keyIdOf(text),
    secret: new Secret(text),
    label: name,
    masked: 'sk-or-v1-...',
    dailyLimit: null,
    accountName: null,
    paidUse: 'auto',
    enabled: true,
    ...fields,
  };
}

/** A reading of `GET /key`, asked and answered at `atMs`. */
export function makeReading(
  account: string | null,
  atMs: number,
  daily: { used: number; limit: number } | null = { used: 0, limit: 50 },
  fields: Partial<Reading> = {},
): Reading {
  return {
    askedAtMs: atMs,
    atMs,
    accountRef: account,
    isOrganization: false,
    daily,
    capLeft: null,
    isFreeTier: true,
    isManagement: false,
    expiresAtMs: null,
    usage: {
      limit: null,
      limit_reset: null,
      usage: 0,
      usage_daily: 0,
      usage_weekly: 0,
      usage_monthly: 0,
      byok_usage: 0,
      byok_usage_daily: 0,
      byok_usage_weekly: 0,
      byok_usage_monthly: 0,
    },
    ...fields,
  };
}

export function freeRequest(untilMs: number, fields: Partial<LeaseRequest> = {}): LeaseRequest {
  return {
    requestClass: 'free',
    model: 'some/model:free',
    accountId: null,
    conversation: null,
    tried: new Set(),
    untilMs,
    hasFallback: false,
    modelUntilMs: untilMs,
    client: 'some client',
    ...fields,
  };
}

export function paidRequest(untilMs: number, fields: Partial<LeaseRequest> = {}): LeaseRequest {
  return freeRequest(untilMs, { requestClass: 'paid', model: 'some/model', ...fields });
}

/** A pool whose accounts are named: each has the keys that are listed, and has been read as unused. */
export function makePool(
  clock: ManualClock,
  accounts: Record<string, readonly Key[]>,
  options: {
    maxWaiting?: number;
    zone?: string;
    daily?: { used: number; limit: number } | null;
    onReadingWanted?: (keyId: KeyId) => void;
  } = {},
): Pool {
  const pool = new Pool(
    {
      clock,
      onChange: () => undefined,
      onReadingWanted: (keyId) => options.onReadingWanted?.(keyId),
    },
    { zone: options.zone ?? 'UTC', maxWaiting: options.maxWaiting ?? 256 },
  );
  pool.setKeys(Object.values(accounts).flat());
  const daily = options.daily === undefined ? { used: 0, limit: 50 } : options.daily;
  for (const [name, keys] of Object.entries(accounts)) {
    for (const key of keys) pool.read(key.keyId, makeReading(name, clock.elapsedMs(), daily));
  }
  return pool;
}

export const never: Signal = new Canceller();

export async function leased(result: Promise<LeaseResult>): Promise<Lease> {
  const got = await result;
  if ('lease' in got) return got.lease;
  throw new Error(`Denied: ${JSON.stringify(got.denial)}`);
}

export async function denied(result: Promise<LeaseResult>): Promise<Denial> {
  const got = await result;
  if ('denial' in got) return got.denial;
  throw new Error('A lease was given.');
}

/** A request to each account asks whether the day is used up, as a reading told, and is refused. */
export async function confirmUsedUp(pool: Pool, clock: ManualClock): Promise<void> {
  for (const account of pool.roster.accounts) {
    const lease = await leased(
      pool.lease(freeRequest(clock.elapsedMs(), { accountId: account.accountId }), never),
    );
    lease.markSent();
    lease.markHead();
    lease.settle({ kind: 'locked', reason: 'dailyLimit', untilMs: null, limit: 50 });
    lease[Symbol.dispose]();
  }
}
