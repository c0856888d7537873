// Waits on a port of its own for the browser to come back from OpenRouter's page: for one answer, or ten minutes.
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import { codeIn, signInLivesMs } from './signIn';

/** `denied`: the user said no on OpenRouter's page · `timeout`: nobody came within ten minutes · `closed`: given up here. */
export type SignInAnswer =
  | { readonly kind: 'code'; readonly code: string }
  | { readonly kind: 'denied' }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'closed' };

export interface SignInPages {
  /** HTML documents that the browser shows at the end. */
  readonly done: string;
  readonly denied: string;
}

const headers = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  connection: 'close',
};

export class SignInListener implements Disposable {
  /** `/<random>/<state>`: the first part keeps others out, the second is checked against the answer's. */
  private readonly path = `/${randomBytes(12).toString('base64url')}`;
  private readonly state = randomBytes(24).toString('base64url');
  private readonly timer: Disposable;
  private resolve: (answer: SignInAnswer) => void = () => undefined;
  /** Resolves once, whatever happens; then nothing listens any more. */
  readonly answer = new Promise<SignInAnswer>((resolve) => (this.resolve = resolve));

  private constructor(
    private readonly server: Server,
    private readonly pages: SignInPages,
    clock: Clock,
  ) {
    server.on('request', (request, response) => this.serve(request, response));
    this.timer = clock.after(signInLivesMs, () => this.finish({ kind: 'timeout' }));
  }

  /** Listens on 127.0.0.1 at any free port; rejects where not even that can be had. Who starts it disposes it. */
  static async start(clock: Clock, pages: SignInPages): Promise<SignInListener> {
    const server = createServer({ requestTimeout: 10_000 });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: '127.0.0.1', port: 0 }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    return new SignInListener(server, pages, clock);
  }

  /** Where the browser is to come back to, on this machine. */
  get url(): string {
    const { port } = this.server.address() as AddressInfo;
    return `http://127.0.0.1:${port}${this.path}/${this.state}`;
  }

  dispose(): void {
    this.finish({ kind: 'closed' });
  }

  private serve({ method, url = '/' }: IncomingMessage, response: ServerResponse): void {
    const target = new URL(url, 'http://127.0.0.1');
    if (method !== 'GET' || !target.pathname.startsWith(`${this.path}/`)) {
      response.writeHead(404, { connection: 'close' }).end();
      return;
    }
    if (!isSame(target.pathname.slice(this.path.length + 1), this.state)) {
      // Somebody else's answer ends nothing: the right one may still come.
      response.writeHead(403, { connection: 'close' }).end();
      return;
    }
    const code = codeIn(target.searchParams.get('code') ?? '');
    response.writeHead(200, headers).end(code === null ? this.pages.denied : this.pages.done);
    this.finish(code === null ? { kind: 'denied' } : { kind: 'code', code });
  }

  private finish(answer: SignInAnswer): void {
    this.timer.dispose();
    this.resolve(answer);
    if (this.server.listening) this.server.close();
  }
}

function isSame(presented: string, expected: string): boolean {
  const [a, b] = [Buffer.from(presented), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
