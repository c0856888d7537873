// What of the page survives hiding and reloading.
import type { DashboardTab } from '../service/messages';

export interface PageState {
  readonly tab: DashboardTab;
  readonly scrollTop: number;
}

/** What was kept, or a page that is shown for the first time. */
export function readPageState(kept: unknown): PageState {
  const scrollTop = numberAt(kept, 'scrollTop');
  const tab = (['accounts', 'history', 'activity'] as const).find((each) => each === valueAt(kept, 'tab'));
  return { tab: tab ?? 'accounts', scrollTop };
}

function numberAt(kept: unknown, name: string): number {
  const value = valueAt(kept, name);
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}

function valueAt(kept: unknown, name: string): unknown {
  return typeof kept === 'object' && kept !== null ? new Map(Object.entries(kept)).get(name) : undefined;
}
