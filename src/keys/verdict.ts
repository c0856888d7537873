// What the pool learns from an attempt about the key, its account and the model.

/** `untilMs` null: upstream did not say, the pool's own default holds. Only `Lease.settle` takes verdicts. */
export type Verdict =
  /** Answered: lifts doubts about key and model. */
  | { readonly kind: 'healthy' }
  /** Says nothing about key, account or model. */
  | { readonly kind: 'nothing' }
  /** The account's free allowance is used up; null is the next midnight. `limit`: requests a day, when said. */
  | { readonly kind: 'dayUsedUp'; readonly untilMs: number | null; readonly limit: number | null }
  /** The account's free requests must wait; null is 60 s. `limit`: requests a minute, when said. */
  | { readonly kind: 'minuteUsedUp'; readonly untilMs: number | null; readonly limit: number | null }
  /** The lease's model is busy: for every account, or for this one alone (its own provider key). */
  | { readonly kind: 'modelBusy'; readonly untilMs: number | null; readonly onAccountAlone: boolean }
  /** The account has no credits for paid requests. */
  | { readonly kind: 'noCredits' }
  /** The account's balance is negative: free requests are refused too. */
  | { readonly kind: 'belowZero' }
  /** The account's running paid requests have reserved its credits. */
  | { readonly kind: 'inFlightBudget'; readonly untilMs: number | null }
  /** The key's own spending cap is reached. */
  | { readonly kind: 'keyCap'; readonly untilMs: number | null }
  /** A guardrail's or workspace's budget is reached. */
  | { readonly kind: 'budget'; readonly untilMs: number | null }
  /** The key was refused. One such answer alone proves nothing. */
  | { readonly kind: 'unauthorized' }
  /** The edge in front of upstream refuses this address: everything waits. */
  | { readonly kind: 'edgeBlocked'; readonly untilMs: number | null };
