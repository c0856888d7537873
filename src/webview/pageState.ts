// The page's state that survives hiding and reloading.
import * as v from 'valibot';
import { tabSchema } from '../service/messages';
import { activityColumns, newestFirst } from './activityView';
import { periods } from './historyView';

const stateSchema = v.object({
  tab: v.fallback(tabSchema, 'accounts'),
  scrollTop: v.fallback(v.pipe(v.number(), v.finite()), 0),
  /** The order of the activity. */
  sort: v.fallback(v.object({ column: v.picklist(activityColumns), isDescending: v.boolean() }), newestFirst),
  /** The number of days in the history's bar chart. */
  period: v.fallback(v.picklist(periods), 7),
});

export type PageState = Readonly<v.InferOutput<typeof stateSchema>>;

/** The saved state, or that of a new page. */
export function readPageState(kept: unknown): PageState {
  return v.parse(v.fallback(stateSchema, v.parse(stateSchema, {})), kept);
}
