// Asks for the model that a client is to use: the free ones that OpenRouter lists, or any that is typed.
import { l10n, window, type QuickPickItem } from 'vscode';
import type { Endpoint } from '../../service/clients/client';
import { freeModels, freeRouter } from '../../service/clients/modelList';
import type { Clock } from '../../base/clock';

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
  const chosen = await window.showQuickPick(items(asked), {
    title: asked.title,
    placeHolder: l10n.t('Choose the model that it is to use'),
    matchOnDescription: true,
  });
  if (chosen?.model !== undefined || chosen === undefined) return chosen?.model;
  const typed = await window.showInputBox({
    title: asked.title,
    prompt: l10n.t('Id of the model, as OpenRouter lists it'),
    placeHolder: 'author/model',
    ignoreFocusOut: true,
    validateInput: (text) =>
      /^[^\s/]+\/\S+$/.test(text.trim()) ? undefined : l10n.t('A model id has the form author/model.'),
  });
  return typed?.trim();
}

async function items({ endpoint, clock, hasOwnModels }: AskModel): Promise<ModelItem[]> {
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
  const free = (await freeModels(endpoint, clock)).map((model) => ({ label: model, model }));
  return [router, ...(hasOwnModels ? [own] : []), other, ...free.filter(({ model }) => model !== freeRouter)];
}
