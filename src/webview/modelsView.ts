// The list of free models as plain values; no DOM.
import type { ModelView } from '../service/messages';
import type { Snapshot } from '../service/snapshot';
import { tookText } from '../words/formats';
import type { TextContext } from '../words/stateWords';
import { busyText, type TableView } from './historyView';

/** Available models first, then by requests, then by context size. */
export function modelTable(
  models: readonly ModelView[],
  snapshot: Snapshot,
  textContext: TextContext,
): TableView {
  const { t } = textContext;
  const rows = models
    .map((model) => ({ ...model, busy: busyText(model.model, snapshot, textContext) }))
    .sort(
      (a, b) =>
        Number(a.busy !== '') - Number(b.busy !== '') ||
        b.requests - a.requests ||
        (b.contextLength ?? 0) - (a.contextLength ?? 0),
    )
    .map((each) => rowOf(each, textContext));
  const traits = [t('Context'), t('Tools'), t('Images')];
  const head = [t('Model'), ...traits, t('Requests'), t('Answered'), t('First token'), t('Busy until')];
  return { head, rows };
}

function rowOf(each: ModelView & { readonly busy: string }, textContext: TextContext): readonly string[] {
  const { model, contextLength, tools, images, requests, answered, firstTokenMs, busy } = each;
  const { t, formats } = textContext;
  const yes = (does: boolean): string => (does ? t('yes') : '–');
  return [
    model,
    contextLength === null ? '–' : formats.compact(contextLength),
    yes(tools),
    yes(images),
    formats.count(requests),
    requests === 0 ? '–' : formats.share(answered, requests),
    firstTokenMs === null ? '–' : tookText(firstTokenMs, textContext),
    busy,
  ];
}
