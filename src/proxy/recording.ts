// One request and its answer written down, because the user asked for exactly one; nothing else ever keeps a body.
import { redact } from '../base/secret';
import type { AnswerCopy } from './answer';
import { headerValue } from './headers';
import type { Plan } from './plan';

const longestBytes = 256 * 1024;

/** What is written of a body: its beginning, and how long it was. */
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

  /** As text where it is some; `headers` tell. */
  text(headers: readonly string[]): string {
    if (this.bytes === 0) return '[no body]';
    const type = headerValue(headers, 'content-type') ?? 'unknown type';
    const coding = headerValue(headers, 'content-encoding') ?? 'identity';
    if (coding !== 'identity' || !isText(type)) return `[${this.bytes} bytes of ${type}, ${coding}]`;
    const more = this.bytes > this.kept ? `\n[and ${this.bytes - this.kept} bytes more]` : '';
    return Buffer.concat(this.chunks).toString('utf8') + more;
  }
}

export class Recording implements AnswerCopy {
  private readonly request: string;
  private readonly answer = new Copied();
  private status: number | null = null;
  private headers: readonly string[] = [];

  constructor(
    { method, path, headers, body }: Pick<Plan, 'method' | 'path' | 'headers' | 'body'>,
    private readonly onEnd: (text: string) => void,
  ) {
    const sent = new Copied();
    if (body.beginning !== null) sent.add(body.beginning);
    const passed = body.passing === null ? '' : '\n[a long body: its beginning only]';
    this.request = `${method} ${path}\n${headerLines(headers)}\n\n${sent.text(headers)}${passed}`;
  }

  head(status: number, headers: readonly string[]): void {
    this.status = status;
    this.headers = headers;
  }

  data(chunk: Buffer | string): void {
    this.answer.add(typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : chunk);
  }

  /** The exchange is over: tells what was written down, without anything that looks like a secret. */
  end(): void {
    const answer =
      this.status === null
        ? '[the client left before an answer]'
        : `${this.status}\n${headerLines(this.headers)}\n\n${this.answer.text(this.headers)}`;
    this.onEnd(redact(`--- request ---\n${this.request}\n--- answer ---\n${answer}\n--- end ---`));
  }
}

function headerLines(headers: readonly string[]): string {
  const lines: string[] = [];
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] ?? '';
    const isSecret = /^set-cookie$/i.test(name);
    lines.push(`${name}: ${isSecret ? '[secret]' : (headers[index + 1] ?? '')}`);
  }
  return lines.join('\n');
}

function isText(type: string): boolean {
  return /json|text|event-stream|xml|x-www-form-urlencoded/i.test(type);
}
