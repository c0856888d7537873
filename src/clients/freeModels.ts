// OpenRouter's free models with their results of the last 24 hours.
import type { ModelView } from '../service/messages';
import type { ExchangeView, SeriesView } from '../service/snapshot';
import { isFree, type ListedModel } from './modelList';

/** In OpenRouter's order; `firstTokenMs` is the median of the requests that are still in the activity list. */
export function freeModels(
  listed: readonly ListedModel[],
  { startMs, models }: Pick<SeriesView, 'startMs' | 'models'>,
  activity: readonly ExchangeView[],
): ModelView[] {
  const uses = new Map(models.map((use) => [use.model, use]));
  return listed.filter(isFree).map(({ id, contextLength, tools, images }) => {
    const { requests, answered } = uses.get(id) ?? { requests: 0, answered: 0 };
    const times = activity
      .filter(({ model, startedAtMs }) => model === id && startedAtMs >= startMs)
      .flatMap(({ firstTokenMs }) => firstTokenMs ?? [])
      .sort((a, b) => a - b);
    const firstTokenMs = times[Math.floor((times.length - 1) / 2)] ?? null;
    return { model: id, contextLength, tools, images, requests, answered, firstTokenMs };
  });
}
