// One client request while it runs: its own parts, the parts it shares with others, and its end from outside.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../base/clock';
import { Canceller } from '../base/signal';
import { SilenceWatch } from '../base/silence';
import type { Pool } from '../keys/pool';
import { Answer } from './answer/answer';
import type { AttemptLimit } from './attemptLimit';
import type { PolicyRefusals } from './decision/situation';
import type { Refusal } from './errors/refusal';
import { Trail } from './report';
import { readHead, type RequestHead } from './request/admission';
import { ownHeaders } from '../base/http';
import type { FallbackModels } from './request/fallback';
import type { Plan } from './request/plan';
import type { StreamFailures } from './streamFailures';
import type { Upstream } from './upstream/upstream';

export interface ExchangeSettings {
  readonly timezone: string;
  readonly maxWaitMs: number;
  readonly deadlineMs: number;
  readonly firstTokenTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly keepAliveAfterMs: number;
  readonly exhaustedStatus: number;
  readonly fallbackModels: FallbackModels;
  readonly policyRefusals: PolicyRefusals;
}

/** The parts that all exchanges share. */
export interface ExchangePorts {
  readonly clock: Clock;
  readonly pool: Pool;
  readonly upstream: Upstream;
  readonly settings: ExchangeSettings;
  /** Whether nothing may cost: the present setting, for waiting requests too. */
  readonly isFreeOnly: () => boolean;
  readonly random: () => number;
  readonly attemptLimit: AttemptLimit;
  /** For requests that need no key, which anybody may send. */
  readonly keylessLimit: AttemptLimit;
  /** For attempts that repeat on a guess. */
  readonly repeatLimit: AttemptLimit;
  readonly streamFailures: StreamFailures;
}

/** One error for all exchanges: to make one costs more than all else at a request's end, and its stack is never read. */
const over = new Error('The exchange is over.');

/** The abort reason of an exchange whose client has left, or which was refused. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
}

export interface RunningState {
  readonly requestId: string;
  readonly plan: Plan;
  readonly trail: Trail;
}

const mostHeldBytes = 256 * 1024 * 1024;

/** The bytes held of all answers together that their clients have not taken yet. */
export class HeldBytes {
  private sum = 0;

  /** Adds the bytes; returns whether the sum is within the bound. */
  count(bytes: number): boolean {
    this.sum += bytes;
    return this.sum <= mostHeldBytes;
  }
}

export class RunningExchange {
  readonly head: RequestHead;
  readonly trail: Trail;
  readonly answer: Answer;
  /** Watches all waits of the request, one after the other. */
  readonly watch: SilenceWatch;
  plan: Plan | null = null;
  readonly signal = new Canceller();
  private heldBytes = 0;
  private hasLeft = false;
  /** Whether the request came behind others on its connection. */
  private readonly isBehind: boolean;

  constructor(
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
    clock: Clock,
    private readonly shared: { readonly isHurried: () => boolean; readonly held: Pick<HeldBytes, 'count'> },
  ) {
    const { method = 'GET', url = '/', rawHeaders } = request;
    this.head = readHead(method, url, rawHeaders);
    this.trail = new Trail(clock.wallMs(), clock.elapsedMs());
    this.watch = new SilenceWatch(clock);
    this.answer = new Answer(response, clock, this.head.operation.form, shared.isHurried);
    this.answer.extraHeaders = () => ownHeaders;
    response.once('close', this.leave);
    // A response that waits behind others on its connection gets no event when that closes.
    this.isBehind = response.socket === null;
    if (this.isBehind) request.socket.setMaxListeners(0).once('close', this.leave);
  }

  /** Counts bytes that are held of an answer until its client has it, or has left. False: there is no room for more. */
  readonly hold = (bytes: number): boolean => {
    if (this.hasLeft) return false;
    this.heldBytes += bytes;
    return this.shared.held.count(bytes);
  };

  /** Ends the exchange with the refusal; nothing of upstream's follows it. */
  refuse(refusal: Refusal): void {
    this.signal.abort(new ClientGone(refusal.message));
    this.answer.refuse(refusal);
  }

  /** Stops all that still runs for an answer that has ended, however it ended. */
  end(): void {
    this.watch.dispose();
    // While the response waits behind others, only the socket shows that the connection has closed.
    if (this.response.socket !== null || this.response.writableFinished) this.forgetSocket();
    this.signal.abort(over);
  }

  private forgetSocket(): void {
    if (this.isBehind) this.request.socket.off('close', this.leave);
  }

  private readonly leave = (): void => {
    this.hasLeft = true;
    this.forgetSocket();
    this.shared.held.count(-this.heldBytes);
    this.heldBytes = 0;
    if (!this.response.writableFinished) this.signal.abort(new ClientGone('The client has left.'));
  };
}

/** The parts of one request that its exchange uses. */
export type ExchangeParts = Pick<RunningExchange, 'trail' | 'answer' | 'watch' | 'hold' | 'signal'>;
