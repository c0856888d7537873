// The context key `keywheel.hasConnection`: what only a connected client can be asked for is offered only then.
import { commands, window } from 'vscode';
import type { Disposable } from '../../base/disposable';
import type { Log } from '../../base/log';
import type { ConnectionRecords } from '../../service/clients/records';

export interface ConnectionKeyPorts {
  readonly records: Pick<ConnectionRecords, 'all' | 'onDidChange'>;
  readonly log: Log;
}

/** Keeps the key true to the records: to this window's changes at once, to another window's when this one gets the focus. */
export class ConnectionKey implements Disposable {
  private readonly subscriptions: readonly Disposable[];
  private shown: boolean | null = null;
  private isDisposed = false;

  constructor(private readonly ports: ConnectionKeyPorts) {
    this.subscriptions = [
      ports.records.onDidChange(() => this.look()),
      window.onDidChangeWindowState(({ focused }) => {
        if (focused) this.look();
      }),
    ];
    this.look();
  }

  dispose(): void {
    this.isDisposed = true;
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private look(): void {
    this.ports.records.all().then(
      (known) => this.show(known.length > 0),
      (error: unknown) => {
        if (this.shown === null)
          this.ports.log.error('The records of connected clients cannot be read.', error);
        // Whoever asks for something is told why it cannot be done.
        this.show(true);
      },
    );
  }

  private show(hasConnection: boolean): void {
    if (this.isDisposed || hasConnection === this.shown) return;
    this.shown = hasConnection;
    void commands.executeCommand('setContext', 'keywheel.hasConnection', hasConnection);
  }
}
