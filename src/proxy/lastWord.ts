// Upstream's own last error, kept for when nothing better comes: it goes to the client in upstream's words.
import type { Answer } from './answer';
import { headerValue, responseHeaders, without } from './headers';
import type { HeldError, Judged } from './judge';
import type { Outcome } from './outcome';
import { Refusal } from './refusal';
import { refusalOfOutcome } from './refusalOfOutcome';
import type { Sent } from './sending';

interface Word {
  readonly error: HeldError;
  readonly headers: readonly string[];
  readonly outcome: Outcome;
}

export class LastWord {
  private word: Word | null = null;

  /** Keeps what upstream said, if it said anything. */
  hear(sent: Sent, { error, outcome }: Judged): void {
    if (error !== null && 'reply' in sent) this.word = { error, headers: sent.reply.headers, outcome };
  }

  /** Whether there is something that a client may see. */
  get isSpeakable(): boolean {
    return this.word !== null && refusalOfOutcome(this.word.outcome) === null;
  }

  /** Ends the answer with the error of `outcome`: upstream's own where it gave one, else throws ours. */
  speak(answer: Answer, outcome: Outcome | null, model: string | null): void {
    const refusal = outcome === null ? null : refusalOfOutcome(outcome);
    if (refusal !== null || this.word === null) {
      throw refusal ?? new Refusal('OpenRouter gave no answer.', { status: 502, code: 'upstream_cut' });
    }
    const { error, headers } = this.word;
    const own = responseHeaders(headers);
    if (error.isVerbatim) {
      const isDecoded = !error.isCoded && headerValue(own, 'content-encoding') !== null;
      answer.giveBack(error, without(own, isDecoded ? ofDecoded : ofLength), model);
      return;
    }
    answer.giveBack(error, [...without(own, ofEvents), 'content-type', 'application/json'], model);
  }
}

const ofLength: ReadonlySet<string> = new Set(['content-length']);
/** The body is given back decoded. */
const ofDecoded: ReadonlySet<string> = new Set(['content-length', 'content-encoding']);
/** The body was an event of a stream. */
const ofEvents: ReadonlySet<string> = new Set(['content-length', 'content-encoding', 'content-type']);
