// The command line's composition root: the same service without VS Code, set up by environment variables.
import packageJson from '../package.json';
import { SystemClock, type Clock } from './base/clock';
import { DisposableStore } from './base/disposable';
import { TextLog, type Log, type LogLevel } from './base/log';
import { codeOf } from './base/systemError';
import { readEnvironment, type Configuration } from './service/environment';
import { KeptHistory } from './service/keptHistory';
import { KeywheelService } from './service/keywheelService';
import { watchMachine } from './service/machineWatch';
import { newProxyKey } from './service/proxyKey';
import type { Settings } from './service/settings';
import type { ProxyState } from './service/snapshot';
import { StateFile } from './service/stateFile';
import { StateKeeping, type StateKeepingPorts } from './service/stateKeeping';

const drainMs = 2_000;
const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

async function main(): Promise<number> {
  const read = readEnvironment(process.env);
  if (read.kind === 'bad') {
    for (const problem of read.problems) process.stderr.write(`keywheel: ${problem}\n`);
    return 2;
  }
  return await run(read.configuration);
}

/** Resolves with the exit code when the proxy has been told to stop, or could not start. */
async function run(configuration: Configuration): Promise<number> {
  const { settings, keys, proxyKey, stateFile } = configuration;
  const clock = new SystemClock();
  const log = logOf(configuration.logLevel, clock);
  const owned = new DisposableStore();
  const service = owned.add(new KeywheelService({ clock, log, version: packageJson.version }));
  await service.configure(settings);
  const keepers = stateFile === null ? [] : await keepBoth(stateFile, { service, log, clock, owned });
  if (typeof keepers === 'string') return give(2, keepers);
  const ownKey = proxyKey ?? newProxyKey();
  service.setProxyKey(ownKey);
  service.setKeys(keys);
  // Before anybody can know that it runs: whoever reads the greeting may tell it to stop at once.
  const told = stopSignal();
  const state = await service.start();
  if (state.kind !== 'running') {
    owned.dispose();
    return giveStartProblem(state, settings);
  }
  process.stdout.write(greeting(state.baseUrl, proxyKey === null ? ownKey : null));
  const watch = watchMachine(service, clock, log);
  await told;
  watch.dispose();
  await service.stop(drainMs);
  await Promise.all(keepers.map(async (keeper) => await keeper.saveNow()));
  owned.dispose();
  return 0;
}

function logOf(level: LogLevel, clock: Clock): Log {
  const shown = levels.slice(levels.indexOf(level));
  return new TextLog(
    (each, line) => process.stderr.write(`${new Date(clock.nowMs()).toISOString()} ${each} ${line}\n`),
    (each) => shown.includes(each),
  );
}

interface KeptPorts {
  readonly service: KeywheelService;
  readonly log: Log;
  readonly clock: Clock;
  readonly owned: DisposableStore;
}

/** Counts in the file, past requests in one beside it; or what is wrong with either. */
async function keepBoth(
  path: string,
  { service, log, clock, owned }: KeptPorts,
): Promise<StateKeeping[] | string> {
  const counts = await keep(path, { kept: service, name: 'counts', log, clock });
  if (typeof counts === 'string') return counts;
  const kept = owned.add(new KeptHistory({ clock, log, history: service.history, isOurs: () => true }));
  const history = await keep(historyFile(path), { kept, name: 'requests', log, clock });
  return typeof history === 'string' ? history : [owned.add(counts), owned.add(history)];
}

/** Beside `state.json` it is `state.history.json`. */
function historyFile(stateFile: string): string {
  return `${stateFile.replace(/\.json$/i, '')}.history.json`;
}

/** Takes over what is in the file, and keeps it from now on; or says what is wrong with the file. */
async function keep(path: string, ports: Omit<StateKeepingPorts, 'store'>): Promise<StateKeeping | string> {
  const store = new StateFile(path);
  const keeping = new StateKeeping({ ...ports, store });
  try {
    await store.prepare();
    await keeping.restore();
    return keeping;
  } catch (error: unknown) {
    return `STATE_FILE ${path} cannot be used (${codeOf(error)}): name a file that may be read and written.`;
  }
}

/** Says what is wrong, and gives the exit code back. */
function give(code: number, problem: string): number {
  process.stderr.write(`keywheel: ${problem}\n`);
  return code;
}

function giveStartProblem(state: ProxyState, { host, port }: Settings): number {
  if (state.kind !== 'failed') return give(1, `The proxy is ${state.kind}.`);
  switch (state.code) {
    case 'keywheelThere':
    case 'otherMachine':
    case 'otherProduct':
    case 'otherVersion':
      return give(1, `PORT ${port} is taken by another Keywheel: use that one, or set another PORT.`);
    case 'portInUse':
      return give(
        1,
        `PORT ${port} is taken (${state.detail}): stop the program that has it, or set another PORT.`,
      );
    case 'portForbidden':
      return give(1, `PORT ${port} may not be used (${state.detail}): set one above 1023.`);
    case 'other':
      return give(2, `HOST ${host} cannot be listened on (${state.detail}): set an address of this machine.`);
  }
}

/** A key that the user chose is not repeated: output ends up in logs. */
function greeting(baseUrl: string, madeKey: string | null): string {
  const key = madeKey ?? '$PROXY_API_KEY';
  return `Keywheel for OpenRouter
  Base URL:  ${baseUrl}
  Proxy key: ${madeKey ?? 'the value of PROXY_API_KEY'}

  curl ${baseUrl}/chat/completions -H "Authorization: Bearer ${key}" -H "Content-Type: application/json" -d '{"model":"openrouter/free","messages":[{"role":"user","content":"Say hello"}]}'

`;
}

async function stopSignal(): Promise<void> {
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(
      `keywheel: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exit(70);
  },
);
