// Prints for the command line: tables, problems, and the log, as text for people or one JSON object a line for programs.
import type { Clock } from '../base/clock';
import { redact } from '../base/secret';
import { isAtLeast, TextLog, type Log, type LogLevel } from '../base/log';
import type { AnswerCopy } from '../proxy/answer/answer';
import type { Plan } from '../proxy/request/plan';
import { headerLines } from '../service/recorder';
import type { LogFormat } from './options';

/** Log lines are dropped while more bytes than this wait for the reader of standard error. */
const mostUnreadBytes = 1024 * 1024;

/** A log to standard error; a `format` of null is text on a terminal, else JSON. Secrets are masked. */
export function serverLog(level: LogLevel, format: LogFormat | null, clock: Clock): Log {
  const isJson = format === null ? !process.stderr.isTTY : format === 'json';
  return new TextLog(
    (each, message) => {
      if (process.stderr.writableLength > mostUnreadBytes) return;
      const time = new Date(clock.wallMs()).toISOString();
      process.stderr.write(
        isJson ? `${JSON.stringify({ time, level: each, message })}\n` : `${time} ${each} ${message}\n`,
      );
    },
    (each) => isAtLeast(each, level),
  );
}

/** Logs the heads of the exchange's request and answer, without their bodies. */
export function headsTo(log: Log, { method, path, headers }: Plan): AnswerCopy {
  const before = '\n  ';
  const request = `${method} ${path.replace(/\?.*$/, '')}`;
  log.debug(`Request ${request}${headerLines(headers, before)}`);
  return {
    head: (status, answerHeaders) =>
      log.debug(`Answer ${status} to ${request}${headerLines(answerHeaders, before)}`),
    data: () => undefined,
    end: () => undefined,
  };
}

/** Prints the problems, with keys masked, and returns the exit code. */
export function give(code: number, ...problems: readonly string[]): number {
  for (const problem of problems) process.stderr.write(`keywheel: ${redact(problem)}\n`);
  return code;
}

/** A table: columns as wide as their widest cell, with two blanks between them; each line ends with a line break. */
export function tableText(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const text = (line: readonly string[]): string =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return lines.map((line) => `${text(line)}\n`).join('');
}
