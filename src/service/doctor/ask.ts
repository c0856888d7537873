// One request and what came of it: as the extension host sends it, through whatever VS Code has put around `http`.
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Clock } from '../../base/clock';

export interface Question {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  /** Ends it early, as `failed`. */
  readonly signal?: AbortSignal;
}

export type Answer =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: IncomingMessage['headers'];
      readonly text: string;
      /** Until the last byte. */
      readonly tookMs: number;
    }
  /** `code` is the system's, or `timeout`. */
  | { readonly kind: 'failed'; readonly code: string; readonly tookMs: number };

/** OpenRouter's list of models has a megabyte. */
const mostCharacters = 16 * 1024 * 1024;

/** Never rejects. What is longer than 16 Mi characters is cut. */
export async function ask(question: Question, clock: Clock): Promise<Answer> {
  const startedAtMs = clock.nowMs();
  const tookMs = (): number => clock.nowMs() - startedAtMs;
  return await new Promise<Answer>((resolve) => {
    const fail = (error: unknown): void => resolve({ kind: 'failed', code: codeOf(error), tookMs: tookMs() });
    const { url, method, headers = {}, body, timeoutMs } = question;
    const send = url.startsWith('https:') ? httpsRequest : httpRequest;
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = question.signal ? AbortSignal.any([question.signal, timeout]) : timeout;
    try {
      const asked = send(url, { method, headers, signal, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          if (text.length < mostCharacters) text += chunk;
        });
        response.on('error', fail);
        response.on('end', () => {
          const { statusCode: status = 0 } = response;
          resolve({ kind: 'answer', status, headers: response.headers, text, tookMs: tookMs() });
        });
      });
      asked.on('error', fail);
      asked.end(body);
    } catch (error: unknown) {
      fail(error);
    }
  });
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return 'timeout';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
