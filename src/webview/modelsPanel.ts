// The Models tab: free models, each with a button that copies its id.
import { html, type TemplateResult } from 'lit-html';
import type { ModelView } from '../service/messages';
import type { Snapshot } from '../service/snapshot';
import { modelTable } from './modelsView';
import { iconButton, tableSection, type PanelPorts } from './parts';

/** `models` is null until the list has loaded, and empty if it is unavailable. */
export function modelsPanel(
  models: readonly ModelView[] | null,
  snapshot: Snapshot,
  { t, textContext, send }: PanelPorts,
): TemplateResult {
  const table = modelTable(models ?? [], snapshot, textContext());
  const cellsOf = ([model = '', ...cells]: readonly string[]): readonly unknown[] => {
    const copy = iconButton('copy', t('Copy {0}', model), () => send({ type: 'copyModel', model }));
    return [html`${copy} ${model}`, ...cells];
  };
  const none =
    models === null
      ? t('Loading models…')
      : t('OpenRouter’s list of models is not available now. Try again later.');
  const shown = html`<div class="history">${tableSection(t('Free models'), table, cellsOf)}</div>`;
  return html`<div class="tab-content">
    ${table.rows.length === 0 ? html`<p class="none">${none}</p>` : shown}
  </div>`;
}
