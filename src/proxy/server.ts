// The listening side: accepts, admits and plans requests, and runs an exchange for each.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { wait, type Clock } from '../base/clock';
import type { Log } from '../base/log';
import type { AnswerCopy } from './answer/answer';
import {
  checkHost,
  checkKeyChanges,
  checkMethod,
  checkOrigin,
  checkProxyKey,
  WrongKeys,
  type AdmissionRules,
  type RequestHead,
} from './request/admission';
import { Bodies } from './request/bodies';
import { checkPath, needsNoKey } from './request/target';
import { Exchange } from './exchange';
import { planOf, type Plan } from './request/plan';
import { refusalWhileStopping } from './answer/denialRefusal';
import { wordsOf } from './errors/errorBody';
import { Refusal } from './errors/refusal';
import type { Relayed } from './answer/relay';
import {
  ClientGone,
  HeldBytes,
  RunningExchange,
  type ExchangePorts,
  type RunningState,
} from './runningExchange';
import type { ExchangeEnd, ExchangeReport } from './report';
import { Turns } from './request/connection';
import { unlessAborted } from '../base/signal';

/** After this many wrong proxy keys within a minute, the answer to a wrong one takes a second. */
const manyWrongKeys = 100;
const wrongKeyDelayMs = 1_000;

export interface ServerPorts {
  readonly clock: Clock;
  readonly log: Log;
  /** Resolves when the proxy key is known: a vault may be slow. Null once it is. */
  readonly opening: () => Promise<void> | null;
  /** The present ports for a new request: settings may change between two requests. */
  readonly exchange: () => ExchangePorts;
  readonly admissionRules: () => AdmissionRules;
  /** The answer to a request that is not for upstream, or null; throws a Refusal where the proxy key is needed and not shown. */
  readonly answerLocally: (request: RequestHead) => LocalAnswer | Promise<LocalAnswer> | null;
  readonly onExchange: (report: ExchangeReport) => void;
  /** The copy of the exchange that begins; null where no copy is wanted. */
  readonly record: (plan: Plan) => AnswerCopy | null;
  /** Called once method, Host and Origin are allowed: true if it answers the request itself. */
  readonly routes?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

export interface LocalAnswer {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: string | Buffer;
}

export class Server {
  private readonly bodies: Bodies;
  /** No Set: V8 links each outgrown table of a Set to the next, so that old requests stay until a full collection. */
  private readonly runningExchanges: RunningExchange[] = [];
  private onIdle: (() => void)[] = [];
  private readonly turns = new Turns();
  private readonly shared = { isHurried: () => this.isStopping, held: new HeldBytes() };
  private readonly wrongKeys = new WrongKeys();
  private isStopping = false;

  constructor(private readonly ports: ServerPorts) {
    this.bodies = new Bodies(ports.clock);
  }

  /** Serves one request; to be given to each listener. */
  readonly serve = (request: IncomingMessage, response: ServerResponse): void => {
    void this.handle(new RunningExchange(request, response, this.ports.clock, this.shared));
  };

  /** Serves requests, also again after a `drain`. */
  open(): void {
    this.isStopping = false;
  }

  /** Resolves when all requests have ended. New ones are refused from now on; after `drainMs` unanswered ones too, and `cut` ends the others. */
  async drain(drainMs: number, cut: () => void): Promise<void> {
    this.isStopping = true;
    for (const { response } of this.runningExchanges) response.shouldKeepAlive = false;
    if (this.runningExchanges.length === 0) return;
    const { clock } = this.ports;
    const refuse = (isOver: (running: RunningExchange) => boolean): void => {
      const refusal = refusalWhileStopping(clock.wallMs());
      for (const running of this.runningExchanges) if (isOver(running)) running.refuse(refusal);
    };
    const endMs = clock.elapsedMs() + drainMs;
    refuse(({ trail }) => trail.stage === 'pausing' && trail.untilMs > endMs);
    const timer = clock.after(drainMs, () => {
      refuse(({ answer }) => !answer.hasBegun || answer.isKeptAlive);
      cut();
    });
    await new Promise<void>((resolve) => this.onIdle.push(resolve));
    timer.dispose();
  }

  get running(): readonly RunningState[] {
    return this.runningExchanges.flatMap(({ plan, trail, answer: { requestId } }) =>
      plan === null ? [] : { plan, trail, requestId },
    );
  }

