// HTTP helpers for all rooms: headers as they came, a flat list of name, value, name, value; and requests of our own,
// mostly to this machine.
import { ClientRequest, request as httpRequest, type Agent, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect as tcpConnect } from 'node:net';
import { SystemClock } from './clock';
import { codeOf } from './systemError';

/** All values of the header, in order; `name` in lower case. */
export function headerValues(headers: readonly string[], name: string): readonly string[] {
  const values: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    if (headers[index]?.toLowerCase() === name) values.push(headers[index + 1] ?? '');
  }
  return values;
}

/** With these headers a page of another site can neither read nor embed an answer of our own. */
export const ownHeaders: readonly string[] = [
  'cross-origin-resource-policy',
  'same-origin',
  'x-frame-options',
  'DENY',
];

export interface Question {
  readonly url: string;
  /** Default: GET. */
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  /** Ends the request early, as `failed` with the code `timeout`. */
  readonly signal?: AbortSignal;
  /**
   * `shared`: like every extension's request, through the patch that VS Code puts around `http`. `bare`: on a socket of
   * its own. An agent: on its sockets, past VS Code's patch too; the connection is kept. Default: `shared`.
   */
  readonly way?: 'shared' | 'bare' | Agent;
  /** A longer body is cut. Default: 16 Mi, as OpenRouter's list of models has a megabyte. */
  readonly mostCharacters?: number;
}

export type Answer =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: IncomingMessage['headers'];
      readonly text: string;
      /** From the start of the request to the last byte that was read. */
      readonly tookMs: number;
    }
  /** `code`: the system's, `timeout`, or `noHttp` where the peer does not speak HTTP. */
  | { readonly kind: 'failed'; readonly code: string };

/** Sends the request and reads the answer; never rejects. Durations are the machine's own, as those of the sockets are. */
export async function ask(question: Question): Promise<Answer> {
  const clock = new SystemClock();
  const { timeoutMs, body, mostCharacters = 16 * 1024 * 1024 } = question;
  const startedAtMs = clock.elapsedMs();
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = question.signal ? AbortSignal.any([question.signal, timeout]) : timeout;
  return await new Promise<Answer>((resolve) => {
    const fail = (error: unknown): void => resolve({ kind: 'failed', code: failureOf(error) });
    try {
      const asked = requestOf(question, signal);
      asked.on('error', fail);
      asked.on('response', (response) => {
        const { statusCode: status = 0, headers } = response;
        let text = '';
        const finish = (): void =>
          resolve({ kind: 'answer', status, headers, text, tookMs: clock.elapsedMs() - startedAtMs });
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
          if (text.length < mostCharacters) return;
          text = text.slice(0, mostCharacters);
          finish();
          response.destroy();
        });
        response.on('error', fail);
        response.on('end', finish);
      });
      asked.end(body);
    } catch (error: unknown) {
      fail(error);
    }
  });
}

/** Whether the answer to `GET /health` comes from a Keywheel. */
export function isKeywheel(answer: Answer): boolean {
  return answer.kind === 'answer' && /"program":\s*"keywheel"/.test(answer.text);
}

/** A request that is made but not sent yet. */
export function requestOf(question: Omit<Question, 'timeoutMs'>, signal: AbortSignal): ClientRequest {
  const { url, method = 'GET', headers = {}, way = 'shared' } = question;
  const { protocol, hostname, port, pathname, search } = new URL(url);
  const request = protocol === 'https:' ? httpsRequest : httpRequest;
  if (way === 'shared') return request(url, { method, headers, signal, agent: false });
  const target = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || 80 };
  const asked = { ...target, method, headers, path: `${pathname}${search}`, signal };
  // Not `request`: VS Code replaces that by a function that takes another agent.
  if (way !== 'bare') return new ClientRequest({ ...asked, agent: way });
  return new ClientRequest({ ...asked, createConnection: () => tcpConnect(target) });
}

/** The system's code of the error; `timeout` also for a request that was aborted, `noHttp` for an answer that is not HTTP. */
export function failureOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return 'timeout';
  const code = codeOf(error);
  return code.startsWith('HPE_') ? 'noHttp' : code === '' ? error.name : code;
}
