// Tells once when a model has ended that a connected client or VS Code's chat uses, and puts another one in its place.
import { ConfigurationTarget, l10n, window, workspace, type Memento } from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable';
import { freeRouter, isFree, listModels, type ListedModel } from '../../clients/modelList';
import { isUnlisted, modelUses, successorOf } from '../../clients/obituary';
import { obituaryText } from '../../words/clientWords';
import { askModel } from './askModel';
import { endpointFor, tellConnected } from './connectClient';
import { endpointOf, runningEndpoint, type ClientPorts } from './ports';

const recordName = 'endedModels';
const mostTold = 100;

export interface ObituariesPorts {
  readonly clients: ClientPorts;
  readonly models: () => Promise<readonly ListedModel[]>;
  /** Shared by all windows of the user. */
  readonly globalState: Memento;
}

export class Obituaries implements Disposable {
  private readonly owned = new DisposableStore();
  /** Models that OpenRouter's answers called ended, each with what they name in its place. */
  private readonly named = new Map<string, readonly string[]>();

  constructor(private readonly ports: ObituariesPorts) {
    this.owned.add(
      ports.clients.service.onDidFinishExchange(({ attempts }) => {
        const ended = attempts.flatMap((attempt) => attempt.ended ?? []);
        if (this.named.size >= mostTold) this.named.clear();
        for (const { model, successors } of ended) this.named.set(model, successors);
        if (ended.length > 0) this.look();
      }),
    );
    this.owned.add(window.onDidChangeWindowState(() => this.look()));
    this.look();
  }

  dispose(): void {
    this.owned.dispose();
  }

  private look(): void {
    this.tellAll().catch((error: unknown) =>
      this.ports.clients.log.error('Models that have ended could not be looked for.', error),
    );
  }

  /** Only in the focused window; another one looks when it gets the focus. */
  private async tellAll(): Promise<void> {
    const { clients, models, globalState } = this.ports;
    const { service, settings, connector } = clients;
    const endpoint = runningEndpoint(clients);
    if (!window.state.focused || endpoint === null) return;
    const picked = settings.values.chatModels;
    const uses = modelUses(await connector.records(), service.activity(), picked, l10n.t('VS Code Chat'));
    // Read anew each time: several requests may have found out at once.
    const told = (): readonly string[] => globalState.get(recordName, []);
    const over = (listed: readonly ListedModel[]): readonly string[] =>
      [...new Set(uses.map(([model]) => model))].filter(
        (model) => !told().includes(model) && (this.named.has(model) || isUnlisted(model, listed)),
      );
    if (uses.length === 0 || over(await models()).length === 0) return;
    // The list may be older than the model.
    const listed = await listModels(endpoint);
    const ended = over(listed);
    await globalState.update(recordName, [...ended, ...told()].slice(0, mostTold));
    await Promise.all(
      ended.map(async (model) => {
        const users = new Set(uses.flatMap(([used, user]) => (used === model ? [user] : [])));
        await this.tell(model, [...users], listed);
      }),
    );
  }

  private async tell(model: string, users: readonly string[], listed: readonly ListedModel[]): Promise<void> {
    const next = successorOf(model, this.named.get(model) ?? [], listed);
    const successor = next?.id ?? freeRouter;
    const isPaid = next !== null && !isFree(next);
    const isSaid = this.named.has(model);
    const text = obituaryText({ model, users, isSaid, successor, isPaid }, l10n.t);
    const [use, another] = [l10n.t('Use {0}', successor), l10n.t('Choose Another…')];
    const choice = await window.showWarningMessage(text, use, another);
    const title = l10n.t('Replace {0}', model);
    const asked = { title, models: Promise.resolve(listed), hasOwnModels: false };
    const chosen = choice === another ? await askModel(asked) : choice && successor;
    if (chosen) await this.replace(model, chosen, listed);
  }

  private async replace(model: string, chosen: string, listed: readonly ListedModel[]): Promise<void> {
    const { clients } = this.ports;
    const endpoint = endpointOf(clients, null);
    if (endpoint === null) return;
    const done = await clients.connector.replaceModel(model, endpoint, (client) =>
      endpointFor(client, chosen, endpoint, listed),
    );
    const picked = clients.settings.values.chatModels;
    if (picked.includes(model)) {
      const now = [...new Set(picked.map((id) => (id === model ? chosen : id)))];
      await workspace.getConfiguration('keywheel.chat').update('models', now, ConfigurationTarget.Global);
    }
    tellConnected(done, (names) => l10n.t('Updated: {0}.', names), clients);
  }
}

/** Removes the record of models that the user was told of. */
export async function forgetObituaries(globalState: Memento): Promise<void> {
  await globalState.update(recordName, undefined);
}
