// One client request while it runs: what belongs to it, what it shares with others, and how it is ended from outside.
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

/** What all exchanges share. */
export interface ExchangePorts {
  readonly clock: Clock;
  readonly pool: Pool;
  readonly upstream: Upstream;
  readonly settings: ExchangeSettings;
  /** Whether nothing may cost: as the setting is now, for requests that wait already too. */
  readonly isFreeOnly: () => boolean;
  readonly random: () => number;
  readonly attemptLimit: AttemptLimit;
  /** Of requests that need no key, which anybody may send. */
  readonly keylessLimit: AttemptLimit;
  /** Of attempts that repeat on a guess. */
  readonly repeatLimit: AttemptLimit;
  readonly streamFailures: StreamFailures;
}

/** One for all: to make an error costs more than all else of a request's end, and nobody reads where this one came from. */
const over = new Error('The exchange is over.');

/** The reason of an exchange whose client has left, or is sent away. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
}

export interface Running {
  readonly requestId: string;
  readonly plan: Plan;
  readonly trail: Trail;
}

const mostHeldBytes = 256 * 1024 * 1024;

/** How much is held of all answers together, for clients that have not taken it. */
export class HeldBytes {
  private sum = 0;

  /** Whether there is room for what is counted by now. */
  count(bytes: number): boolean {
    this.sum += bytes;
    return this.sum <= mostHeldBytes;
  }
}

export class Ongoing {
  readonly head: RequestHead;
  readonly trail: Trail;
  readonly answer: Answer;
  /** All that is waited for, one after the other. */
  readonly watch: SilenceWatch;
  plan: Plan | null = null;
  readonly signal = new Canceller();
  private heldBytes = 0;
  private hasLeft = false;
  /** Whether it came behind other requests of its connection. */
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
    // A response that waits behind others on its connection is not told that it has closed.
    this.isBehind = response.socket === null;
    if (this.isBehind) request.socket.setMaxListeners(0).once('close', this.leave);
  }

  /** Counts what is held of an answer until its client has it, or has left. False: there is no room for more. */
  readonly hold = (bytes: number): boolean => {
    if (this.hasLeft) return false;
    this.heldBytes += bytes;
    return this.shared.held.count(bytes);
  };

  /** Ends it with the refusal; nothing of upstream's comes behind that. */
  refuse(refusal: Refusal): void {
    this.signal.abort(new ClientGone(refusal.message));
    this.answer.refuse(refusal);
  }

  /** Whatever was thrown: nothing goes on upstream for an answer that has ended. */
  end(): void {
    this.watch.dispose();
    // While it waits behind others, the socket alone tells that the connection has closed.
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

/** What is one exchange's own. */
export type Own = Pick<Ongoing, 'trail' | 'answer' | 'watch' | 'hold' | 'signal'>;
