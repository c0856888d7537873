// OpenRouter's list of models for all features of this window.
import path from 'node:path';
import type { ExtensionContext } from 'vscode';
import { ModelCatalogue } from '../../clients/modelCatalogue';
import { listModels, type ListedModel } from '../../clients/modelList';
import { runningEndpoint, type ClientPorts } from './ports';

/** Reads the list, at most an hour old if OpenRouter can be reached. */
export function listedModels(
  context: ExtensionContext,
  clients: ClientPorts,
): () => Promise<readonly ListedModel[]> {
  const { clock, log } = clients;
  const file = path.join(context.globalStorageUri.fsPath, 'models.json');
  const ask = async (): Promise<readonly ListedModel[] | null> => {
    const endpoint = runningEndpoint(clients);
    return endpoint === null ? null : await listModels(endpoint);
  };
  const catalogue = new ModelCatalogue({ clock, log, file, ask });
  return async () => await catalogue.models();
}
