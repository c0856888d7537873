// The variables of new terminals: there while the proxy runs and as far as they are ticked, and never kept by VS Code.
import { l10n, workspace, type EnvironmentVariableCollection } from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable';
import type { Event } from '../../base/event';
import { terminalVariables } from '../../service/clients/terminal';
import { endpointOf, type ClientPorts } from './ports';
import { terminalSetting } from './terminalPick';

export interface TerminalEnvironmentPorts extends Pick<ClientPorts, 'service' | 'keyring' | 'settings'> {
  readonly collection: EnvironmentVariableCollection;
  /** Something in the state of the proxy has changed. */
  readonly onDidChange: Event<void>;
}

/** Owns the collection: it is empty after `dispose`. */
export class TerminalEnvironment implements Disposable {
  private readonly owned = new DisposableStore();
  private shown = '{}';

  constructor(private readonly ports: TerminalEnvironmentPorts) {
    const { collection, onDidChange } = ports;
    // First of all: what is put in before would outlast the window.
    collection.persistent = false;
    collection.clear();
    this.owned.add(onDidChange(() => this.update()));
    this.owned.add(
      workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(terminalSetting)) this.update();
      }),
    );
    this.update();
  }

  dispose(): void {
    this.owned.dispose();
    this.ports.collection.clear();
  }

  private update(): void {
    const wanted = this.wanted();
    const text = JSON.stringify(wanted);
    // Every change marks the open terminals as outdated: none without need.
    if (text === this.shown) return;
    this.shown = text;
    const { collection } = this.ports;
    collection.clear();
    // Names alone: what is in them is for programs.
    collection.description = l10n.t(
      'Programs in this terminal use Keywheel’s proxy. Replaced: {0}.',
      Object.keys(wanted).join(', '),
    );
    for (const [name, value] of Object.entries(wanted)) collection.replace(name, value);
  }

  private wanted(): Readonly<Record<string, string>> {
    const endpoint = endpointOf(this.ports, null);
    if (this.ports.service.snapshot().proxy.kind !== 'running' || endpoint === null) return {};
    const variables = this.ports.settings.terminalClients.map((client) =>
      terminalVariables(client, endpoint),
    );
    return Object.assign({}, ...variables) as Record<string, string>;
  }
}
