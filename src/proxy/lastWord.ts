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
    answer.giveBack(error, headersFor(error.kind, responseHeaders(headers)), model);
  }
}

/**
 * Whether all of an error that is longer than what is held can still be passed on: unless our own words say it better, or
 * the client holds a stream of ours.
 */
export function passesOn({ error, outcome }: Judged, answer: Answer): boolean {
  return error?.kind === 'standIn' && refusalOfOutcome(outcome) === null && !answer.isKeptAlive;
}

/** Upstream's headers, as far as they hold for what is given back. */
function headersFor(kind: HeldError['kind'], own: readonly string[]): readonly string[] {
  switch (kind) {
    case 'asSent':
      return without(own, headerValue(own, 'content-encoding') === null ? ofLength : ofCoding);
    case 'coded':
      return without(own, ofLength);
    case 'ours':
    case 'standIn':
      return [...without(own, ofContent), 'content-type', 'application/json'];
  }
}

const ofLength: ReadonlySet<string> = new Set(['content-length']);
/** The body is given back decoded. */
const ofCoding: ReadonlySet<string> = new Set(['content-length', 'content-encoding']);
/** The body is another one. */
const ofContent: ReadonlySet<string> = new Set(['content-length', 'content-encoding', 'content-type']);
