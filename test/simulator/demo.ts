/** The entry of `npm start`: the built proxy with the user's keys, or with a simulated OpenRouter where there are none. */
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { resolve } from 'node:path';
import { Simulator } from './simulator';

interface DemoAccount {
  readonly name: string;
  readonly keys: readonly string[];
  readonly dailyLimit: number;
  readonly usedToday?: number;
  readonly credits?: number;
}

const demoAccounts: readonly DemoAccount[] = [
  { name: 'Anna', keys: [demoKey('anna-1'), demoKey('anna-2')], dailyLimit: 50 },
  { name: 'Ben', keys: [demoKey('ben')], dailyLimit: 50, usedToday: 38 },
  { name: 'Cleo', keys: [demoKey('cleo')], dailyLimit: 1000, credits: 12.5 },
];

/** A text as long as a real key, which is clearly not one. */
function demoKey(name: string): string {
  return `sk-or-v1-demo-${name.padStart(59, '0')}`;
}

function describe(account: DemoAccount): string {
  const keys = account.keys.length === 1 ? '1 key' : `${account.keys.length} keys`;
  const used = account.usedToday === undefined ? '' : `, ${account.usedToday} of them used today`;
  return `  ${account.name}: ${keys}, ${account.dailyLimit} free requests a day${used}`;
}

async function main(): Promise<number> {
  // `npm start` runs in the checkout's top folder, where the build has just written the program.
  const program = resolve('dist', 'cli.js');
  if ((process.env.OPENROUTER_KEYS ?? '').trim() !== '') return await run(program, process.env);
  const simulator = await Simulator.start({ accounts: demoAccounts, answer: { eventDelayMs: 30 } });
  console.log(
    'No keys are set (OPENROUTER_KEYS), so this uses a simulated OpenRouter with three demo accounts:',
  );
  for (const account of demoAccounts) console.log(describe(account));
  console.log('Nothing leaves this machine. To use your own: OPENROUTER_KEYS=key1:50,key2:1000 npm start\n');
  try {
    const keys = demoAccounts.flatMap(({ keys, dailyLimit }) => keys.map((key) => `${key}:${dailyLimit}`));
    const environment = { OPENROUTER_KEYS: keys.join(','), OPENROUTER_BASE_URL: simulator.baseUrl };
    return await run(program, { ...process.env, ...environment });
  } finally {
    await simulator.stop();
  }
}

/** Runs the program to its end and returns the exit code that this process should have. */
async function run(program: string, environment: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(process.execPath, [program], { stdio: 'inherit', env: environment });
  const stopPassing = passSignals(child);
  try {
    return await new Promise((settle, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) =>
        settle(code ?? 128 + (signal === null ? 1 : constants.signals[signal])),
      );
    });
  } finally {
    stopPassing();
  }
}

function passSignals(child: ChildProcess): () => void {
  const interrupt = (): void => {
    // At a terminal, Ctrl+C has reached the program already: a second one might make it leave in a hurry.
    if (!process.stdin.isTTY) child.kill('SIGINT');
  };
  const terminate = (): void => void child.kill('SIGTERM');
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', terminate);
  return () => {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', terminate);
  };
}

void main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
