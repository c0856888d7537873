// Records the next exchange on request; otherwise nothing of an exchange is kept.
import type { Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import type { Plan } from '../proxy/request/plan';
import { redact } from '../base/secret';
import type { AnswerCopy } from '../proxy/answer/answer';
import { headerValue } from '../proxy/request/headers';

/** A requested recording ends unused after this time: a forgotten one must not record a later conversation. */
export const recordWithinMs = 10 * 60_000;

export class Recorder {
  private give: ((text: string | null) => void) | null = null;
  private timer: Disposable | null = null;

  constructor(private readonly clock: Clock) {}

  /** Resolves with the text of the next exchange when it ends; null if none begins within ten minutes, or `next` is called again. */
  async next(): Promise<string | null> {
    this.finish(null);
    return await new Promise((resolve) => {
      this.give = resolve;
      this.timer = this.clock.after(recordWithinMs, () => this.finish(null));
    });
  }

  /** The recording of an exchange that begins, or null if none was requested. */
  take(plan: Plan): AnswerCopy | null {
    const { give } = this;
    if (give === null) return null;
    this.give = null;
    this.timer?.dispose();
    return recordingOf(plan, give);
  }

  private finish(text: string | null): void {
    this.timer?.dispose();
    this.give?.(text);
    this.give = null;
  }
}

const longestBytes = 256 * 1024;
const textTypes = /json|text|event-stream|xml|x-www-form-urlencoded/i;

/** The first 256 KiB of a body, and its whole length. */
class Copied {
  private readonly chunks: Buffer[] = [];
  private kept = 0;
  private bytes = 0;

  add(chunk: Buffer): void {
    this.bytes += chunk.length;
    if (this.kept >= longestBytes) return;
    const part = Buffer.from(chunk.subarray(0, longestBytes - this.kept));
    this.chunks.push(part);
    this.kept += part.length;
  }

  /** The body as text; a description of it if `headers` say that it is not text. */
  text(headers: readonly string[]): string {
    if (this.bytes === 0) return '[no body]';
    const type = headerValue(headers, 'content-type') ?? 'unknown type';
    const coding = headerValue(headers, 'content-encoding') ?? 'identity';
    if (coding !== 'identity' || !textTypes.test(type)) return `[${this.bytes} bytes of ${type}, ${coding}]`;
    const more = this.bytes > this.kept ? `\n[and ${this.bytes - this.kept} bytes more]` : '';
    return Buffer.concat(this.chunks).toString('utf8') + more;
  }
}

/** Passes the recording to `give` when the exchange ends, with everything masked that looks like a secret. */
function recordingOf({ method, path, headers, body }: Plan, give: (text: string) => void): AnswerCopy {
  const sent = new Copied();
  if (body.bytes !== null) sent.add(body.bytes);
  const text = body.passing === null ? sent.text(headers) : '[a body that went up unread]';
  const request = `${method} ${path}${headerLines(headers)}\n\n${text}`;
  const copied = new Copied();
  let answerHead: { readonly status: number; readonly headers: readonly string[] } | null = null;
  return {
    head: (status, answerHeaders) => (answerHead = { status, headers: answerHeaders }),
    data: (chunk) => copied.add(typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : chunk),
    end: () => {
      const answer =
        answerHead === null
          ? '[the client left before an answer]'
          : `${answerHead.status}${headerLines(answerHead.headers)}\n\n${copied.text(answerHead.headers)}`;
      give(redact(`--- request ---\n${request}\n--- answer ---\n${answer}\n--- end ---`));
    },
  };
}

const secretHeaders = /(?:cookie|authorization|token|secret|api-?key)$/i;

/** One header a line, each after `before`; values of secret headers are masked. */
export function headerLines(headers: readonly string[], before = '\n'): string {
  const lines = headers.flatMap((name, index) =>
    index % 2 === 0
      ? [`${before}${name}: ${secretHeaders.test(name) ? '[secret]' : headers[index + 1]}`]
      : [],
  );
  return lines.join('');
}
