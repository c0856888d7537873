/** Lines of progress for a person or the log of a build. */

/** Takes one line of progress. */
export type Report = (line: string) => void;

/** Writes lines to stderr, so that stdout stays what the program itself answers. */
export function reportToStderr(line: string): void {
  process.stderr.write(`[vscode] ${line}\n`);
}

/** Reports the begin of the work, every 20 s that it goes on, and its duration; resolves to the result of `work`. */
export async function reported<T>(report: Report, what: string, work: () => Promise<T>): Promise<T> {
  const startedAtMs = Date.now();
  const seconds = (): string => ((Date.now() - startedAtMs) / 1000).toFixed(1);
  report(`${what} …`);
  const reminder = setInterval(() => {
    report(`${what} … ${seconds()} s so far`);
  }, 20_000);
  try {
    const result = await work();
    report(`${what}: done in ${seconds()} s`);
    return result;
  } finally {
    clearInterval(reminder);
  }
}
