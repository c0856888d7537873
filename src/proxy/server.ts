// The listening side: accepts, admits, plans, and lets each request run its exchange.
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../base/clock';
import type { Log } from '../base/log';
import { Answer } from './answer';
import { checkHost, checkOrigin, checkProxyKey, type Door } from './admission';
import { Bodies } from './bodies';
import { endpointOf, needsNoKey, targetOf } from './endpoint';
import { Exchange, type ExchangePorts } from './exchange';
import { keepAlive } from './keepAlive';
import { answerLocally, type LocalAnswer, type LocalContext } from './localRoutes';
import { planOf, type Plan } from './plan';
import { stopping } from './denied';
import type { Recording } from './recording';
import { Refusal } from './refusal';
import type { Relayed } from './relay';
import { Trail, type ExchangeEnd, type ExchangeReport } from './report';
import { unlessAborted } from './unlessAborted';

export interface ServerPorts {
  readonly clock: Clock;
  readonly log: Log;
  /** Resolves when requests can be told apart: a vault may be slow to give the proxy key. Null once it has. */
  readonly opening: () => Promise<void> | null;
  /** As they are when a request comes: settings may change between two. */
  readonly exchange: () => ExchangePorts;
  readonly local: () => LocalContext;
  readonly keepAliveAfterMs: () => number;
  readonly onExchange: (report: ExchangeReport) => void;
  /** Where the exchange that begins is written down, if the user asked for that. */
  readonly record?: (plan: Plan) => Recording | null;
  /** Asked before all else: true if it answers the request itself. */
  readonly routes?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

/** The reason of an exchange whose client has left. */
class ClientGone extends Error {
  override readonly name = 'ClientGone';
}

export class Server {
  private readonly bodies = new Bodies();
  private readonly active = new Map<ServerResponse, Promise<void>>();
  private readonly refusing = new Set<() => void>();
  private isStopping = false;

  constructor(private readonly ports: ServerPorts) {}

  /** Serves one request; to be given to each listener. */
  readonly serve = (request: IncomingMessage, response: ServerResponse): void => {
    const served = this.handle(request, response)
      .catch((error: unknown) => {
        // Not even its own failure could be told: the request ends, and nothing else with it.
        this.ports.log.error('A request could not be answered.', error);
        response.destroy();
      })
      .finally(() => this.active.delete(response));
    this.active.set(response, served);
  };

  /** Requests are served, after a `drain` too. */
  open(): void {
    this.isStopping = false;
  }

  /** Resolves when all requests have ended: after `drainMs` those without an answer are refused, and `cut` ends the others. What comes over kept connections is refused from now on. */
  async drain(drainMs: number, cut: () => void): Promise<void> {
    this.isStopping = true;
    for (const response of this.active.keys()) response.shouldKeepAlive = false;
    if (this.active.size === 0) return;
    const timer = this.ports.clock.after(drainMs, () => {
      for (const refuse of this.refusing) refuse();
      cut();
    });
    await Promise.all(this.active.values());
    timer.dispose();
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { clock, log } = this.ports;
    const trail = new Trail(clock.nowMs());
    const answer = new Answer(response, formOf(request));
    const gone = new AbortController();
    const leave = (): void => {
      if (!response.writableFinished) gone.abort(new ClientGone('The client has left.'));
    };
    response.once('close', leave);
    // An answer that waits behind others on its connection, however many, is not told.
    if (response.socket === null) request.socket.setMaxListeners(0).once('close', leave);
    const refuse = (): void => {
      if (answer.hasBegun && !answer.isKeptAlive) return;
      answer.refuse(stopping(clock.nowMs()), null, clock.nowMs());
      gone.abort(new ClientGone('The proxy stops.'));
    };
    this.refusing.add(refuse);
    try {
      await this.admit(request, { answer, response, trail, signal: gone.signal });
    } catch (error: unknown) {
      if (gone.signal.aborted || error instanceof ClientGone) return;
      if (error instanceof Refusal) {
        log.debug(`Refused: ${error.code}: ${error.message}`);
        answer.refuse(error, null, clock.nowMs());
      } else this.answerBug(error, answer);
    } finally {
      this.refusing.delete(refuse);
      request.socket.off('close', leave);
      // Whatever was thrown: nothing goes on upstream for an answer that has ended.
      gone.abort(new Error('The exchange is over.'));
    }
  }

