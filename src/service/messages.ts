// The messages between the dashboard's page and the extension.
import * as v from 'valibot';
import { tableFormats } from './history/exchangeText';
import type { ExchangeView, ForecastView, SeriesView, Snapshot } from './snapshot';

/** `loading`: no answer yet · `slow`: the system's keychain has not answered for 5 s, it may be asking the user · `refused`: it failed. */
export type VaultHealth =
  { readonly kind: 'loading' | 'ok' | 'slow' } | { readonly kind: 'refused'; readonly detail: string };

/** The state that the dashboard shows on every tab; without secrets. */
export interface DashboardState {
  readonly snapshot: Snapshot;
  readonly vault: VaultHealth['kind'];
  readonly forecast: ForecastView;
  /** All requests of the last 24 hours were paid. */
  readonly paidOnly: boolean;
  /** The use since 00:00 UTC, when OpenRouter's day begins; cost in credits, as far as upstream reported it. */
  readonly spent: { readonly promptTokens: number; readonly completionTokens: number; readonly cost: number };
  /** Keys whose removal can still be undone. */
  readonly removed: readonly { readonly keyId: string; readonly label: string }[];
  readonly clients: readonly ConnectedClient[];
}

/** A client that Keywheel connected; `note` says what is wrong with the connection, or is empty. */
export interface ConnectedClient {
  readonly id: string;
  readonly name: string;
  readonly note: string;
}

/** A free model, with its results of the last 24 hours. */
export interface ModelView {
  readonly model: string;
  /** Tokens of prompt and completion together; null if unknown. */
  readonly contextLength: number | null;
  readonly tools: boolean;
  readonly images: boolean;
  readonly requests: number;
  readonly answered: number;
  /** The median time to the first token; null if unknown. */
  readonly firstTokenMs: number | null;
}

/** English text → text in the user's language; empty for English. */
export type WordTable = Readonly<Record<string, string>>;

/** The tabs in their order on the page. */
export const tabSchema = v.picklist(['accounts', 'history', 'activity', 'models']);

export type DashboardTab = v.InferOutput<typeof tabSchema>;

/** The actions of buttons in messages, on pages and in the dashboard: commands of Keywheel or of VS Code. */
export const actions = [
  'addKey',
  'signIn',
  'removeKey',
  'connectClient',
  'sendTestRequest',
  'runDoctor',
  'openDashboard',
  'openWalkthrough',
  'copyBaseUrl',
  'copyProxyKey',
  'startProxy',
  'openSettings',
  'openPortSetting',
  'openProxySettings',
  'reloadWindow',
  'showLog',
] as const;

export type Action = (typeof actions)[number];

/** The longest label or name of an account, in characters. */
export const longestName = 200;
/** The highest daily limit that can be set. */
export const mostADay = 1_000_000;

const shortText = v.pipe(v.string(), v.trim(), v.maxLength(longestName));

/** The fields of a key that may be changed; an empty name of the account removes the name. */
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

const targetSchema = v.union([v.object({ keyId: v.string() }), v.object({ accountId: v.string() })]);

/** One key, or an account with all its keys. */
export type Target = Readonly<v.InferOutput<typeof targetSchema>>;

const actSchema = v.variant('kind', [
  v.object({ kind: v.literal('update'), change: changeSchema }),
  v.object({ kind: v.picklist(['check', 'unlock', 'remove', 'undo']) }),
  v.object({ kind: v.literal('move'), by: v.picklist([-1, 1]) }),
]);

export type Act = v.InferOutput<typeof actSchema>;

const fromDashboardSchema = v.variant('type', [
  v.object({ type: v.picklist(['ready', 'show']), tab: tabSchema }),
  v.object({ type: v.literal('run'), action: v.picklist(actions) }),
  v.object({ type: v.literal('act'), target: targetSchema, act: actSchema }),
  v.object({ type: v.literal('replaceKey'), keyId: v.string() }),
  v.object({ type: v.literal('unlockModel'), model: v.string() }),
  v.object({ type: v.literal('copyReport'), id: v.number() }),
  v.object({ type: v.literal('copyModel'), model: v.string() }),
  v.object({ type: v.literal('export'), format: v.picklist(tableFormats), ids: v.array(v.number()) }),
  v.object({ type: v.literal('clearActivity') }),
  v.object({ type: v.literal('openPage'), keyId: v.string(), page: v.picklist(['key', 'log']) }),
  v.object({ type: v.literal('disconnect'), client: v.string() }),
  v.object({ type: v.literal('cancel'), requestId: v.string() }),
]);

/** `ready`: the page has loaded and shows nothing yet; `show`: another tab was selected. */
export type FromDashboard = v.InferOutput<typeof fromDashboardSchema>;

/** The page's message, or null if it has none of the known forms. */
export function parseFromDashboard(message: unknown): FromDashboard | null {
  const parsed = v.safeParse(fromDashboardSchema, message);
  return parsed.success ? parsed.output : null;
}

/**
 * `hello` answers `ready`; `state` replaces the state; `history`, `activity` and `models` replace the content of the tab
 * of that name while it is shown; `exchanges` are new ones, oldest first; `done` reports that an action succeeded.
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
  | { readonly type: 'activity' | 'exchanges'; readonly exchanges: readonly ExchangeView[] }
  | { readonly type: 'models'; readonly models: readonly ModelView[] }
  /** The result of an action on a key or an account. */
  | { readonly type: 'note'; readonly target: Target; readonly text: string }
  | { readonly type: 'done'; readonly action: Action | 'copyReport' };

// Messages are recognized, not checked: the sender is Keywheel's own code of the same version.
const toDashboardSchema = v.custom<ToDashboard>(
  (value) => typeof value === 'object' && value !== null && 'type' in value,
);

/** The extension's message, or null if it is no object with a `type`. */
export function parseToDashboard(message: unknown): ToDashboard | null {
  return v.is(toDashboardSchema, message) ? message : null;
}
