// `keywheel serve`: starts the proxy, and runs it until its last answer has ended.
import { ask, isKeywheel } from '../base/http';
import { SystemClock, type Clock } from '../base/clock';
import { DisposableStore } from '../base/disposable';
import type { Log } from '../base/log';
import { codeOf } from '../base/systemError';
import { KeywheelService } from '../service/keywheelService';
import { watchMachine } from '../service/machineWatch';
import { newProxyKey, type StoredKey } from '../service/keyring/storedKey';
import { StateFile } from '../service/saved/stateFile';
import { StateKeeping, type StateKeepingPorts } from '../service/saved/stateKeeping';
import { urlHost, type Settings } from '../service/settings';
import type { ProxyState } from '../service/snapshot';
import { watchKeysFile, withKeysFile } from './keysFile';
import { Metrics } from './metrics';
import type { Configuration, LogFormat, Named } from './options';
import { Routes } from './routes';
import { give, headsTo, serverLog } from './output';

/** Time for the program that has the port to answer. */
const whoTimeoutMs = 1_000;

/** The command's version, and the folder of its pages. */
export interface Program {
  readonly version: string;
  readonly pages: string;
}

/** Resolves with the exit code when the proxy has been told to stop, or could not start. */
export async function serve(configuration: Configuration, program: Program): Promise<number> {
  const { keysFile, logFormat, proxyKey, settings } = configuration;
  const keys = withKeysFile(configuration.keys, keysFile);
  if (typeof keys === 'string') return give(2, keys);
  const clock = new SystemClock();
  const log = serverLog(configuration.logLevel, logFormat, clock);
  const owned = new DisposableStore();
  try {
    const service = owned.add(makeService(configuration, program, { clock, log, owned }));
    await service.configure(settings);
    const keepers = await keepAll(configuration.stateFile, service, { clock, log, owned });
    if (typeof keepers === 'string') return give(2, keepers);
    const setKeys = (changed: readonly StoredKey[]): void => service.setKeys(changed);
    if (keysFile !== null)
      owned.add(watchKeysFile(configuration.keys, keysFile, keys, { clock, log, setKeys }));
    const ownKey = proxyKey ?? newProxyKey();
    service.setProxyKey(ownKey);
    // Signals are heard before the start: a reader of the greeting may send one at once.
    const signalled = stopSignal();
    // A second signal cuts the answers that still run.
    const again = signalled.then(stopSignal);
    const started = service.start();
    // Keys are set within the same turn as the start, so before any request; they are read once the port is bound.
    setKeys(keys);
    const state = await started;
    if (state.kind !== 'running') return await giveStartProblem(state, settings);
    process.stdout.write(
      greeting(askedOrigin(state), proxyKey === null ? ownKey : null, logFormat ?? 'text'),
    );
    const watch = watchMachine(service, clock, log);
    await signalled;
    watch.dispose();
    await Promise.race([service.stop(), again]);
    await Promise.all(keepers.map(async (keeper) => await keeper.saveNow()));
    return 0;
  } finally {
    owned.dispose();
  }
}

interface Owning {
  readonly clock: Clock;
  readonly log: Log;
  readonly owned: DisposableStore;
}

function makeService(
  { allowedHosts, logLevel }: Configuration,
  { version, pages }: Program,
  { clock, log, owned }: Owning,
): KeywheelService {
  const service: KeywheelService = new KeywheelService({
    clock,
    log,
    version,
    allowedHosts,
    answerFirst: (request, rules) => routes.answer(request, rules),
    follow: logLevel === 'debug' ? (plan) => headsTo(log, plan) : undefined,
  });
  const metrics = owned.add(new Metrics(service, version));
  const routes = new Routes({ service, metrics, version, folder: pages });
  return service;
}

/** Keeps counts in the file, and past requests in a file beside it if possible; a text is the problem with the file. */
async function keepAll(
  file: Named | null,
  service: KeywheelService,
  { log, clock, owned }: Owning,
): Promise<readonly StateKeeping[] | string> {
  if (file === null) return [];
  const problem = (path: string, error: unknown): string =>
    `${file.name} ${path} cannot be used (${codeOf(error)}): name a file that can be read and written.`;
  const onStranger = (): void =>
    log.warn(
      `${file.name} ${file.text} is written by another process too, and its counts replace the ones of this one: give each server a file of its own.`,
    );
  const counts = await keep(new StateFile(file.text, onStranger), {
    owner: service,
    name: 'counts',
    log,
    clock,
  }).catch((error: unknown) => problem(file.text, error));
  if (typeof counts === 'string') return counts;
  owned.add(counts);
  // The file beside `state.json` is `state.history.json`.
  const path = `${file.text.replace(/\.json$/i, '')}.history.json`;
  try {
    return [
      counts,
      owned.add(await keep(new StateFile(path), { owner: service.history, name: 'requests', log, clock })),
    ];
  } catch (error: unknown) {
    // A mount of a single file allows no other file beside it.
    log.warn(`${problem(path, error)} Past requests are lost when this process ends.`);
    return [counts];
  }
}

/** Restores the state from the file, and saves it there from now on; rejects with the system's error if the file cannot be used. */
async function keep(store: StateFile, ports: Omit<StateKeepingPorts, 'store'>): Promise<StateKeeping> {
  const keeping = new StateKeeping({ ...ports, store });
  await store.prepare();
  await keeping.restore();
  return keeping;
}

async function giveStartProblem(state: ProxyState, { host, port }: Settings): Promise<number> {
  if (state.kind !== 'failed') return give(1, `The proxy is ${state.kind}.`);
  const { code, detail } = state;
  if (code === 'portForbidden')
    return give(1, `PORT ${port} may not be used (${detail}): set one above 1023.`);
  if (code === 'other')
    return give(1, `HOST ${host} cannot be listened on (${detail}): set an address of this machine.`);
  const url = `${askedOrigin({ host, port })}/health`;
  const answer = await ask({ url, timeoutMs: whoTimeoutMs, mostCharacters: 4_096 });
  return give(
    1,
    isKeywheel(answer)
      ? `PORT ${port} is taken by another Keywheel: use that one, or set another PORT.`
      : `PORT ${port} is taken (${detail}): stop the program that has it, or set another PORT.`,
  );
}

/** The origin at which this machine reaches the proxy of these settings. */
export function askedOrigin({ host, port }: Pick<Settings, 'host' | 'port'>): string {
  const everywhere: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };
  return `http://${urlHost(everywhere[host] ?? host)}:${port}`;
}

/** The text at the start. A proxy key that the user chose is not printed, as the output may be stored in logs. */
function greeting(origin: string, madeKey: string | null, format: LogFormat): string {
  const key = madeKey ?? 'the value of PROXY_API_KEY';
  const baseUrl = `${origin}/api/v1`;
  if (format === 'json')
    return `${JSON.stringify({ message: 'Keywheel for OpenRouter', base_url: baseUrl, proxy_key: key })}\n`;
  return `Keywheel for OpenRouter
  Base URL:  ${baseUrl}
  Proxy key: ${key}
  Accounts:  ${origin}/key-status
  API:       ${origin}/docs

  curl ${baseUrl}/chat/completions -H "Authorization: Bearer ${madeKey ?? '$PROXY_API_KEY'}" -H "Content-Type: application/json" -d '{"model":"openrouter/free","messages":[{"role":"user","content":"Say hello"}]}'

`;
}

async function stopSignal(): Promise<void> {
  await new Promise<void>((resolve) => {
    // A terminal that is closed sends SIGHUP.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, resolve);
  });
}
