/** Rules that tests set for coming requests. */
import type { AnswerOptions } from './answers/answerOptions';
import { type Fault, type FaultSet, faultSet } from './fault';
import type { RequestRecord } from './record';
import { codingAvailable } from './wire/coding';

/** Excludes readings, which come at any time: a rule for models must not be used up by them. */
const notKey = /^(?!\/key$)/;

export interface Rule {
  /** Without `/api/v1` and query, as `/chat/completions`; a string must be equal. Default: any but `/key`, which the proxy asks at times of its own. */
  readonly path?: string | RegExp;
  readonly method?: string;
  readonly model?: string | RegExp;
  /** The raw key. */
  readonly key?: string;
  readonly account?: string;
  /** Any other condition. */
  readonly where?: (request: RequestRecord) => boolean;
  /** How many requests the rule applies to; default 1, without end where `untilMs` is given. */
  readonly times?: number;
  /** When the rule begins to apply, in the simulator's clock. */
  readonly fromMs?: number;
  /** When the rule ends (exclusive), in the simulator's clock. */
  readonly untilMs?: number;
  readonly fault?: Fault | readonly Fault[];
  /** Contents of the answer, over those of the simulator's options. */
  readonly answer?: AnswerOptions;
  /** Whether free requests that the rule applies to count for the day; default true. */
  readonly counts?: boolean;
}

/** A rule at work. */
export class ScriptedRule {
  readonly faults: FaultSet;
  /** How many requests the rule has applied to. */
  hits = 0;
  private removed = false;

  constructor(readonly rule: Rule) {
    const fault = rule.fault ?? [];
    this.faults = faultSet('kind' in fault ? [fault] : fault);
    const coding = this.faults.coding;
    if (coding !== undefined && !codingAvailable(coding)) throw new RangeError(`This Node has no ${coding}`);
  }

  /** The rule applies to no further request. */
  remove(): void {
    this.removed = true;
  }

  get spent(): boolean {
    const times = this.rule.times ?? (this.rule.untilMs === undefined ? 1 : Infinity);
    return this.removed || this.hits >= times;
  }

  matches(request: RequestRecord, path: string, nowMs: number): boolean {
    const { rule } = this;
    return (
      !this.spent &&
      nowMs >= (rule.fromMs ?? -Infinity) &&
      nowMs < (rule.untilMs ?? Infinity) &&
      fits(rule.path ?? notKey, path) &&
      fits(rule.method, request.method) &&
      fits(rule.model, request.model) &&
      fits(rule.key, request.key) &&
      fits(rule.account, request.accountName) &&
      (rule.where === undefined || rule.where(request))
    );
  }
}

export class Script {
  private rules: ScriptedRule[] = [];

  add(rule: Rule): ScriptedRule {
    const scripted = new ScriptedRule(rule);
    this.rules.push(scripted);
    return scripted;
  }

  /** The oldest rule that applies to the request; the hit is not counted yet. */
  find(request: RequestRecord, path: string, nowMs: number): ScriptedRule | undefined {
    this.rules = this.rules.filter((rule) => !rule.spent);
    return this.rules.find((rule) => rule.matches(request, path, nowMs));
  }

  clear(): void {
    for (const rule of this.rules) rule.remove();
    this.rules = [];
  }
}

function fits(wanted: string | RegExp | undefined, value: string | undefined): boolean {
  if (wanted === undefined) return true;
  if (value === undefined) return false;
  return typeof wanted === 'string' ? wanted === value : wanted.test(value);
}
