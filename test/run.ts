/**
 * Runs the tests, all of them or those that are named: `npm test`, `npm test unit http`, `npm test e2e/keys http/errors`.
 * Everything that fits them to the machine stands here, so that each tool by itself is called as its manual says:
 * - Order. End-to-end tests come first and at once: each waits for its windows most of the time. Tests of sockets,
 *   processes and memory follow, three at a time. Those that measure time have the machine to themselves, at the end.
 * - Idle priority. Unit tests, types, lint, unused code and format use only what the others leave of the processors:
 *   windows that compete with a type check miss their deadlines.
 * - Heap. A larger young generation is collected less often: Prettier takes half the time.
 * - Once more. A part that fails beside the others runs again by itself at the end, so that the load of this command
 *   is told apart from a fault. Both runs are printed; the part has failed when it fails twice.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, setPriority, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { FAILURES_VARIABLE } from './support/failures';

/** For Node: its own options, a program, the program's arguments. */
type Command = readonly string[];

interface Result {
  name: string;
  code: number;
}

const programs: Readonly<Record<string, readonly Command[]>> = {
  build: [['esbuild.js', '--production']],
  package: [['node_modules/@vscode/vsce/vsce', 'package', '--out', 'dist/keywheel.vsix']],
  fetch: [['--import', 'tsx', 'test/tools/fetch.ts']],
  types: [
    ['node_modules/typescript/bin/tsc', '--noEmit'],
    ['node_modules/typescript/bin/tsc', '-p', 'src/webview'],
  ],
  lint: [['node_modules/oxlint/bin/oxlint', '.']],
  unused: [['node_modules/knip/bin/knip.js']],
  format: [['--max-semi-space-size=128', 'node_modules/prettier/bin/prettier.cjs', '--check', '.']],
  unit: [
    mocha('test/{unit,rules,simulator,tools}/**/*.test.ts', ...['--node-option', 'max-semi-space-size=32']),
  ],
  http: [mocha('test/http/*.test.ts')],
  processes: [mocha('test/processes/*.test.ts')],
  clients: [mocha('test/clients/*.test.ts')],
  memory: [mocha('test/memory/*.test.ts')],
  fuzz: [mocha('test/fuzz/*.test.ts')],
  vscode: [['--import', 'tsx', 'test/tools/runExtensionTests.ts']],
};

const needNoBuild = ['unit', 'types', 'lint', 'unused', 'format'];
const tiers = ['processes', 'clients', 'http', 'memory', 'fuzz', 'vscode'];
/** Tests that measure time. */
const timed = ['e2e/crowded', 'e2e/windows'];

const dayMs = 86_400_000;
const running = new Set<ChildProcess>();
let isStopped = false;

