// The stand-in for OpenRouter of `failover.ts`: primaries that fail in one way each, fallbacks that answer.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import * as v from 'valibot';

/** The whole right answer. */
const words: readonly string[] = Array.from({ length: 60 }, (_, index) => `word${index + 1}`);
export const answerText = words.join(' ');
export const totalTokens = 67;

/** How a primary fails. */
export type Failing =
  | 'retryAfter2'
  | 'busyForEver'
  | 'downForEver'
  | 'internalOnce'
  | 'reset'
  | 'silent'
  | 'firstTokenLate'
  | 'cut'
  | 'stall'
  | 'brokenJson'
  | 'noDone'
  | 'contextLength'
  | 'contentFilter'
  | 'downFor60s'
  | 'gatewayTimeout';

const lateMs = 20_000;
const downMs = 60_000;
const betweenWordsMs = 4;

const requestSchema = v.object({
  model: v.string(),
  stream: v.optional(v.boolean(), false),
  messages: v.array(v.object({ role: v.string(), content: v.string() })),
});
type Asked = v.InferOutput<typeof requestSchema>;

/** One request that reached the stand-in. */
interface Sent {
  readonly exchange: string;
  readonly isPrimary: boolean;
  readonly mayBeBilled: boolean;
}

export class FailoverUpstream {
  private readonly sent: Sent[] = [];
  private readonly beganAtMs = performance.now();

