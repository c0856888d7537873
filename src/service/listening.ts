// The proxy's port: bound, given free, or told why it cannot be had.
import type { Disposable } from '../base/disposable';
import type { Log } from '../base/log';
import { codeOf } from '../base/systemError';
import { listen, type Listeners, type Serve } from '../proxy/listeners';
import type { ProxyFailure, ProxyState } from './snapshot';
import { whoIsThere } from './whoIsThere';

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
  /** Which try to listen holds: what comes of an earlier one changes nothing any more. */
  private turn = 0;

  constructor(private readonly ports: ListeningPorts) {}

  get state(): ProxyState {
    return this.current;
  }

  /** Whether it listens, or tries to. */
  get isOn(): boolean {
    return this.current.kind !== 'stopped';
  }

  /** Resolves with `running`, or with `failed` and why; what listens already goes on. */
  async start(host: string, port: number): Promise<ProxyState> {
    if (this.current.kind === 'running' || this.current.kind === 'starting') return this.current;
    const turn = ++this.turn;
    this.set({ kind: 'starting' });
    try {
      const listeners = await (this.binding = listen(host, port, this.ports.serve));
      // Whoever stopped it closes them.
      if (turn !== this.turn) return this.current;
      this.binding = null;
      this.listeners = listeners;
      if (listeners.strangerOnIpv6 !== null) {
        this.ports.log.warn(
          `Another program has [::1]:${listeners.port}: use 127.0.0.1, not localhost, in base URLs.`,
        );
      }
      const shown = host.includes(':') ? `[${host}]` : host;
      this.set({
        kind: 'running',
        host,
        port: listeners.port,
        baseUrl: `http://${shown}:${listeners.port}/api/v1`,
      });
      this.ports.log.info(`Listening on ${shown}:${listeners.port}.`);
    } catch (error: unknown) {
      const failure = await failureOf(error, host, port);
      if (turn !== this.turn) return this.current;
      this.binding = null;
      this.set({ kind: 'failed', port, ...failure });
      // Whoever started it shows why, in words for people.
      this.ports.log.debug(`The proxy cannot listen on ${host}:${port}: ${codeOf(error)}.`);
    }
    return this.current;
  }

  /** Gives the port free; connections with a running answer stay. */
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

async function failureOf(
  error: unknown,
  host: string,
  port: number,
): Promise<{ readonly code: ProxyFailure; readonly detail: string }> {
  const detail = codeOf(error);
  if (detail === 'EACCES') return { code: 'portForbidden', detail };
  if (detail !== 'EADDRINUSE') return { code: 'other', detail };
  return { code: (await whoIsThere(host, port)) === 'keywheel' ? 'keywheelThere' : 'portInUse', detail };
}