async function main(names: readonly string[]): Promise<number> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopAll(signal));
  if (names[0] === '--idle') {
    return failed(await lanes(2, names.slice(1)));
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'keywheel-failures-'));
  const failures = path.join(folder, 'failures.txt');
  process.env[FAILURES_VARIABLE] = failures;
  try {
    const results = names.length === 0 ? await everything() : await named(names.flatMap(expand));
    printFailures(failures);
    const lasting = names.length === 0 ? await onceMore(results) : results;
    printFailures(failures);
    return failed(lasting);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function everything(): Promise<Result[]> {
  const built = await lanes(1, ['build']);
  if (built.some(({ code }) => code !== 0)) return built;
  const background = inIdleTime(needNoBuild);
  const made = await lanes(2, ['package', 'fetch']);
  await pastMidnight();
  const foreground = [
    ...made,
    ...(await lanes(
      4,
      endToEnd().filter((name) => !timed.includes(name)),
    )),
    ...(await lanes(3, tiers)),
    ...(await lanes(1, timed)),
  ];
  return [...foreground, await background];
}

/** The results after each part that failed has run again by itself. */
async function onceMore(results: readonly Result[]): Promise<readonly Result[]> {
  const names = results.filter(({ code }) => code !== 0).flatMap(({ name }) => name.split(', '));
  if (names.length === 0 || names.includes('build') || isStopped) return results;
  console.error(`Failed beside the others, each runs once more by itself: ${names.join('; ')}`);
  const again: Result[] = [];
  for (const name of names) again.push(...(await lanes(1, [name])));
  return again;
}

/** Prints the tests that failed since the last call. */
function printFailures(file: string): void {
  if (!existsSync(file)) return;
  console.error(`\nThese tests failed:\n\n${readFileSync(file, 'utf8')}`);
  rmSync(file);
}

async function named(names: readonly string[]): Promise<Result[]> {
  const needed = names.every((name) => needNoBuild.includes(name)) ? [] : ['build'];
  if (names.some((name) => name.startsWith('e2e/'))) needed.push('package', 'fetch');
  const made = await lanes(1, needed);
  if (made.some(({ code }) => code !== 0)) return made;
  const rest = names.filter((name) => !needed.includes(name));
  return [
    ...(await lanes(
      3,
      rest.filter((name) => !timed.includes(name)),
    )),
    ...(await lanes(
      1,
      rest.filter((name) => timed.includes(name)),
    )),
  ];
}

/** `e2e` stands for each of its files: every one has a VS Code of its own. */
function expand(name: string): string[] {
  if (name === 'e2e') return endToEnd();
  if (programs[name] || existsSync(`test/${name}.test.ts`)) return [name];
  const known = [...Object.keys(programs), 'e2e', ...endToEnd()].join(', ');
  throw new Error(`There is no ${name}: ${known}, or a file in test/ as folder/name.`);
}

function endToEnd(): string[] {
  const files = readdirSync('test/e2e').filter((file) => file.endsWith('.test.ts'));
  return files.map((file) => `e2e/${path.basename(file, '.test.ts')}`);
}

function commandsOf(name: string): readonly Command[] {
  const file = `test/${name}.test.ts`;
  const windowed = ['--require', './test/e2e/support/fetched.ts', '--slow', '60000'];
  return (
    programs[name] ?? [mocha(file, ...(name.startsWith('e2e/') ? [...windowed, '--reporter', 'spec'] : []))]
  );
}

function mocha(...args: readonly string[]): Command {
  return ['node_modules/mocha/bin/mocha.js', ...args];
}

/** Waits for a midnight UTC that is near, because counts that tests in windows compare end with the real day. */
async function pastMidnight(): Promise<void> {
  const leftMs = dayMs - (Date.now() % dayMs);
  if (leftMs > 10 * 60_000) return;
  console.log(`Waiting for midnight UTC: ${Math.ceil(leftMs / 1_000)} s`);
  await delay(leftMs);
}

/** Runs `count` parts at a time, in this order; a failed part stops no other. */
async function lanes(count: number, names: readonly string[]): Promise<Result[]> {
  const waiting = [...names];
  const results: Result[] = [];
  const lane = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined && !isStopped; name = waiting.shift()) {
      results.push({ name, code: await runPart(name, names.length === 1) });
    }
  };
  await Promise.all(Array.from({ length: count }, lane));
  return results;
}

/** Prints the part's output in one piece when it has ended, unless nothing else runs beside it. */
async function runPart(name: string, isAlone: boolean): Promise<number> {
  const startedAtMs = performance.now();
  let printed = '';
  let code = 0;
  for (const command of commandsOf(name)) {
    const child = spawn(process.execPath, command, { stdio: ['ignore', ...(isAlone ? live : kept)] });
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk) => (printed += String(chunk)));
    code = await ended(child);
    if (code !== 0) break;
  }
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
  process.stdout.write(`${printed}== ${name}: ${code === 0 ? 'passed' : 'FAILED'} in ${seconds} s\n`);
  return code;
}

const live = ['inherit', 'inherit'] as const;
const kept = ['pipe', 'pipe'] as const;

/** Resolves with the exit code when all output has come. */
async function ended(child: ChildProcess): Promise<number> {
  running.add(child);
  return await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      running.delete(child);
      resolve(code ?? 1);
    });
  });
}

/** Runs these parts in a process at idle priority. */
async function inIdleTime(names: readonly string[]): Promise<Result> {
  const args = ['--import', 'tsx', 'test/run.ts', '--idle', ...names];
  // Linux has a class below all priorities; elsewhere the lowest priority has to do.
  const chrt = ['--idle', '0'];
  const canIdle = spawnSync('chrt', [...chrt, 'true']).status === 0;
  const [program, ...all] = canIdle
    ? ['chrt', ...chrt, process.execPath, ...args]
    : [process.execPath, ...args];
  // A session of its own, because where Linux groups processes by session, a priority counts only within its session.
  const child = spawn(program, all, { stdio: 'inherit', detached: process.platform !== 'win32' });
  giveWay(child.pid);
  return { name: names.join(', '), code: await ended(child) };
}

function giveWay(pid: number | undefined): void {
  if (pid === undefined) return;
  const lowest = constants.priority.PRIORITY_LOW;
  try {
    setPriority(pid, lowest);
    writeFileSync(`/proc/${pid}/autogroup`, String(lowest));
  } catch {
    // The process has ended, or the system does not group processes: then the priority counts among all.
  }
}

function stopAll(signal: NodeJS.Signals): void {
  isStopped = true;
  for (const child of running) child.kill(signal);
}

/** The exit code; says which parts failed. */
function failed(results: readonly Result[]): number {
  const names = results.filter(({ code }) => code !== 0).map(({ name }) => name);
  if (names.length > 0) console.error(`Failed: ${names.join('; ')}`);
  return names.length > 0 || isStopped ? 1 : 0;
}

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 70;
  },
);
