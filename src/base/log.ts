// The log that every room writes to; the composition roots decide where the lines go.
import { redact } from './secret';

/** From the least severe to the most severe. */
const levels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof levels)[number];

export function isAtLeast(level: LogLevel, least: LogLevel): boolean {
  return levels.indexOf(level) >= levels.indexOf(least);
}

export type Log = Pick<TextLog, LogLevel>;

/** Writes redacted lines to `write`; a line whose level is off costs only the call. */
export class TextLog {
  constructor(
    private readonly write: (level: LogLevel, line: string) => void,
    private readonly isOn: (level: LogLevel) => boolean = () => true,
  ) {}

  /** A function is called only when the level is on: most debug lines are never written. */
  debug(message: string | (() => string)): void {
    this.line('debug', message);
  }

  info(message: string | (() => string)): void {
    this.line('info', message);
  }

  warn(message: string): void {
    this.line('warn', message);
  }

  /** Writes the error's stack and its causes too. */
  error(message: string, error?: unknown): void {
    this.line('error', error === undefined ? message : `${message}\n${describeError(error)}`);
  }

  private line(level: LogLevel, message: string | (() => string)): void {
    if (!this.isOn(level)) return;
    try {
      const text = typeof message === 'string' ? message : message();
      this.write(level, printable(redact(text)).replace(continued, '\n  '));
    } catch {
      // Only this line is lost: the output may be closed, or the disk full.
    }
  }
}

/** Characters that would control a terminal or reverse its text; line breaks and tabs are allowed: the log writes them. */
const unprintable = /(?![\n\t])[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu;

/** The text in a form that is safe to print on a terminal. */
export function printable(text: string): string {
  return text.replace(unprintable, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A line break inside a message is indented, so that a text of a client or of upstream cannot pass for a line of the log. */
const continued = /\n(?! )/g;

/** The error's stack (or the thrown value, if it is no Error), followed by those of its causes. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause === undefined ? own : `${own}\nCaused by: ${describeError(error.cause)}`;
}
