// Waits on its own port for the browser's redirect from OpenRouter's page: until one answer has come, or ten minutes.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../base/clock';
import type { Disposable } from '../../base/disposable';
import { Secret } from '../../base/secret';
import { codeIn, signInLivesMs } from './signIn';

/** `denied`: the user refused on OpenRouter's page · `timeout`: no redirect within ten minutes · `closed`: cancelled here. */
export type SignInAnswer =
  { readonly kind: 'code'; readonly code: string } | { readonly kind: 'denied' | 'timeout' | 'closed' };

export interface SignInPages {
  /** HTML documents that the browser shows at the end. */
  readonly done: string;
  readonly denied: string;
}

const headers = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  connection: 'close',
};

export class SignInListener implements Disposable {
  /** The URL's path is `/<path>/<state>`: other programs cannot guess the first part, and the second must match in the answer. */
  private readonly path = `/${randomBytes(12).toString('base64url')}`;
  private readonly state = new Secret(randomBytes(24).toString('base64url'));
  private readonly timer: Disposable;
  private resolve: (answer: SignInAnswer) => void = () => undefined;
  /** Resolves once, with every end; from then on the port is closed. */
  readonly answer = new Promise<SignInAnswer>((resolve) => (this.resolve = resolve));

  private constructor(
    private readonly server: Server,
    private readonly pages: SignInPages,
    clock: Clock,
  ) {
    server.on('request', (request, response) => this.serve(request, response));
    this.timer = clock.after(signInLivesMs, () => this.finish({ kind: 'timeout' }));
  }

  /** Listens on any free port of 127.0.0.1; rejects if it cannot. The caller disposes it. */
  static async start(clock: Clock, pages: SignInPages): Promise<SignInListener> {
    const server = createServer({ requestTimeout: 10_000 });
    await once(server.listen({ host: '127.0.0.1', port: 0 }), 'listening');
    return new SignInListener(server, pages, clock);
  }

  /** The redirect URL on this machine. */
  get url(): string {
    const { port } = this.server.address() as AddressInfo;
    return `http://127.0.0.1:${port}${this.path}/${this.state.reveal()}`;
  }

  dispose(): void {
    this.finish({ kind: 'closed' });
  }

  private serve({ method, url = '/' }: IncomingMessage, response: ServerResponse): void {
    // `new URL` throws at targets that any program may send, such as `//`.
    const [path = '', query = ''] = url.split('?');
    if (method !== 'GET' || !path.startsWith(`${this.path}/`)) {
      response.writeHead(404, { connection: 'close' }).end();
      return;
    }
    if (!this.state.matches(path.slice(this.path.length + 1))) {
      // A request with a wrong state does not end the wait: the right redirect may still come.
      response.writeHead(403, { connection: 'close' }).end();
      return;
    }
    const code = codeIn(new URLSearchParams(query).get('code') ?? '');
    response.writeHead(200, headers).end(code === null ? this.pages.denied : this.pages.done);
    this.finish(code === null ? { kind: 'denied' } : { kind: 'code', code });
  }

  private finish(answer: SignInAnswer): void {
    this.timer.dispose();
    this.resolve(answer);
    if (this.server.listening) this.server.close();
  }
}
