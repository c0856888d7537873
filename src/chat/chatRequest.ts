// One request of VS Code's chat, sent to the proxy's port like every client's, with its queue, retries and activity list.
import type { IncomingMessage } from 'node:http';
import { failureOf, requestOf } from '../base/http';
import type { Endpoint } from '../clients/client';
import { chatQuestion, messageIn } from '../clients/testRequest';

/** The client's name in the activity list. */
const chatClientName = 'VS Code chat';

export interface ChatRequest {
  readonly endpoint: Pick<Endpoint, 'origin' | 'proxyKey'>;
  readonly body: Readonly<Record<string, unknown>>;
  /** Ends the request at once, which rejects. */
  readonly signal: AbortSignal;
  /** Gets the answer's body in pieces. An error that it throws ends the request and is thrown on. */
  readonly onText: (text: string) => void;
}

const mostErrorCharacters = 64 * 1024;
/** Most characters of an error message that are shown. */
export const shownCharacters = 500;

/**
 * `refused`: an error message of the proxy or OpenRouter · `unreachable`: no answer began; `message` is the system's code ·
 * `cut`: the answer is incomplete · `full`: it reached the model's limit · `filtered`: the provider ended it ·
 * `badArguments`: the model wrote invalid JSON for the tool that `message` names, so the tool must not run.
 */
export class ChatError extends Error {
  override readonly name = 'ChatError';

  constructor(
    readonly kind: 'refused' | 'unreachable' | 'cut' | 'full' | 'filtered' | 'badArguments',
    message: string,
    /** The HTTP status, also of an error inside the stream; 0 without one. */
    readonly status = 0,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** Whether no program listened on the port, so that the request was not sent. */
  get isUnsent(): boolean {
    return this.kind === 'unreachable' && this.message === 'ECONNREFUSED';
  }
}

/** Resolves when the answer has ended; the proxy bounds the time. Rejects with a ChatError. */
export async function sendChat({ endpoint, body, signal, onText }: ChatRequest): Promise<void> {
  const response = await responseOf(endpoint, JSON.stringify(body), signal).catch(failing('unreachable'));
  const { statusCode: status = 0 } = response;
  response.setEncoding('utf8');
  if (status !== 200)
    throw new ChatError('refused', messageIn(await textOf(response), shownCharacters), status);
  const pieces = response[Symbol.asyncIterator]();
  try {
    for (;;) {
      const piece = await pieces.next().catch(failing('cut'));
      if (piece.done === true) return;
      onText(String(piece.value));
    }
  } finally {
    response.destroy();
  }
}

async function responseOf(
  endpoint: ChatRequest['endpoint'],
  body: string,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { headers, ...question } = chatQuestion(endpoint, chatClientName);
  return await new Promise((resolve, reject) => {
    // `bare`, because VS Code would send it through the user's network proxy.
    const asked = requestOf(
      { ...question, way: 'bare', headers: { ...headers, accept: 'text/event-stream' } },
      signal,
    );
    asked.once('error', reject);
    asked.once('response', resolve);
    asked.end(body);
  });
}

/** `cut`: an answer that broke off says nothing of the port, which another window may serve by now. */
function failing(kind: 'unreachable' | 'cut'): (error: unknown) => never {
  return (error) => {
    throw new ChatError(kind, failureOf(error), 0, { cause: error });
  };
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  try {
    for await (const piece of response) {
      text += String(piece);
      if (text.length > mostErrorCharacters) break;
    }
  } catch {
    // The status is known; only the message is lost.
  }
  return text;
}
