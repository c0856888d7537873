/** A proxy in front of a simulator, both in this process and on one clock that the test's time moves. */
import { TextLog } from '../../src/base/log';
import { KeywheelService } from '../../src/service/keywheelService';
import { defaultSettings, type Settings } from '../../src/service/settings';
import { plainKey } from '../../src/service/keyring/storedKey';
import type { AccountOptions } from '../simulator/limits/account';
import type { RequestRecord } from '../simulator/record';
import { Simulator, type SimulatorOptions } from '../simulator/simulator';
import { ManualClock } from '../support/manualClock';
import { QuietTime } from './quietTime';

export const freeModel = 'x/y:free';
export const paidModel = 'x/y';
export const proxyKey = 'proxy-key-of-the-tests';

const twoAccounts: readonly AccountOptions[] = [
  { name: 'anna', keys: [`sk-or-v1-${'a'.repeat(64)}`], dailyLimit: 1000, credits: 10 },
  { name: 'ben', keys: [`sk-or-v1-${'b'.repeat(64)}`], dailyLimit: 1000, credits: 10 },
];

export interface BenchOptions {
  readonly settings?: Partial<Settings>;
  readonly simulator?: SimulatorOptions;
  /** Real milliseconds without movement before time jumps. */
  readonly quietMs?: number;
}

export class Bench implements AsyncDisposable {
  private constructor(
    readonly clock: ManualClock,
    readonly time: QuietTime,
    readonly simulator: Simulator,
    readonly service: KeywheelService,
    readonly baseUrl: string,
  ) {}

  /** Resolves when the proxy listens and has read its accounts; the record does not contain these readings. */
  static async open(options: BenchOptions = {}): Promise<Bench> {
    const clock = new ManualClock();
    const time = new QuietTime(clock, options.quietMs);
    const accounts = options.simulator?.accounts ?? twoAccounts;
    const simulator = await Simulator.start({
      clock: { nowMs: () => clock.elapsedMs(), after: (delayMs, run) => clock.after(delayMs, run) },
      delays: 'clock',
      ...options.simulator,
      accounts,
    });
    const log = new TextLog(
      () => undefined,
      () => false,
    );
    const service = new KeywheelService({ clock, log, version: '0.0.0' });
    const upstreamUrl = simulator.baseUrl;
    await service.configure({ ...defaultSettings, port: 0, upstreamUrl, ...options.settings });
    service.setProxyKey(proxyKey);
    service.setKeys(accounts.flatMap(({ keys }) => keys.map((key) => plainKey(rawOf(key)))));
    const state = await service.start();
    if (state.kind !== 'running') throw new Error('The proxy does not listen');
    await time.until(service.refresh(), true);
    simulator.forget();
    return new Bench(clock, time, simulator, service, state.baseUrl);
  }

  /** The requests to models that upstream got. */
  get attempts(): readonly RequestRecord[] {
    return this.simulator.requests.filter(({ method }) => method === 'POST');
  }

  /** Stops everything; rejects where a lease or a wait is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.simulator.waitFor(() => this.isAtRest);
    } finally {
      this.service.dispose();
      this.time[Symbol.dispose]();
      await this.simulator.stop();
    }
  }

  private get isAtRest(): boolean {
    const { waiting, inFlight } = this.service.snapshot().wheel;
    return waiting === 0 && inFlight === 0;
  }
}

function rawOf(key: AccountOptions['keys'][number]): string {
  if (typeof key !== 'string') throw new TypeError('A plain key is expected');
  return key;
}
