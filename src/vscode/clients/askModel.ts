// Asks for a client's model: a free one from OpenRouter's list, or a typed id.
import { l10n, QuickPickItemKind, window, type QuickPickItem } from 'vscode';
import { DisposableStore } from '../../base/disposable';
import { traitsText } from '../../words/clientWords';
import { freeRouter, typedModel, type ListedModel } from '../../clients/modelList';
import { textContextOf } from '../messages';

interface ModelItem extends QuickPickItem {
  /** Null: the client's own models. Undefined: opens a box to type an id. */
  readonly model: string | null | undefined;
}

export interface AskModel {
  readonly title: string;
  readonly models: Promise<readonly ListedModel[]>;
  /** Whether to offer the client's own models, which are paid. */
  readonly hasOwnModels: boolean;
}

/** The model's id; null for the client's own models, undefined if the user cancelled. */
export async function askModel(asked: AskModel): Promise<string | null | undefined> {
  const chosen = await pickModel(asked);
  if (chosen?.model !== undefined || chosen === undefined) return chosen?.model;
  const typed = await window.showInputBox({
    title: asked.title,
    prompt: l10n.t('Model ID, for example openai/gpt-5'),
    placeHolder: 'author/model',
    ignoreFocusOut: true,
    validateInput: (text) => (typedModel(text) === null ? formText() : undefined),
  });
  return typed?.trim();
}

/** Shows the fixed items first, because the request for OpenRouter's list takes seconds to fail without a network. */
async function pickModel(asked: AskModel): Promise<ModelItem | undefined> {
  using owned = new DisposableStore();
  const box = owned.add(window.createQuickPick<ModelItem>());
  const first = firstItems(asked);
  const last: ModelItem = { label: l10n.t('Another model…'), model: undefined };
  box.title = asked.title;
  box.placeholder = l10n.t('Select a model');
  box.matchOnDescription = true;
  box.ignoreFocusOut = true;
  box.items = [...first, last];
  box.busy = true;
  void asked.models.then((models) => {
    // This has no effect on a box that was closed meanwhile.
    const { activeItems } = box;
    box.items = [...first, ...freeItems(models), last];
    // Without an active item before, VS Code activates the first new one.
    if (activeItems.length > 0) box.activeItems = activeItems;
    box.busy = false;
  });
  return await new Promise<ModelItem | undefined>((resolve) => {
    owned.add(
      box.onDidAccept(() => {
        // A paid model, which the list lacks, can be typed into the filter box.
        const typed = typedModel(box.value);
        const chosen = box.selectedItems[0] ?? (typed === null ? null : itemOf(typed));
        if (chosen !== null) resolve(chosen);
        // In the title, because the typed text hides the placeholder.
        else box.title = `${asked.title} · ${formText()}`;
      }),
    );
    owned.add(box.onDidChangeValue(() => (box.title = asked.title)));
    owned.add(box.onDidHide(() => resolve(undefined)));
    box.show();
  });
}

/** Free models under a separator with their count, each with its traits. */
function freeItems(models: readonly ListedModel[]): readonly ModelItem[] {
  const free = models.filter(({ id }) => id.endsWith(':free')).sort((a, b) => a.id.localeCompare(b.id));
  if (free.length === 0) return [];
  const textContext = textContextOf();
  const heading = l10n.t('{0} free models', textContext.formats.count(free.length));
  return [
    { label: heading, kind: QuickPickItemKind.Separator, model: undefined },
    ...free.map((model) => ({ ...itemOf(model.id), description: traitsText(model, textContext) })),
  ];
}

function formText(): string {
  return l10n.t('A model ID has the form author/model.');
}

function itemOf(model: string): ModelItem {
  return { label: model, model };
}

function firstItems({ hasOwnModels }: AskModel): ModelItem[] {
  const router = { label: freeRouter, description: l10n.t('Any available free model'), model: freeRouter };
  const own: ModelItem = {
    label: l10n.t('Keep the client’s own models'),
    description: l10n.t('Paid'),
    model: null,
  };
  return [router, ...(hasOwnModels ? [own] : [])];
}