  private async admit(request: IncomingMessage, on: Ongoing): Promise<void> {
    const { method = 'GET', url = '/', rawHeaders } = request;
    checkHost(rawHeaders, this.ports.local().door);
    checkOrigin(rawHeaders);
    if (this.isStopping) on.response.shouldKeepAlive = false;
    if (this.ports.routes?.(request, on.response) === true) return;
    if (this.isStopping) throw stopping(this.ports.clock.nowMs());
    const opening = this.ports.opening();
    if (opening !== null) await unlessAborted(opening, on.signal);
    const local = this.ports.local();
    const answered = answerLocally({ method, url, rawHeaders }, local);
    if (answered !== null) {
      send(on.answer, answered);
      return;
    }
    checkMayAsk(method, url, rawHeaders, local.door);
    const body = await this.bodies.read(request, this.ports.clock.nowMs(), on.signal);
    try {
      await this.exchange(planOf({ method, url, rawHeaders, body }), on);
    } finally {
      body.release();
    }
  }

  private async exchange(plan: Plan, { answer, trail, signal }: Ongoing): Promise<void> {
    const { clock } = this.ports;
    answer.explain(() => trail.headers());
    const recording = this.ports.record?.(plan) ?? null;
    answer.copyTo(recording);
    // What is made once may come in any form: a stream of ours would leave no place for it.
    const mayComment = plan.streaming && plan.kind === 'models';
    const comments = mayComment ? keepAlive(clock, answer, this.ports.keepAliveAfterMs()) : null;
    let refusal: Refusal | null = null;
    let relayed: Relayed | null = null;
    try {
      relayed = await new Exchange(plan, answer, trail, this.ports.exchange()).run(signal);
    } catch (error: unknown) {
      if (!(error instanceof Refusal)) throw error;
      refusal = error;
      answer.refuse(error, plan.model, clock.nowMs());
    } finally {
      comments?.dispose();
      recording?.end();
      this.ports.onExchange(
        reportOf(plan, trail, { answer, refusal, relayed, signal, endedAtMs: clock.nowMs() }),
      );
    }
  }

  private answerBug(error: unknown, answer: Answer): void {
    const requestId = randomBytes(6).toString('hex');
    this.ports.log.error(`Bug in request ${requestId}:`, error);
    const refusal = new Refusal(
      `Keywheel failed: please report request ${requestId} with the log ("Keywheel: Show Log").`,
      { status: 500, code: 'internal', metadata: { request_id: requestId } },
    );
    answer.refuse(refusal, null, this.ports.clock.nowMs());
  }
}

/** What belongs to one request while it runs. */
interface Ongoing {
  readonly answer: Answer;
  readonly response: ServerResponse;
  readonly trail: Trail;
  readonly signal: AbortSignal;
}

function checkMayAsk(method: string, url: string, rawHeaders: readonly string[], door: Door): void {
  if (!needsNoKey(method, targetOf(url).path)) checkProxyKey(rawHeaders, door);
}

/** The form of the answer must be known before anything can go wrong, a strange path included. */
function formOf({ method = 'GET', url = '/' }: IncomingMessage): Answer['form'] {
  return endpointOf(method, url.replace(/\?.*$/, '')).form;
}

function send(answer: Answer, { status, headers, body }: LocalAnswer): void {
  answer.begin(
    status,
    '',
    body === '' ? headers : [...headers, 'content-length', String(Buffer.byteLength(body))],
  );
  if (body !== '') answer.write(body);
  answer.end();
}

interface Outcome {
  readonly answer: Answer;
  readonly refusal: Refusal | null;
  readonly relayed: Relayed | null;
  readonly signal: AbortSignal;
  readonly endedAtMs: number;
}

function reportOf(plan: Plan, trail: Trail, outcome: Outcome): ExchangeReport {
  const { startedAtMs, waitedMs, firstTokenMs, attempts, made } = trail;
  const { client, method, model, requestClass, streaming } = plan;
  return {
    startedAtMs,
    endedAtMs: outcome.endedAtMs,
    client,
    method,
    path: plan.path.replace(/\?.*$/, ''),
    model,
    requestClass,
    streaming,
    end: endOf(outcome),
    status: outcome.answer.status,
    refusal: outcome.refusal?.code ?? null,
    waitedMs,
    firstTokenMs,
    usage: outcome.relayed?.usage ?? null,
    attempts,
    made,
  };
}

function endOf({ answer, refusal, relayed, signal }: Outcome): ExchangeEnd {
  if (refusal !== null) return 'refused';
  if (relayed !== null) {
    switch (relayed.end) {
      case 'whole':
        return (answer.status ?? 0) >= 400 ? 'refused' : 'answered';
      case 'error':
      case 'cut':
        return 'failed';
      case 'clientGone':
        return 'cancelled';
    }
  }
  return signal.aborted ? 'cancelled' : 'refused';
}
