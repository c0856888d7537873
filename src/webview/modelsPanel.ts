// The Models tab: free models, each with a button that copies its id.
import { html, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import type { ModelView } from '../service/messages';
import type { Snapshot } from '../service/snapshot';
import { figuresRow, useTable } from './historyPanel';
import { modelColumns, modelRows, type FreeModelRow } from './modelsView';
import { iconButton, type PanelPorts } from './parts';

/** `models` is null until the list has loaded, and empty if it is unavailable. */
export function modelsPanel(
  models: readonly ModelView[] | null,
  snapshot: Snapshot,
  { t, speech, send }: PanelPorts,
): TemplateResult {
  const columns = modelColumns(t);
  const row = ({ model, cells }: FreeModelRow): TemplateResult => {
    const copy = iconButton('copy', t('Copy {0}', model), () => send({ type: 'copyModel', model }));
    return figuresRow(html`${copy} ${model}`, columns, cells);
  };
  const rows = modelRows(models ?? [], snapshot, speech());
  const none =
    models === null
      ? t('Loading models…')
      : t('OpenRouter’s list of models is not available now. Try again later.');
  const table = useTable(
    t('Free models'),
    [t('Model'), ...columns],
    repeat(rows, ({ model }) => model, row),
  );
  return html`<div class="tab-content">
    ${rows.length === 0 ? html`<p class="none">${none}</p>` : html`<div class="history">${table}</div>`}
  </div>`;
}
