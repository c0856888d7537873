// Asks which further models VS Code's chat offers: all models in OpenRouter's list, with filters and sorting.
import { l10n, ThemeIcon, window, type QuickInputButton, type QuickPick, type QuickPickItem } from 'vscode';
import { DisposableStore } from '../../base/disposable';
import { isAlwaysOffered } from '../../chat/offeredModels';
import { isFree, type ListedModel } from '../../clients/modelList';
import { priceText } from '../../words/chatText';
import { traitsText } from '../../words/clientWords';
import { joined } from '../../words/formats';
import type { TextContext } from '../../words/stateWords';
import { textContextOf } from '../messages';

interface ModelItem extends QuickPickItem {
  readonly model: ListedModel;
}

/** A toggle button that hides some models or changes their order. */
interface Filter {
  readonly button: QuickInputButton;
  /** Shown after the title while the filter is on. */
  readonly name: string;
  readonly takes?: (model: ListedModel) => boolean;
  readonly order?: (a: ListedModel, b: ListedModel) => number;
}

/** The selected ids; undefined if the user cancelled. */
export async function chooseModels(
  models: readonly ListedModel[],
  picked: readonly string[],
): Promise<readonly string[] | undefined> {
  using owned = new DisposableStore();
  const box = owned.add(window.createQuickPick<ModelItem>());
  const textContext = textContextOf();
  const items = models.filter((model) => !isAlwaysOffered(model)).map((model) => itemOf(model, textContext));
  const filters = allFilters();
  box.canSelectMany = true;
  box.matchOnDescription = true;
  box.matchOnDetail = true;
  box.ignoreFocusOut = true;
  box.placeholder = l10n.t(
    'Free models that can call tools are always available. Select more models, or type to search',
  );
  box.buttons = filters.map(({ button }) => button);
  show(box, items, new Set(picked), []);
  const on = new Set<Filter>();
  owned.add(
    box.onDidTriggerButton((button) => {
      const filter = filters.find((each) => each.button === button);
      if (filter === undefined) return;
      if (!on.delete(filter)) on.add(filter);
      show(box, items, new Set(idsIn(box.selectedItems)), [...on]);
    }),
  );
  return await new Promise((resolve) => {
    owned.add(box.onDidAccept(() => resolve(idsIn(box.selectedItems))));
    owned.add(box.onDidHide(() => resolve(undefined)));
    box.show();
  });
}

/** Shows models that pass all filters, and selected ones. */
function show(
  box: QuickPick<ModelItem>,
  items: readonly ModelItem[],
  ticked: ReadonlySet<string>,
  on: readonly Filter[],
): void {
  const shown = items
    .filter(({ model }) => ticked.has(model.id) || on.every(({ takes }) => takes?.(model) ?? true))
    .sort((a, b) => on.reduce((order, { order: by }) => by?.(a.model, b.model) ?? order, 0));
  box.title = [l10n.t('Models for VS Code Chat'), ...on.map(({ name }) => name)].join(' · ');
  box.items = shown;
  box.selectedItems = shown.filter(({ model }) => ticked.has(model.id));
}

function idsIn(items: readonly ModelItem[]): readonly string[] {
  return items.map(({ model }) => model.id);
}

function itemOf(model: ListedModel, textContext: TextContext): ModelItem {
  const price = isFree(model) ? l10n.t('free') : priceText(model, textContext);
  return {
    model,
    label: model.name,
    description: model.id,
    detail: joined(' · ', price, traitsText(model, textContext)),
  };
}

function allFilters(): readonly Filter[] {
  const filter = (icon: string, tooltip: string, rest: Omit<Filter, 'button'>): Filter => ({
    button: { iconPath: new ThemeIcon(icon), tooltip },
    ...rest,
  });
  return [
    filter('gift', l10n.t('Show Only Free Models'), { name: l10n.t('free'), takes: isFree }),
    filter('tools', l10n.t('Show Only Models That Can Call Tools'), {
      name: l10n.t('tools'),
      takes: ({ tools }) => tools,
    }),
    filter('file-media', l10n.t('Show Only Models That Accept Images'), {
      name: l10n.t('images'),
      takes: ({ images }) => images,
    }),
    filter('arrow-up', l10n.t('Sort by Price'), {
      name: l10n.t('sorted by price'),
      order: (a, b) => priceOf(a) - priceOf(b),
    }),
    filter('arrow-both', l10n.t('Sort by Context Size'), {
      name: l10n.t('sorted by context size'),
      order: (a, b) => (b.contextLength ?? 0) - (a.contextLength ?? 0),
    }),
  ];
}

/** Sorts by a typical request of an agent: four times more input than output. Unknown prices come last. */
function priceOf({ inputPrice, outputPrice }: ListedModel): number {
  return inputPrice === null || outputPrice === null ? Number.MAX_VALUE : 4 * inputPrice + outputPrice;
}