  /** Ends the exchange of that id, in any state; false where it no longer runs. */
  cancel(requestId: string): boolean {
    const running = this.runningExchanges.find(({ answer }) => answer.requestId === requestId);
    if (running === undefined) return false;
    running.refuse(new Refusal('cancelled', 'Cancelled in Keywheel’s dashboard.'));
    return true;
  }

  /** Never rejects. */
  private async handle(running: RunningExchange): Promise<void> {
    this.runningExchanges.push(running);
    const turn = this.turns.take(running.request.socket, isSafe(running.head.method));
    try {
      if (turn === null) {
        running.request.socket.destroy();
        return;
      }
      if (turn.comes !== null) await unlessAborted(turn.comes, running.signal);
      await this.admit(running);
    } catch (error: unknown) {
      await this.fail(error, running);
    } finally {
      turn?.end();
      running.end();
      this.runningExchanges.splice(this.runningExchanges.indexOf(running), 1);
      if (this.runningExchanges.length === 0) for (const resolve of this.onIdle.splice(0)) resolve();
    }
  }

  private async fail(error: unknown, running: RunningExchange): Promise<void> {
    const { answer, signal, response } = running;
    if (error instanceof ClientGone || (signal.aborted && error !== signal.reason)) return;
    try {
      if (error instanceof Refusal) await this.refuse(error, running);
      else {
        const { requestId } = answer;
        this.ports.log.error(`Bug in request ${requestId}:`, error);
        const message = `Keywheel failed: please report request ${requestId} with the log ("Keywheel: Show Log").`;
        answer.refuse(new Refusal('internal', message));
      }
    } catch (failure: unknown) {
      // Even the error could not be sent: this request ends, and no other is affected.
      this.ports.log.error('A request could not be answered.', failure);
      response.destroy();
    }
  }

  private async admit(running: RunningExchange): Promise<void> {
    const { request, response, head, signal, watch } = running;
    const { headers, operation } = head;
    checkMethod(head);
    checkHost(head, this.ports.admissionRules());
    checkOrigin(head);
    if (this.isStopping) response.shouldKeepAlive = false;
    if (this.ports.routes?.(request, response) === true) return;
    if (this.isStopping) throw refusalWhileStopping(this.ports.clock.wallMs());
    const opening = this.ports.opening();
    if (opening !== null) await unlessAborted(opening, signal);
    const answered = this.ports.answerLocally(head);
    if (answered !== null) {
      const { status, headers: own, body } = await answered;
      running.answer.whole(status, own, body);
      return;
    }
    this.checkMayPass(head);
    if (isExpecting(running)) response.writeContinue();
    const runsModel = operation.kind !== 'plain';
    const body = await this.bodies.read(request, { headers, runsModel, signal, watch });
    try {
      const planned = planOf({ body, ...head }, this.ports.admissionRules().proxyKey);
      await this.exchange(planned instanceof Promise ? await planned : planned, running);
    } finally {
      body.release();
    }
  }

  private checkMayPass(head: RequestHead): void {
    const rules = this.ports.admissionRules();
    checkPath(head.target, rules.proxyKey);
    if (!needsNoKey(head.method, head.target.path)) checkProxyKey(head, rules);
    checkKeyChanges(head, rules);
  }

  private async refuse(refusal: Refusal, { answer, signal, head }: RunningExchange): Promise<void> {
    const { clock, log } = this.ports;
    const line = (): string =>
      `Request ${answer.requestId} of ${head.headers.client} is refused: ${refusal.code}: ${refusal.message}`;
    const count = refusal.code === 'proxy_key_wrong' ? this.wrongKeys.add(clock.elapsedMs()) : 0;
    // Requests refused here are in no list: a wrong proxy key is logged once a minute, for its user, and not at each guess.
    if (count === 1) log.info(line);
    else log.debug(line);
    if (count === manyWrongKeys)
      log.warn(
        `${count} requests with a wrong proxy key within a minute: the next ones are answered slowly.`,
      );
    try {
      if (count > manyWrongKeys) await wait(clock, wrongKeyDelayMs, signal);
    } catch {
      // The client has left, or the proxy stops.
      return;
    }
    answer.refuse(refusal);
  }

