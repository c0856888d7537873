/** The state of the simulated OpenRouter: accounts, models, and the things that were made. */
import { randomBytes } from 'node:crypto';
import type { AnswerOptions } from './answers/answerOptions';
import type { SimulatorClock } from './clock';
import { Account, type AccountOptions } from './limits/account';
import { AccountKey } from './limits/accountKey';
import { randomFrom } from './random';

export interface WorldOptions {
  /** Content of answers; rules of the script may say otherwise. */
  readonly answer?: AnswerOptions;
  /** The ids in `GET /models`; default a few free and paid ones. */
  readonly models?: readonly string[];
  /** Whether models that are not listed answer 400; default false. */
  readonly strictModels?: boolean;
  /** Presets by slug, with the model that each stands for. */
  readonly presets?: Readonly<Record<string, string>>;
  /** The cost of a paid request in credits; default 0.001. */
  readonly costPerRequest?: number;
  /** How old the counts are that `GET /key` tells, unless the account says otherwise; default 0. */
  readonly readingLagMs?: number | (() => number);
  /** The share of free attempts that no day's count knows of, unless the account says otherwise; default 0. */
  readonly uncountedShare?: number;
  /** The window of the minute limit, unless the account says otherwise; default `clock`. */
  readonly minuteWindow?: 'clock' | 'sliding';
  /** The account that is signed in on the page `/auth`; default the first one. */
  readonly signedIn?: string;
  /** `redirect`: `/auth` goes back at once, as if allowed. `page`: it shows a link to follow. Default `redirect`. */
  readonly authPage?: 'redirect' | 'page';
  readonly seed?: number;
}

export interface Caller {
  readonly account: Account;
  readonly key: AccountKey;
}

export interface Generation {
  readonly id: string;
  readonly account: Account;
  readonly model: string;
  readonly createdAtMs: number;
  readonly streamed: boolean;
  readonly promptTokens: number;
  readonly completionTokens: number;
  cost: number;
  cancelled: boolean;
}

/** A file or a video. */
export interface StoredThing {
  readonly id: string;
  readonly account: Account;
  readonly createdAtMs: number;
  readonly filename: string;
  readonly length: number;
  readonly sha256: string;
}

export interface AuthCode {
  readonly account: Account;
  readonly challenge: string | undefined;
  readonly label: string | undefined;
  readonly createdAtMs: number;
}

const defaultModels = [
  'openrouter/auto',
  'openrouter/free',
  'deepseek/deepseek-v4-flash',
  'deepseek/deepseek-v4-flash:free',
  'meta-llama/llama-3.3-70b-instruct:free',
  'openai/gpt-5-mini',
  'anthropic/claude-sonnet-4.5',
];

export class World {
  /** Content of answers where no rule says otherwise. */
  answer: AnswerOptions;
  readonly models: readonly string[];
  readonly generations = new Map<string, Generation>();
  readonly videos = new Map<string, StoredThing>();
  readonly files = new Map<string, StoredThing>();
  readonly authCodes = new Map<string, AuthCode>();
  private readonly accountsByName = new Map<string, Account>();
  private readonly callersByKey = new Map<string, Caller>();
  private readonly random: () => number;
  private made = 0;

  constructor(
    readonly options: WorldOptions,
    private readonly clock: SimulatorClock,
  ) {
    this.answer = options.answer ?? {};
    this.models = options.models ?? defaultModels;
    this.random = randomFrom(options.seed ?? 1);
  }

  nowMs(): number {
    return this.clock.nowMs();
  }

  get accounts(): readonly Account[] {
    return [...this.accountsByName.values()];
  }

  addAccount(options: AccountOptions): Account {
    if (this.accountsByName.has(options.name))
      throw new RangeError(`There is an account ${options.name} already`);
    const { readingLagMs, uncountedShare, minuteWindow } = this.options;
    const account = new Account({ readingLagMs, uncountedShare, minuteWindow, ...options }, this.nowMs());
    this.accountsByName.set(account.name, account);
    for (const key of account.keys) this.callersByKey.set(key.raw, { account, key });
    return account;
  }

  account(name: string): Account {
    const account = this.accountsByName.get(name);
    if (account === undefined) throw new RangeError(`No account ${name}`);
    return account;
  }

  /** The owner of a raw key, also when the key is revoked or has expired. */
  caller(rawKey: string): Caller | undefined {
    return this.callersByKey.get(rawKey);
  }

  addKey(account: Account, label: string | undefined): AccountKey {
    const key = new AccountKey({ key: `sk-or-v1-${randomBytes(32).toString('hex')}`, label }, this.nowMs());
    account.keys.push(key);
    this.callersByKey.set(key.raw, { account, key });
    return key;
  }

  /** Counts one free attempt for the day, unless it falls into the share that is missed. */
  countFreeAttempt(account: Account): void {
    if (this.random() >= account.uncountedShare) account.countFree(this.nowMs(), 1);
  }

  /** An id that nothing else has, as `gen-1765680060-7`. */
  newId(prefix: string): string {
    this.made++;
    return `${prefix}-${Math.floor(this.nowMs() / 1000)}-${this.made}`;
  }
}
