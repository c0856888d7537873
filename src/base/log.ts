// The log that every room writes to; where it goes is the composition root's business.
import { redact } from './secret';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface Log {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  /** The error's stack and its causes are written too. */
  error(message: string, error?: unknown): void;
}

/** Writes redacted lines to `write`; a line below `level` costs nothing but the call. */
export class TextLog implements Log {
  constructor(
    private readonly write: (level: LogLevel, line: string) => void,
    private readonly isOn: (level: LogLevel) => boolean = () => true,
  ) {}

  debug(message: string): void {
    this.line('debug', message);
  }

  info(message: string): void {
    this.line('info', message);
  }

  warn(message: string): void {
    this.line('warn', message);
  }

  error(message: string, error?: unknown): void {
    this.line('error', error === undefined ? message : `${message}\n${describeError(error)}`);
  }

  private line(level: LogLevel, message: string): void {
    if (this.isOn(level)) this.write(level, redact(message));
  }
}

/** The error's stack (or what was thrown instead of an error), then those of its causes. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause === undefined ? own : `${own}\nCaused by: ${describeError(error.cause)}`;
}
