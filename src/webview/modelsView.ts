// The list of free models as plain values; no DOM.
import type { ModelView } from '../service/messages';
import type { Snapshot } from '../service/snapshot';
import { tookText } from '../words/formats';
import type { Speech } from '../words/stateWords';
import type { Translate } from '../words/translate';
import { busyText } from './historyView';

export interface FreeModelRow {
  readonly model: string;
  /** In the order of `modelColumns`. */
  readonly cells: readonly string[];
}

/** The columns after the model's name. */
export function modelColumns(t: Translate): readonly string[] {
  const traits = [t('Context'), t('Tools'), t('Images')];
  return [...traits, t('Requests'), t('Answered'), t('First token'), t('Busy until')];
}

/** Available models first, then by requests, then by context size. */
export function modelRows(
  models: readonly ModelView[],
  snapshot: Snapshot,
  speech: Speech,
): readonly FreeModelRow[] {
  return models
    .map((model) => ({ ...model, busy: busyText(model.model, snapshot, speech) }))
    .sort(
      (a, b) =>
        Number(a.busy !== '') - Number(b.busy !== '') ||
        b.requests - a.requests ||
        (b.contextLength ?? 0) - (a.contextLength ?? 0),
    )
    .map((each) => ({ model: each.model, cells: cellsOf(each, speech) }));
}

function cellsOf(model: ModelView & { readonly busy: string }, speech: Speech): readonly string[] {
  const { contextLength, tools, images, requests, answered, firstTokenMs, busy } = model;
  const { t, formats } = speech;
  const yes = (does: boolean): string => (does ? t('yes') : '–');
  return [
    contextLength === null ? '–' : formats.compact(contextLength),
    yes(tools),
    yes(images),
    formats.count(requests),
    requests === 0 ? '–' : formats.share(answered, requests),
    firstTokenMs === null ? '–' : tookText(firstTokenMs, speech),
    busy,
  ];
}
