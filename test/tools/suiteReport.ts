/** The output and the result of a suite in the extension host: two files in one folder. */
import { appendFileSync, existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Names the folder to the suite; not set on the desktop, where nobody reads files. */
export const REPORT_VARIABLE = 'KEYWHEEL_TEST_REPORT';

/** Names the folder in which VS Code keeps the files of extensions, one folder each. */
export const STORAGE_VARIABLE = 'KEYWHEEL_TEST_STORAGE';

export interface SuiteResult {
  readonly tests: number;
  readonly failures: number;
}

/** Both ends of the hand-over. */
export class SuiteReport {
  private readonly outputPath: string;
  private readonly resultPath: string;
  private readBytes = 0;

  constructor(folder: string) {
    this.outputPath = path.join(folder, 'output.log');
    this.resultPath = path.join(folder, 'result.json');
  }

  print(text: string): void {
    appendFileSync(this.outputPath, text);
  }

  /** The result is there as a whole or not at all. */
  finish(result: SuiteResult): void {
    const partial = `${this.resultPath}.partial`;
    writeFileSync(partial, JSON.stringify(result));
    renameSync(partial, this.resultPath);
  }

  /** Whether the suite has printed anything. */
  hasBegun(): boolean {
    return existsSync(this.outputPath);
  }

  /** The lines printed since the last call, whole ones only. */
  newOutput(): string {
    if (!this.hasBegun() || statSync(this.outputPath).size === this.readBytes) return '';
    const unread = readFileSync(this.outputPath).subarray(this.readBytes);
    const lines = unread.subarray(0, unread.lastIndexOf('\n') + 1);
    this.readBytes += lines.length;
    return lines.toString('utf8');
  }

  result(): SuiteResult | undefined {
    if (!existsSync(this.resultPath)) return undefined;
    const result: unknown = JSON.parse(readFileSync(this.resultPath, 'utf8'));
    if (!isSuiteResult(result)) throw new Error(`${this.resultPath} is no result of a suite.`);
    return result;
  }
}

function isSuiteResult(value: unknown): value is SuiteResult {
  if (typeof value !== 'object' || value === null) return false;
  return (
    'tests' in value &&
    typeof value.tests === 'number' &&
    'failures' in value &&
    typeof value.failures === 'number'
  );
}
