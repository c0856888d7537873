// What the dashboard's page and whoever serves it say to each other.
import * as v from 'valibot';
import type { ExchangeView, ForecastView, SeriesView, Snapshot } from './snapshot';

/** Whether secrets can be kept. `slow`: the system's keychain has not answered yet, it may be asking the user. */
type VaultView = 'loading' | 'ok' | 'slow' | 'refused';

/** All that views show; holds no secret. */
export interface DashboardState {
  readonly snapshot: Snapshot;
  readonly vault: VaultView;
  /** Ids of keys that the vault did not keep: they last until this window closes, unless it keeps them by then. */
  readonly unsavedKeyIds: readonly string[];
  readonly forecast: ForecastView;
  /** In the last 24 hours nothing but paid requests came. */
  readonly paidOnly: boolean;
  /** Keys whose removal can still be undone. */
  readonly removed: readonly { readonly keyId: string; readonly label: string; readonly untilMs: number }[];
}

/** English text → text in the user's language; empty for English. */
export type WordTable = Readonly<Record<string, string>>;

const tabSchema = v.picklist(['accounts', 'history', 'activity']);

/** The parts of the dashboard of which one is shown. */
export type DashboardTab = v.InferOutput<typeof tabSchema>;

/**
 * `hello` answers `ready`; `state` replaces the state; `history` and `activity` replace what those tabs show and come
 * only while they do; `exchanges` are new ones, oldest first; `done` says that an action went well.
 */
export type ToDashboard =
  | {
      readonly type: 'hello';
      /** BCP 47 tag, for numbers and times. */
      readonly locale: string;
      readonly words: WordTable;
      readonly state: DashboardState;
    }
  | { readonly type: 'state'; readonly state: DashboardState }
  | { readonly type: 'history'; readonly series: SeriesView }
  | { readonly type: 'activity'; readonly exchanges: readonly ExchangeView[] }
  | { readonly type: 'exchanges'; readonly exchanges: readonly ExchangeView[] }
  | { readonly type: 'done'; readonly action: DashboardAction | 'copyReport' };

const actionSchema = v.picklist([
  'addKey',
  'copyBaseUrl',
  'copyProxyKey',
  'startProxy',
  'openSettings',
  'showLog',
]);

/** What the page may ask for. */
export type DashboardAction = v.InferOutput<typeof actionSchema>;

/** A label, or the name of an account. */
export const longestName = 200;
/** A daily limit: more than anybody has. */
export const mostADay = 1_000_000;

const by = v.picklist([-1, 1]);
const shortText = v.pipe(v.string(), v.trim(), v.maxLength(longestName));

/** What may be changed of a key; an empty name of the account takes it away. */
const changeSchema = v.partial(
  v.object({
    label: v.pipe(shortText, v.nonEmpty()),
    dailyLimit: v.nullable(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(mostADay))),
    accountName: v.nullable(shortText),
    paidUse: v.picklist(['auto', 'only', 'never']),
    enabled: v.boolean(),
  }),
);

export type KeyEdit = v.InferOutput<typeof changeSchema>;

const keyActSchema = v.variant('kind', [
  v.object({ kind: v.literal('update'), change: changeSchema }),
  v.object({ kind: v.literal('check') }),
  v.object({ kind: v.literal('unlock') }),
  v.object({ kind: v.literal('move'), by }),
  v.object({ kind: v.literal('remove') }),
  v.object({ kind: v.literal('undo') }),
]);

const accountActSchema = v.variant('kind', [
  v.object({ kind: v.literal('check') }),
  v.object({ kind: v.literal('unlock') }),
  v.object({ kind: v.literal('move'), by }),
]);

/** What can be done with one key, or with an account and all its keys. */
export type KeyAct = v.InferOutput<typeof keyActSchema>;
export type AccountAct = v.InferOutput<typeof accountActSchema>;

const fromDashboardSchema = v.variant('type', [
  v.object({ type: v.literal('ready'), tab: tabSchema }),
  v.object({ type: v.literal('show'), tab: tabSchema }),
  v.object({ type: v.literal('run'), action: actionSchema }),
  v.object({ type: v.literal('key'), keyId: v.string(), act: keyActSchema }),
  v.object({ type: v.literal('account'), accountId: v.string(), act: accountActSchema }),
  v.object({ type: v.literal('unlockModel'), model: v.string() }),
  v.object({ type: v.literal('copyReport'), id: v.number() }),
]);

/** `ready`: the page runs and has nothing to show yet; `show`: another tab is in front. */
export type FromDashboard = v.InferOutput<typeof fromDashboardSchema>;

/** What the page said, or null if it is no message of ours. */
export function parseFromDashboard(message: unknown): FromDashboard | null {
  const parsed = v.safeParse(fromDashboardSchema, message);
  return parsed.success ? parsed.output : null;
}

// The sender of a state is our own code of the same version: its envelope is checked, its figures are not.
const stateSchema = v.custom<DashboardState>(
  (value) => typeof value === 'object' && value !== null && 'snapshot' in value && 'vault' in value,
);
const seriesSchema = v.custom<SeriesView>(
  (value) => typeof value === 'object' && value !== null && 'bucketMs' in value,
);
const exchangesSchema = v.custom<readonly ExchangeView[]>((value) => Array.isArray(value));

const toDashboardSchema = v.variant('type', [
  v.object({
    type: v.literal('hello'),
    locale: v.string(),
    words: v.record(v.string(), v.string()),
    state: stateSchema,
  }),
  v.object({ type: v.literal('state'), state: stateSchema }),
  v.object({ type: v.literal('history'), series: seriesSchema }),
  v.object({ type: v.literal('activity'), exchanges: exchangesSchema }),
  v.object({ type: v.literal('exchanges'), exchanges: exchangesSchema }),
  v.object({ type: v.literal('done'), action: v.union([actionSchema, v.literal('copyReport')]) }),
]);

/** What the server of the page said, or null if it is no message of ours. */
export function parseToDashboard(message: unknown): ToDashboard | null {
  const parsed = v.safeParse(toDashboardSchema, message);
  return parsed.success ? parsed.output : null;
}
