// Binds and frees the proxy's port, and tells why it cannot be bound.
import type { Disposable } from '../base/disposable';
import type { Log } from '../base/log';
import { codeOf } from '../base/systemError';
import { listen, type Listeners, type Serve } from '../proxy/request/listeners';
import { urlHost } from './settings';
import type { ProxyFailure, ProxyState } from './snapshot';

interface ListeningPorts {
  readonly log: Log;
  readonly serve: Serve;
  readonly onDidChange: () => void;
}

export class PortListener implements Disposable {
  private current: ProxyState = { kind: 'stopped' };
  /** The listeners of the latest start, open or about to open; null after a stop, which closes them. */
  private opened: Promise<Listeners> | null = null;

  constructor(private readonly ports: ListeningPorts) {}

  get state(): ProxyState {
    return this.current;
  }

  /** Whether it listens, or tries to. */
  get isOn(): boolean {
    return this.current.kind !== 'stopped';
  }

  /** Resolves with `running`, or with `failed` and the reason; changes nothing if it listens already. */
  async start(host: string, port: number): Promise<ProxyState> {
    if (this.current.kind === 'running' || this.current.kind === 'starting') return this.current;
    this.set({ kind: 'starting' });
    const opened = (this.opened = listen(host, port, this.ports.serve));
    try {
      const listeners = await opened;
      // `stop` or `dispose` closes these listeners.
      if (opened !== this.opened) return this.current;
      if (listeners.strangerOnIpv6 !== null) {
        this.ports.log.warn(
          `Another program has [::1]:${listeners.port}: use 127.0.0.1, not localhost, in base URLs.`,
        );
      }
      const shown = urlHost(host);
      this.set({
        kind: 'running',
        host,
        port: listeners.port,
        baseUrl: `http://${shown}:${listeners.port}/api/v1`,
      });
      this.ports.log.info(`Listening on ${shown}:${listeners.port}.`);
    } catch (error: unknown) {
      if (opened !== this.opened) return this.current;
      this.set({ kind: 'failed', port, ...failureOf(error) });
      // The caller shows the reason to the user.
      this.ports.log.debug(`The proxy cannot listen on ${host}:${port}: ${codeOf(error)}.`);
    }
    return this.current;
  }

  /** Frees the port; connections with a running answer stay open. */
  async stop(): Promise<void> {
    const opened = this.forget();
    this.ports.onDidChange();
    await (await opened)?.close();
  }

  dispose(): void {
    void this.forget().then((listeners) => listeners?.destroy());
  }

  private async forget(): Promise<Listeners | null> {
    const { opened } = this;
    this.opened = null;
    this.current = { kind: 'stopped' };
    return (await opened?.catch(() => null)) ?? null;
  }

  private set(state: ProxyState): void {
    this.current = state;
    this.ports.onDidChange();
  }
}

function failureOf(error: unknown): { readonly code: ProxyFailure; readonly detail: string } {
  const detail = codeOf(error);
  if (detail === 'EACCES') return { code: 'portForbidden', detail };
  return { code: detail === 'EADDRINUSE' ? 'portInUse' : 'other', detail };
}
