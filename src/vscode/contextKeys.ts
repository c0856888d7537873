// Context keys for the `enablement` of commands and the walkthrough; not a public API.
import { commands } from 'vscode';
import type { Disposable } from '../base/disposable';
import type { CurrentState } from './currentState';

/** Sets `keywheel.running`, `hasKeys`, `hasClient` and `hasServed` from the state. */
export class ContextKeys implements Disposable {
  private readonly known = new Map<string, boolean>();
  private readonly subscription: Disposable;

  constructor(private readonly state: Pick<CurrentState, 'read' | 'onDidChange'>) {
    this.subscription = state.onDidChange(() => this.update());
    this.update();
  }

  dispose(): void {
    this.subscription.dispose();
  }

  private update(): void {
    const { snapshot } = this.state.read();
    this.set('keywheel.running', snapshot.proxy.kind === 'running');
    this.set('keywheel.hasKeys', snapshot.wheel.keys > 0);
    const hasServed = snapshot.accounts.some(({ keys }) => keys.some(({ requests }) => requests > 0));
    this.set('keywheel.hasServed', hasServed);
    // A client that has sent a request is connected, even if by hand.
    this.set('keywheel.hasClient', hasServed);
  }

  private set(name: string, value: boolean): void {
    if (this.known.get(name) === value) return;
    this.known.set(name, value);
    void commands.executeCommand('setContext', name, value);
  }
}
