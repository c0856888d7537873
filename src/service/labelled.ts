// Exchanges that were saved name keys by their ids alone: what those are called is the vault's to know.
import type { AccountView, ExchangeView } from './snapshot';

/** With today's labels where an exchange has none; a key that is there no more stays without. */
export function labelled(
  exchanges: readonly ExchangeView[],
  accounts: readonly Pick<AccountView, 'keys'>[],
): readonly ExchangeView[] {
  const labels = new Map(accounts.flatMap(({ keys }) => keys.map(({ keyId, label }) => [keyId, label])));
  return exchanges.map((exchange) => ({
    ...exchange,
    attempts: exchange.attempts.map((attempt) =>
      attempt.keyLabel === '' ? { ...attempt, keyLabel: labels.get(attempt.keyId) ?? '' } : attempt,
    ),
  }));
}
