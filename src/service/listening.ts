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

export class Listening implements Disposable {
  private current: ProxyState = { kind: 'stopped' };
  private listeners: Listeners | null = null;
  /** While the port is being bound. */
  private binding: Promise<Listeners> | null = null;
  /** Number of the latest start or stop: the result of an earlier start is ignored. */
  private turn = 0;

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
    const turn = ++this.turn;
    this.set({ kind: 'starting' });
    try {
      const listeners = await (this.binding = listen(host, port, this.ports.serve));
      // `stop` or `dispose` closes these listeners.
      if (turn !== this.turn) return this.current;
      this.binding = null;
      this.listeners = listeners;
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
      if (turn !== this.turn) return this.current;
      this.binding = null;
      this.set({ kind: 'failed', port, ...failureOf(error) });
      // The caller shows the reason to the user.
      this.ports.log.debug(`The proxy cannot listen on ${host}:${port}: ${codeOf(error)}.`);
    }
    return this.current;
  }

  /** Frees the port; connections with a running answer stay open. */
  async stop(): Promise<void> {
    const { listeners, binding } = this;
    this.forget();
    this.ports.onDidChange();
    await (listeners ?? (await binding?.catch(() => null)))?.close();
  }

  dispose(): void {
    const { listeners, binding } = this;
    this.forget();
    listeners?.destroy();
    void binding?.then((late) => late.destroy()).catch(() => undefined);
  }

  private forget(): void {
    this.turn++;
    this.listeners = null;
    this.binding = null;
    this.current = { kind: 'stopped' };
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
