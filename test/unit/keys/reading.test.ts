import assert from 'node:assert/strict';
import { parseReading } from '../../../src/keys/reading';

const full = {
  data: {
    label: 'sk-or-v1-0e6...1c96',
    limit: 20,
    limit_remaining: 8.1,
    limit_reset: 'monthly',
    usage: 11.9,
    is_free_tier: false,
    is_management_key: false,
    creator_user_id: 'user_1',
    organization_id: null,
    free_model_daily_requests: { used: 12, limit: 50, remaining: 38 },
  },
};

describe('parseReading', () => {
  it('reads what GET /key tells', () => {
    const reading = parseReading(full, 1, 2);
    assert.ok(reading);
    assert.deepEqual(
      [reading.askedAtMs, reading.atMs, reading.accountRef, reading.capLeft],
      [1, 2, 'user_1', 8.1],
    );
    assert.deepEqual(reading.daily, { used: 12, limit: 50 });
    assert.deepEqual(
      [reading.usage.usage, reading.usage.usage_daily, reading.usage.limit_reset],
      [11.9, 0, 'monthly'],
    );
  });

  it('leaves nothing of a cap that was overspent', () => {
    const left = (limit_remaining: number): number | null | undefined =>
      parseReading({ data: { limit: 1, limit_remaining } }, 1, 2)?.capLeft;
    assert.deepEqual([left(0.25), left(0), left(-0.25)], [0.25, 0, 0]);
  });

  it('prefers the organization, and takes an empty name for none', () => {
    const of = (organization_id: unknown, creator_user_id: unknown): string | null | undefined =>
      parseReading({ data: { organization_id, creator_user_id } }, 1, 2)?.accountRef;
    assert.equal(of('org', 'user'), 'org');
    assert.equal(of('', 'user'), 'user');
    assert.equal(of('', ''), null);
    assert.equal(of(7, undefined), null);
  });

  it('bears missing, new and damaged fields, and takes no other body for a reading', () => {
    assert.equal(parseReading({ data: {} }, 1, 2)?.daily, null);
    assert.equal(
      parseReading({ data: { free_model_daily_requests: { used: -1, limit: 50 } } }, 1, 2)?.daily,
      null,
    );
    assert.equal(parseReading({ data: { free_model_daily_requests: 'many', novel: [] } }, 1, 2)?.daily, null);
    const endless = Number.POSITIVE_INFINITY;
    const read = parseReading(
      {
        data: {
          limit_remaining: endless,
          usage: endless,
          free_model_daily_requests: { used: 1, limit: endless },
        },
      },
      1,
      2,
    );
    assert.deepEqual([read?.capLeft, read?.usage.usage, read?.daily], [null, 0, null]);
    assert.equal(parseReading({ data: { is_provisioning_key: true } }, 1, 2)?.isManagement, true);
    for (const body of [null, 'text', [], {}, { data: null }]) assert.equal(parseReading(body, 1, 2), null);
  });
});
