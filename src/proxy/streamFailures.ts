// Answers that broke after the client had got their beginning: a client that asks again at once would spend the day on them.
import type { Clock } from '../base/clock';
import { remember } from '../keys/recentEntries';
import { Refusal } from './errors/refusal';
import type { Plan } from './request/plan';

/** After this many failures within the time the next request is refused for a while. */
const mostFailures = 3;
const withinMs = 5 * 60_000;
const firstPauseMs = 2_000;
const longestPauseMs = 60_000;
const mostThreads = 1_000;

interface Thread {
  readonly failedAtMs: readonly number[];
  readonly pauses: number;
  readonly refusedUntilMs: number;
}

type Request = Pick<Plan, 'client' | 'model' | 'conversation'>;

/** By thread: one client's requests for one model in one conversation. */
export class StreamFailures {
  private readonly threads = new Map<string, Thread>();

  /** Throws the refusal of a request whose thread pauses: 429 with the time left. */
  check(request: Request, clock: Pick<Clock, 'elapsedMs' | 'wallMs'>): void {
    if (this.threads.size === 0) return;
    const leftMs = (this.threads.get(threadOf(request))?.refusedUntilMs ?? 0) - clock.elapsedMs();
    if (leftMs <= 0) return;
    throw new Refusal(
      'answers_broke',
      `The last answers of ${request.model ?? 'this model'} in this conversation were cut off. Wait a moment, or choose another model.`,
      { retryAtMs: clock.wallMs() + leftMs },
    );
  }

  /** An answer of the thread broke: from the third within five minutes on the thread pauses 2, 4, 8 … 60 s. */
  failed(request: Request, nowMs: number): void {
    const thread = threadOf(request);
    const old = this.threads.get(thread);
    const failedAtMs = [...(old?.failedAtMs ?? []).filter((atMs) => nowMs - atMs < withinMs), nowMs].slice(
      -mostFailures,
    );
    const isPaused = failedAtMs.length >= mostFailures;
    const pauses = isPaused ? (old?.pauses ?? 0) + 1 : 0;
    const pauseMs = isPaused ? Math.min(longestPauseMs, firstPauseMs * 2 ** (pauses - 1)) : 0;
    remember(this.threads, thread, { failedAtMs, pauses, refusedUntilMs: nowMs + pauseMs }, mostThreads);
  }

  answered(request: Request): void {
    if (this.threads.size > 0) this.threads.delete(threadOf(request));
  }
}

function threadOf({ client, model, conversation }: Request): string {
  return `${client}\n${model ?? ''}\n${conversation ?? ''}`;
}
