/** A simulated OpenRouter: a real HTTP server on 127.0.0.1 that counts, refuses, answers and fails like the original. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AnswerOptions } from './answers/answerOptions';
import { type Answering, answeringOf, identify } from './answering';
import { type Delays, type Pace, paceOf, type SimulatorClock } from './clock';
import { Connections, type ResetMode } from './connections';
import { noFaults } from './fault';
import type { Account, AccountOptions } from './limits/account';
import type { AccountKey } from './limits/accountKey';
import { RequestRecord, type Sums, sumsOf } from './record';
import { type Rule, Script, type ScriptedRule } from './script';
import { cutBeforeHead, deliver, type Delivery, deliverNothing } from './wire/delivery';
import { receive } from './wire/receive';
import { World, type WorldOptions } from './world';

const MEBIBYTE = 1_048_576;

export interface SimulatorOptions extends WorldOptions {
  readonly accounts?: readonly AccountOptions[];
  /** Default 0, any free port. */
  readonly port?: number;
  /** Default the machine's clock. */
  readonly clock?: SimulatorClock;
  /** Whether delays of answers pass in real time (default) or in the clock's. */
  readonly delays?: Delays;
  /** After how long an idle connection is closed; default 0, never. */
  readonly keepAliveTimeoutMs?: number;
  /** How much of each body records keep; default 1 MiB. */
  readonly keepBodyBytes?: number;
}

export class Simulator {
  /** Every request since the start or the last `forget`, in order of arrival. */
  readonly requests: RequestRecord[] = [];
  private readonly world: World;
  private readonly rules = new Script();
  private readonly connections: Connections;
  private readonly pace: Pace;
  private readonly bugs: unknown[] = [];

  private constructor(
    private readonly server: Server,
    private readonly options: SimulatorOptions,
    clock: SimulatorClock,
  ) {
    this.world = new World(options, clock);
    this.pace = paceOf(clock, options.delays ?? 'real');
    this.connections = new Connections(server);
    for (const account of options.accounts ?? []) this.world.addAccount(account);
    server.on('request', (request, response) => void this.handle(request, response));
  }