  private async exchange(planned: Plan, running: RunningExchange): Promise<void> {
    const { answer, trail } = running;
    const { clock, log } = this.ports;
    const ports = this.ports.exchange();
    const requestClass = ports.pool.wheel.modelClasses.classOf(planned);
    const plan = requestClass === planned.requestClass ? planned : { ...planned, requestClass };
    running.plan = plan;
    answer.extraHeaders = () => [...trail.headers(), ...forBrowser(running.head)];
    answer.copy = this.ports.record(plan);
    // A thing that is made once may come in any form: after a stream of ours it could not be sent.
    const mayComment = plan.streaming && plan.kind === 'models';
    if (mayComment) answer.keepAliveAfter(ports.settings.keepAliveAfterMs);
    let ended: Ended = null;
    try {
      ended = await new Exchange(plan, running, ports).run();
    } catch (error: unknown) {
      if (!(error instanceof Refusal)) throw error;
      ended = error;
      answer.refuse(error, plan.model);
    } finally {
      answer.keepAliveNoMore();
      answer.copy?.end();
      const report = reportOf(plan, running, ended, trail.wallOf(clock.elapsedMs()));
      log[levelOf(report)](() => `Request ${answer.requestId}: ${lineOf(report)}`);
      this.ports.onExchange(report);
    }
  }
}

/** A page of upstream's would have the same origin as our own pages, which know the proxy key: it may run no script. */
function forBrowser({ headers: { sites } }: RequestHead): readonly string[] {
  return sites.length > 0 ? ['content-security-policy', 'sandbox'] : [];
}

/** Safe to repeat, and so to run beside others of one connection (RFC 9110 9.2.1, RFC 9112 9.3.2). */
function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}

/** Whether the client waits for 100 Continue before it sends its body. */
function isExpecting({ request, head }: RunningExchange): boolean {
  return head.headers.isExpecting && request.httpVersion === '1.1';
}

/** The end of an exchange; null: it gave back a held error, or its client left. */
type Ended = Relayed | Refusal | null;

function reportOf(plan: Plan, running: RunningExchange, ended: Ended, endedAtMs: number): ExchangeReport {
  const { answer, trail } = running;
  const { startedAtMs, waitedMs, firstTokenMs, attempts, made } = trail;
  const { client, method, model, requestClass, streaming } = plan;
  const relayed = ended instanceof Refusal ? null : ended;
  return {
    startedAtMs,
    endedAtMs,
    client,
    method,
    path: plan.path.replace(/\?.*$/, ''),
    model,
    class: requestClass,
    streaming,
    end: endOf(running, ended),
    status: answer.status,
    refusal: ended instanceof Refusal ? ended.code : null,
    message: answer.message ?? (relayed?.failure ? wordsOf(relayed.failure.body) : null),
    waitedMs,
    firstTokenMs,
    usage: relayed?.usage ?? null,
    attempts,
    made,
  };
}

function levelOf({ end }: ExchangeReport): 'info' | 'debug' {
  return end === 'refused' || end === 'failed' ? 'info' : 'debug';
}

/** The most characters of a path or message in the log: any client may send long ones. */
const mostShown = 300;

function lineOf(report: ExchangeReport): string {
  const { method, path, model, end, status, refusal, message, attempts, waitedMs } = report;
  const why = refusal === null ? '' : ` (${refusal})`;
  const tried = attempts
    .map(({ keyId, outcome }) => `${keyId === '' ? 'no key' : keyId} ${outcome}`)
    .join(', ');
  const asked = `${method} ${path.slice(0, mostShown)} ${model ?? ''}`.trimEnd();
  return `${asked}: ${end}, status ${status ?? 'none'}${why}, waited ${Math.round(waitedMs)} ms, attempts: ${tried || 'none'}${message === null ? '' : `: ${message.slice(0, mostShown)}`}`;
}

function endOf({ answer, signal }: RunningExchange, ended: Ended): ExchangeEnd {
  if (ended instanceof Refusal) return 'refused';
  switch (ended?.end) {
    case 'whole':
      return (answer.status ?? 0) >= 400 ? 'refused' : 'answered';
    case 'error':
    case 'cut':
      return 'failed';
    case 'clientGone':
      return 'cancelled';
    case undefined:
      return signal.aborted ? 'cancelled' : 'refused';
  }
}
