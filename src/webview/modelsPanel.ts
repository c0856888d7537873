// The Models tab: free models, each with a button that copies its id.
import type { ModelView } from '../service/messages';
import type { Snapshot } from '../service/snapshot';
import type { Translate } from '../words/translate';
import { element, headCell, iconButton, namedCells, setChildren, setHidden, setText } from './dom';
import { useTable, type HistoryPanelPorts } from './historyPanel';
import { modelColumns, modelRows, type FreeModelRow } from './modelsView';

export class ModelsPanel {
  readonly element: HTMLElement;
  private readonly none = element('p', 'none');
  private readonly body = element('tbody');
  private readonly table: HTMLElement;
  private lines: ReadonlyMap<string, FreeModelLine> = new Map();

  constructor(private readonly ports: HistoryPanelPorts) {
    const { t } = ports.speech();
    this.table = useTable(t('Free models'), [t('Model'), ...modelColumns(t)], this.body);
    this.element = element('div', 'tab-content', this.none, element('div', 'history', this.table));
  }

  /** `models` is null until the list has loaded, and empty if it is unavailable. */
  update(models: readonly ModelView[] | null, snapshot: Snapshot): void {
    const speech = this.ports.speech();
    const { t } = speech;
    const rows = modelRows(models ?? [], snapshot, speech);
    setText(
      this.none,
      models === null
        ? t('Loading models…')
        : t('OpenRouter’s list of models is not available now. Try again later.'),
    );
    setHidden(this.none, rows.length > 0);
    setHidden(this.table, rows.length === 0);
    const lines = rows.map((row) => {
      const line = this.lines.get(row.model) ?? this.lineOf(row, t);
      line.update(row);
      return [row.model, line] as const;
    });
    this.lines = new Map(lines);
    setChildren(
      this.body,
      lines.map(([, line]) => line.element),
    );
  }

  private lineOf({ model }: FreeModelRow, t: Translate): FreeModelLine {
    const copy = iconButton('copy', t('Copy {0}', model), () =>
      this.ports.send({ type: 'copyModel', model }),
    );
    return new FreeModelLine(headCell('row', '', copy, ' ', model), modelColumns(t));
  }
}

/** Kept while its model is listed, so that its button keeps the focus. */
class FreeModelLine {
  readonly element: HTMLTableRowElement;
  private readonly cells: readonly HTMLTableCellElement[];

  constructor(head: HTMLTableCellElement, columns: readonly string[]) {
    this.cells = namedCells(columns);
    this.element = element('tr', '', head, ...this.cells);
  }

  update({ cells }: FreeModelRow): void {
    for (const [index, at] of this.cells.entries()) setText(at, cells[index] ?? '');
  }
}