  /** Resolves when the server listens; the caller stops it. */
  static async start(options: SimulatorOptions = {}): Promise<Simulator> {
    const server = createServer({ keepAliveTimeout: options.keepAliveTimeoutMs ?? 0, requestTimeout: 0 });
    const simulator = new Simulator(server, options, options.clock ?? { nowMs: () => Date.now() });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port ?? 0, '127.0.0.1', resolve);
    });
    return simulator;
  }

  /** Closes every connection; throws the errors of the simulator itself, if there were any. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
    if (this.bugs.length > 0) throw new AggregateError(this.bugs, 'The simulator itself failed');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  get port(): number {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('The simulator does not listen');
    return address.port;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The value for `OPENROUTER_BASE_URL`. */
  get baseUrl(): string {
    return `${this.origin}/api/v1`;
  }

  /** Adds a rule for coming requests; the oldest rule that fits a request applies. */
  script(rule: Rule): ScriptedRule {
    return this.rules.add(rule);
  }

  clearScript(): void {
    this.rules.clear();
  }

  /** Contents of answers from now on, where no rule says otherwise. */
  setAnswer(answer: AnswerOptions): void {
    this.world.answer = answer;
  }

  addAccount(options: AccountOptions): Account {
    return this.world.addAccount(options);
  }

  /** The account, with its counts and its settings. */
  account(name: string): Account {
    return this.world.account(name);
  }

  /** Free requests of today, as the limit is judged. */
  usedToday(accountName: string): number {
    return this.world.account(accountName).usedToday(this.world.nowMs());
  }

  /** Free requests of the same account made by somebody else, now; they take no place in the minute. */
  spendElsewhere(accountName: string, count: number): void {
    this.world.account(accountName).countFree(this.world.nowMs(), count);
  }

  /** Buys credits; an account that has bought 10 has 1000 free requests a day. */
  topUp(accountName: string, credits: number): void {
    this.world.account(accountName).topUp(credits);
  }

  setTier(accountName: string, dailyLimit: number): void {
    this.world.account(accountName).dailyLimit = dailyLimit;
  }

  /** The key answers 401 from now on. */
  revokeKey(rawKey: string): void {
    this.key(rawKey).revoked = true;
  }

  restoreKey(rawKey: string): void {
    this.key(rawKey).revoked = false;
  }

  private key(rawKey: string): AccountKey {
    const caller = this.world.caller(rawKey);
    if (caller === undefined) throw new RangeError('No such key');
    return caller.key;
  }

  /** Requests to one path, without `/api/v1` and query. */
  requestsTo(path: string): RequestRecord[] {
    return this.requests.filter(
      (record) => record.path.replace(/\?.*/, '').replace(/^\/api\/v1/, '') === path,
    );
  }

  /** Sums of the recorded requests per raw key, account name and requested model. */
  sums(): Sums {
    return sumsOf(this.requests);
  }

  /** How many recorded requests met the daily or minute limit without a script. */
  get limitAnswers(): number {
    return this.requests.filter((record) => record.limitAnswer !== undefined).length;
  }

  /** Empties the record, not the counts of the accounts. */
  forget(): void {
    this.requests.length = 0;
  }

  /** Spoils every idle connection in the given way; returns how many there were. */
  resetConnections(mode: ResetMode = 'destroy'): number {
    return this.connections.reset(mode);
  }

  openSockets(): number {
    return this.connections.open;
  }

  /** Requests whose answer has not ended. */
  activeRequests(): number {
    return this.connections.active;
  }

  connectionsMade(): number {
    return this.connections.made;
  }

  /** Requests that were written to half-dead or deaf connections. */
  staleHits(): number {
    return this.connections.staleHits;
  }

  /** Returns as soon as `condition` holds; rejects after `timeoutMs` of real time. */
  async waitFor(condition: () => boolean, timeoutMs = 60_000): Promise<void> {
    const endAtMs = performance.now() + timeoutMs;
    while (!condition()) {
      if (performance.now() > endAtMs) throw new Error(`Not within ${timeoutMs} ms: ${condition.toString()}`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request;
    const connectionId = this.connections.begin(socket);
    if (connectionId === undefined) return;
    const record = this.newRecord(request, connectionId);
    const closed = new AbortController();
    response.once('close', () => {
      this.connections.end(socket);
      if (!response.writableEnded && !record.cut) {
        record.abortedAtMs = this.world.nowMs();
        record.abortedAtMonotonicMs = performance.now();
      }
      record.endedAtMs = this.world.nowMs();
      closed.abort();
    });
    try {
      await this.answer(request, response, record, closed.signal);
    } catch (error) {
      // A client that leaves while it sends makes reading its body fail; anything else is our own fault.
      if (!closed.signal.aborted && !request.destroyed) this.bugs.push(error);
      socket.destroy();
    }
  }

  private newRecord(request: IncomingMessage, connectionId: number): RequestRecord {
    const raw = request.rawHeaders;
    const headers: [string, string][] = [];
    for (let index = 0; index < raw.length; index += 2)
      headers.push([raw[index] ?? '', raw[index + 1] ?? '']);
    const record = new RequestRecord(
      { method: request.method ?? 'GET', path: request.url ?? '/', headers, connectionId },
      this.world.nowMs(),
      performance.now(),
      this.options.keepBodyBytes ?? MEBIBYTE,
    );
    this.requests.push(record);
    return record;
  }

  private async answer(
    request: IncomingMessage,
    response: ServerResponse,
    record: RequestRecord,
    signal: AbortSignal,
  ): Promise<void> {
    const admitted = identify(this.world, request, record);
    const body = await receive(request, record);
    response.setHeader('date', new Date(this.world.nowMs()).toUTCString());
    response.setHeader('cf-ray', `8f2c${record.connectionId.toString(16).padStart(12, '0')}-FRA`);
    const answering = answeringOf(this.world, this.rules, this.origin, { request, record, body, admitted });
    const faults = answering.kind === 'reply' ? answering.faults : noFaults;
    const delivery: Delivery = {
      response,
      record,
      faults,
      pace: this.pace,
      signal,
      nowMs: () => this.world.nowMs(),
    };
    await carryOut(delivery, answering);
  }
}

async function carryOut(delivery: Delivery, answering: Answering): Promise<void> {
  switch (answering.kind) {
    case 'reply':
      await deliver(delivery, answering.reply);
      return;
    case 'noAnswer':
      await deliverNothing(delivery);
      return;
    case 'cutBeforeHead':
      cutBeforeHead(delivery, answering.how);
  }
}
