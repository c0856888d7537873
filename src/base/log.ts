// The log that every room writes to; where it goes is the composition root's business.
import { redact } from './secret';

/** The least first. */
const levels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof levels)[number];

export function isAtLeast(level: LogLevel, least: LogLevel): boolean {
  return levels.indexOf(level) >= levels.indexOf(least);
}

export type Log = Pick<TextLog, LogLevel>;

/** Writes redacted lines to `write`; a line whose level is off costs nothing but the call. */
export class TextLog {
  constructor(
    private readonly write: (level: LogLevel, line: string) => void,
    private readonly isOn: (level: LogLevel) => boolean = () => true,
  ) {}

  /** A function is called where the line is wanted: most are made for nobody. */
  debug(message: string | (() => string)): void {
    this.line('debug', message);
  }

  info(message: string | (() => string)): void {
    this.line('info', message);
  }

  warn(message: string): void {
    this.line('warn', message);
  }

  /** The error's stack and its causes are written too. */
  error(message: string, error?: unknown): void {
    this.line('error', error === undefined ? message : `${message}\n${describeError(error)}`);
  }

  private line(level: LogLevel, message: string | (() => string)): void {
    if (!this.isOn(level)) return;
    try {
      const text = typeof message === 'string' ? message : message();
      this.write(level, printable(redact(text)).replace(continued, '\n  '));
    } catch {
      // The line is lost, and nothing else: its reader may be gone, or the disk full.
    }
  }
}

/** Characters that would steer a terminal or reverse its text; line breaks and tabs are our own. */
const unprintable = /(?![\n\t])[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu;

/** The text as a terminal may be given it. */
export function printable(text: string): string {
  return text.replace(unprintable, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A text of a client's or upstream's must not begin a line as a line of the log does. */
const continued = /\n(?! )/g;

/** The error's stack (or what was thrown instead of an error), then those of its causes. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause === undefined ? own : `${own}\nCaused by: ${describeError(error.cause)}`;
}
