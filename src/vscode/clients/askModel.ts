// Asks for the model that a client is to use: the free ones that OpenRouter lists, or any that is typed.
import { l10n, window, type QuickPickItem } from 'vscode';
import type { Clock } from '../../base/clock';
import { DisposableStore } from '../../base/disposable';
import type { Endpoint } from '../../service/clients/client';
import { freeModels, freeRouter, typedModel } from '../../service/clients/modelList';

interface ModelItem extends QuickPickItem {
  /** Null: the client's own models. Undefined: asked for by typing. */
  readonly model: string | null | undefined;
}

export interface AskModel {
  readonly title: string;
  readonly endpoint: Endpoint;
  readonly clock: Clock;
  /** Whether "its own models" is offered, which are paid. */
  readonly hasOwnModels: boolean;
}

/** Undefined when the user left it. */
export async function askModel(asked: AskModel): Promise<string | null | undefined> {
  const chosen = await pickModel(asked);
  if (chosen?.model !== undefined || chosen === undefined) return chosen?.model;
  const typed = await window.showInputBox({
    title: asked.title,
    prompt: l10n.t('Id of the model, as OpenRouter lists it'),
    placeHolder: 'author/model',
    ignoreFocusOut: true,
    validateInput: (text) => (typedModel(text) === null ? formText() : undefined),
  });
  return typed?.trim();
}

/** OpenRouter's list comes behind what can be chosen without it: where there is no network, it takes seconds not to come. */
async function pickModel(asked: AskModel): Promise<ModelItem | undefined> {
  const owned = new DisposableStore();
  const box = owned.add(window.createQuickPick<ModelItem>());
  const first = firstItems(asked);
  box.title = asked.title;
  box.placeholder = l10n.t('Choose the model that it is to use');
  box.matchOnDescription = true;
  box.ignoreFocusOut = true;
  box.items = first;
  box.busy = true;
  void freeModels(asked.endpoint, asked.clock).then((models) => {
    // In a box that was closed meanwhile, this changes nothing.
    const { activeItems } = box;
    box.items = [...first, ...models.filter((model) => model !== freeRouter).map(itemOf)];
    // Where what was typed had no match before, VS Code marks the first one that the list has.
    if (activeItems.length > 0) box.activeItems = activeItems;
    box.busy = false;
  });
  try {
    return await new Promise<ModelItem | undefined>((resolve) => {
      owned.add(
        box.onDidAccept(() => {
          const chosen = box.selectedItems[0] ?? typedItem(box.value);
          if (chosen !== null) resolve(chosen);
          // The placeholder is hidden by what was typed.
          else box.title = `${asked.title} · ${formText()}`;
        }),
      );
      owned.add(
        box.onDidChangeValue(() => {
          box.title = asked.title;
        }),
      );
      owned.add(box.onDidHide(() => resolve(undefined)));
      box.show();
    });
  } finally {
    owned.dispose();
  }
}

/** The list has free models only: any other may be typed at once, into what filters the list. */
function typedItem(text: string): ModelItem | null {
  const model = typedModel(text);
  return model === null ? null : itemOf(model);
}

function formText(): string {
  return l10n.t('A model id has the form author/model.');
}

function itemOf(model: string): ModelItem {
  return { label: model, model };
}

function firstItems({ hasOwnModels }: AskModel): ModelItem[] {
  const router = {
    label: freeRouter,
    description: l10n.t('Any free model that is not busy'),
    model: freeRouter,
  };
  const own: ModelItem = {
    label: l10n.t('Its own models'),
    description: l10n.t('Paid: the models that the client asks for by itself'),
    model: null,
  };
  const other: ModelItem = { label: l10n.t('Another model…'), model: undefined };
  return [router, ...(hasOwnModels ? [own] : []), other];
}