  private constructor(
    private readonly server: Server,
    private readonly failing: Failing,
    private readonly rejectsPrefill: boolean,
  ) {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      // The proxy may leave at any time.
      this.serve(request, response).catch(() => response.destroy());
    });
  }

  static async start(failing: Failing, rejectsPrefill: boolean): Promise<FailoverUpstream> {
    const server = createServer({ keepAliveTimeout: 60_000 });
    const upstream = new FailoverUpstream(server, failing, rejectsPrefill);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return upstream;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/api/v1`;
  }

  /** Requests of one exchange: to its primary, and all that may be billed. */
  countsOf(exchange: string): { readonly primary: number; readonly billed: number } {
    const own = this.sent.filter((sent) => sent.exchange === exchange);
    return {
      primary: own.filter(({ isPrimary }) => isPrimary).length,
      billed: own.filter(({ mayBeBilled }) => mayBeBilled).length,
    };
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
    if (request.url?.startsWith('/api/v1/key') === true) {
      sendJson(response, 200, keyReading(request.headers.authorization ?? ''));
      return;
    }
    const asked = v.parse(requestSchema, JSON.parse(Buffer.concat(chunks).toString('utf8')));
    const isPrimary = asked.model.includes('primary');
    const isPaid = !asked.model.endsWith(':free');
    const exchange = asked.messages[0]?.content ?? '';
    const earlier = this.countsOf(exchange).primary;
    const way = isPrimary ? this.wayOf(earlier) : this.wayOfFallback(asked);
    this.sent.push({ exchange, isPrimary, mayBeBilled: isPaid && mayBeBilled(way) });
    await answer(way, asked, response);
  }

  private wayOf(earlier: number): Way {
    const isDown = performance.now() - this.beganAtMs < downMs;
    switch (this.failing) {
      case 'retryAfter2':
        return earlier > 0 ? whole : refuse(429, busyError, { 'retry-after': '2' });
      case 'busyForEver':
        return refuse(429, busyError);
      case 'downForEver':
        return refuse(503, errorOf(503, 'No instances available'));
      case 'internalOnce':
        return earlier > 0 ? whole : refuse(500, errorOf(500, 'Internal Server Error'));
      case 'contextLength':
        return refuse(
          400,
          errorOf(400, "This model's maximum context length is 8192 tokens. Please reduce the length."),
        );
      case 'contentFilter':
        return refuse(400, errorOf(400, "The response was filtered due to the prompt's content policy."));
      case 'downFor60s':
        return isDown ? refuse(503, errorOf(503, 'No instances available')) : whole;
      case 'gatewayTimeout':
        return refuse(504, errorOf(504, 'Gateway Timeout'));
      case 'reset':
      case 'silent':
      case 'firstTokenLate':
      case 'cut':
      case 'stall':
      case 'brokenJson':
      case 'noDone':
        return { kind: this.failing };
    }
  }

  private wayOfFallback({ messages }: Asked): Way {
    return this.rejectsPrefill && messages.at(-1)?.role === 'assistant'
      ? refuse(400, errorOf(400, 'This model does not support assistant message prefill.'))
      : whole;
  }
}

type Way =
  | { readonly kind: 'whole' }
  | {
      readonly kind: 'refuse';
      readonly status: number;
      readonly body: unknown;
      readonly headers: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'reset' | 'silent' | 'firstTokenLate' | 'cut' | 'stall' | 'brokenJson' | 'noDone';
    };

const whole: Way = { kind: 'whole' };

function refuse(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Way {
  return { kind: 'refuse', status, body, headers };
}

function errorOf(code: number, message: string, metadata?: unknown): unknown {
  return { error: { message, code, metadata }, user_id: 'user_x' };
}

const busyError = errorOf(429, 'Provider returned error', {
  raw: 'the model is temporarily rate-limited upstream. Please retry shortly.',
  provider_name: 'Stand-in',
  limit_source: 'upstream_provider_shared_pool',
});

/** An error status proves that nothing was made, unless it tells of a time-out. */
function mayBeBilled(way: Way): boolean {
  return way.kind !== 'refuse' || way.status === 408 || way.status === 504 || way.status === 524;
}

function keyReading(authorization: string): unknown {
  const free = { used: 0, limit: 1_000, remaining: 1_000 };
  return {
    data: {
      label: 'bench',
      limit: null,
      limit_remaining: null,
      limit_reset: null,
      usage: 0,
      is_free_tier: false,
      is_management_key: false,
      is_provisioning_key: false,
      creator_user_id: `user_${authorization.slice(-4)}`,
      organization_id: null,
      free_model_daily_requests: free,
    },
  };
}

function sendJson(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': bytes.length,
    ...headers,
  });
  response.end(bytes);
}

async function answer(way: Way, asked: Asked, response: ServerResponse): Promise<void> {
  switch (way.kind) {
    case 'refuse':
      sendJson(response, way.status, way.body, way.headers);
      return;
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'silent':
      return;
    case 'whole':
    case 'firstTokenLate':
    case 'cut':
    case 'stall':
    case 'brokenJson':
    case 'noDone':
      await (asked.stream ? answerStream : answerJson)(way.kind, asked.model, response);
  }
}

type Answering = Exclude<Way['kind'], 'refuse' | 'reset' | 'silent'>;

const usage = { prompt_tokens: 7, completion_tokens: 60, total_tokens: totalTokens };

async function answerStream(kind: Answering, model: string, response: ServerResponse): Promise<void> {
  const piece = (delta: unknown, finish: string | null, more: object = {}): string =>
    `data: ${JSON.stringify({
      id: 'gen-1',
      object: 'chat.completion.chunk',
      created: 1,
      model,
      choices: [{ index: 0, delta, finish_reason: finish }],
      ...more,
    })}\n\n`;
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.flushHeaders();
  if (kind === 'firstTokenLate') await sleep(lateMs);
  for (const [index, word] of words.entries()) {
    if (kind === 'cut' && index === 40) {
      response.destroy();
      return;
    }
    if (kind === 'stall' && index === 20) return;
    if (kind === 'brokenJson' && index === 30) response.write('data: {"id":"gen-1","choices":[{"del\n\n');
    response.write(piece({ role: 'assistant', content: index === 0 ? word : ` ${word}` }, null));
    await sleep(betweenWordsMs);
  }
  response.write(piece({}, 'stop', { usage }));
  response.end(kind === 'noDone' ? undefined : 'data: [DONE]\n\n');
}

async function answerJson(kind: Answering, model: string, response: ServerResponse): Promise<void> {
  const message = { role: 'assistant', content: answerText };
  const text = JSON.stringify({
    id: 'gen-1',
    object: 'chat.completion',
    created: 1,
    model,
    choices: [{ index: 0, message, finish_reason: 'stop' }],
    usage,
  });
  if (kind === 'firstTokenLate') await sleep(lateMs);
  response.writeHead(200, { 'content-type': 'application/json' });
  switch (kind) {
    case 'cut':
      response.write(text.slice(0, text.length / 2));
      await sleep(betweenWordsMs);
      response.destroy();
      return;
    case 'stall':
      response.write(text.slice(0, text.length / 3));
      return;
    case 'brokenJson':
      response.end(text.replace('"choices":[', '"choices":'));
      return;
    case 'whole':
    case 'firstTokenLate':
    case 'noDone':
      response.end(text);
  }
}
