/** Starts a server of VS Code's, waits until it prints where it listens, and keeps its output. */
import type { ChildProcess } from 'node:child_process';
import type { Sandbox } from './sandbox';

const KEPT_CHARACTERS = 8000;

/** A gallery of extensions on this machine that does not exist, so that questions fail at once. */
export const NO_GALLERY: NodeJS.ProcessEnv = {
  EXTENSIONS_GALLERY: JSON.stringify({
    serviceUrl: 'http://127.0.0.1:9',
    itemUrl: '',
    resourceUrlTemplate: '',
  }),
};

export interface ServerOptions {
  readonly sandbox: Sandbox;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** The line that the server prints when it listens; the first group is the port. */
  readonly listening: RegExp;
  readonly timeoutMs?: number;
}

export interface ServerProcess {
  readonly port: number;
  /** The end of what the server wrote. */
  output(): string;
  /** Resolves when the server has ended, to a description of its end. */
  readonly ended: Promise<string>;
}

/** Resolves when the server listens; rejects with its output when it ends or says nothing for so long. */
export async function startServer(options: ServerOptions): Promise<ServerProcess> {
  const child = options.sandbox.start(options.command, options.args, { ...NO_GALLERY, ...options.env });
  let kept = '';
  const output = (): string => kept.trim();
  const ended = endOf(child);
  const port = await new Promise<number>((resolve, reject) => {
    const fail = (how: string): void => {
      reject(new Error(`VS Code's server ${how}. It wrote:\n${output()}`));
    };
    const timeoutMs = options.timeoutMs ?? 240_000;
    const timer = setTimeout(fail, timeoutMs, `did not listen within ${timeoutMs} ms`);
    const read = (text: string): void => {
      kept = (kept + text).slice(-KEPT_CHARACTERS);
      const found = options.listening.exec(kept)?.[1];
      if (found === undefined) return;
      clearTimeout(timer);
      resolve(Number(found));
    };
    child.stdout?.setEncoding('utf8').on('data', read);
    child.stderr?.setEncoding('utf8').on('data', read);
    void ended.then((how) => {
      clearTimeout(timer);
      fail(how);
    });
  });
  return { port, output, ended };
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.on('error', (error) => {
      resolve(`did not start: ${error.message}`);
    });
    child.on('close', (code, signal) => {
      resolve(`ended with ${signal ?? `exit code ${code}`}`);
    });
  });
}
