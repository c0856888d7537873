/** The command lines of real clients, from npm, kept in the cache outside of the checkout. */
import path from 'node:path';
import { cachedInstall, npmEnvironment, npmInstall } from '../tools/cachedInstall';
import { ensureCodeServer } from '../tools/codeServer';
import { reported, reportToStderr } from '../tools/progress';
import type { Sandbox } from '../tools/sandbox';

/** Each client's package at npm, and the version. */
export const clientPackages = {
  continue: ['@continuedev/cli', '1.5.47'],
  claudeCode: ['@anthropic-ai/claude-code', '2.1.332'],
  codex: ['@openai/codex', '0.171.0'],
  kilo: ['@kilocode/cli', '7.7.7'],
  opencode: ['opencode-ai', '1.18.33'],
  cline: ['cline', '3.0.65'],
  qwenCode: ['@qwen-code/qwen-code', '0.24.4'],
  pi: ['@earendil-works/pi-coding-agent', '1.6.0'],
} as const;

/** The name changes with each version, so that all clients are installed anew. */
const folderName = `clients-${Object.values(clientPackages)
  .map(([, version]) => version)
  .join('-')}-${process.platform}-${process.arch}`;

export interface CommandLine {
  /** Variables besides `HOME` that keep the client's own requests from the internet; nothing about the proxy. */
  readonly env: NodeJS.ProcessEnv;
  /** The program and its arguments for one question. */
  command(question: string): readonly [program: string, ...args: string[]];
}

export interface RealClients {
  readonly continue: CommandLine;
  readonly claudeCode: CommandLine;
  readonly codex: CommandLine;
  readonly kilo: CommandLine;
  readonly opencode: CommandLine;
  readonly cline: CommandLine;
  readonly qwenCode: CommandLine;
  readonly pi: CommandLine;
}

/** Installs clients that the cache lacks (half a minute); some need a newer Node than the extension: code-server's. */
export async function fetchRealClients(): Promise<RealClients> {
  const { nodePath } = await ensureCodeServer(reportToStderr);
  const folder = await cachedInstall(folderName, async (partial) => {
    const specs = Object.values(clientPackages).map(([name, version]) => `${name}@${version}`);
    const env = npmEnvironment();
    env.PATH = `${path.dirname(nodePath)}${path.delimiter}${env.PATH ?? ''}`;
    await reported(reportToStderr, `${specs.join(', ')} from npm`, () => npmInstall(partial, specs, env));
    return clientPackages;
  });
  const bin = (name: string): string => path.join(folder, 'node_modules', '.bin', name);
  return {
    continue: {
      env: { CONTINUE_TELEMETRY_ENABLED: '0' },
      command: (question) => [nodePath, bin('cn'), '-p', question],
    },
    claudeCode: {
      env: { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1', DISABLE_AUTOUPDATER: '1' },
      command: (question) => [bin('claude'), '-p', question],
    },
    codex: {
      env: {},
      command: (question) => [nodePath, bin('codex'), 'exec', '--skip-git-repo-check', question],
    },
    kilo: {
      env: { KILO_DISABLE_MODELS_FETCH: '1', KILO_DISABLE_AUTOUPDATE: '1' },
      command: (question) => [bin('kilo'), 'run', question],
    },
    opencode: {
      env: { OPENCODE_DISABLE_MODELS_FETCH: '1', OPENCODE_DISABLE_AUTOUPDATE: '1' },
      command: (question) => [bin('opencode'), 'run', question],
    },
    cline: {
      // Without it Cline leaves a process behind.
      env: { CLINE_SESSION_BACKEND_MODE: 'local' },
      command: (question) => [bin('cline'), '--json', question],
    },
    qwenCode: {
      env: { QWEN_CODE_DISABLE_AUTO_UPDATE: '1' },
      command: (question) => [nodePath, bin('qwen'), '-p', question],
    },
    pi: {
      env: { PI_OFFLINE: '1', PI_TELEMETRY: '0' },
      command: (question) => [nodePath, bin('pi'), '-p', question],
    },
  };
}

export interface Said {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Asks one question in an empty folder; only the home tells the client anything. Ends it after `timeoutMs`. */
export async function ask(
  client: CommandLine,
  question: string,
  home: string,
  { sandbox, timeoutMs }: { readonly sandbox: Sandbox; readonly timeoutMs: number },
): Promise<Said> {
  const env: NodeJS.ProcessEnv = {
    ...withoutClients(process.env),
    ...client.env,
    HOME: home,
  };
  const folder = sandbox.folder('empty');
  const inFolder = ['-c', 'cd "$0" && exec "$@"', folder, ...client.command(question)];
  const child = sandbox.start('sh', inFolder, env);
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  const said = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk: Buffer) => (said.stdout += chunk.toString('utf8')));
  child.stderr?.on('data', (chunk: Buffer) => (said.stderr += chunk.toString('utf8')));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  clearTimeout(timer);
  return { code, ...said };
}

/** Removes variables that tell a client an address or a key; an undefined variable is not passed on. */
function withoutClients(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const theirs =
    /^(ANTHROPIC|CLAUDE|CODEX|OPENAI|OPENROUTER|OPENCODE|KILO|CONTINUE|CLINE|QWEN|PI_|KEYWHEEL_API)/;
  return Object.fromEntries(
    Object.keys(env)
      .filter((name) => theirs.test(name))
      .map((name) => [name, undefined]),
  );
}
