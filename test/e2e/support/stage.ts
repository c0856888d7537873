/** Owns the set-up of a file of end-to-end tests, and always closes it; pictures its VS Code windows where a test fails. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Simulator, type SimulatorOptions } from '../../simulator/simulator';
import { PackagedVsCode, type PackagedOptions } from '../../tools/packaged';

type Close = () => Promise<unknown>;

export class Stage {
  private readonly closes: Close[] = [];
  private readonly vscodes: PackagedVsCode[] = [];
  private isClosed = false;

  /** To be called in a `describe`, for whose tests the stage is. */
  constructor() {
    const pictureFailure = async (title: string): Promise<void> => await this.picture(title);
    afterEach(async function () {
      const { currentTest: test } = this;
      if (test?.state === 'failed') await pictureFailure(test.title);
    });
    after(async () => await this.close());
  }

  /**
   * `made` is closed after the tests, before things that were owned earlier, also when the set-up fails half-way. After the
   * stage was closed it is closed at once and the set-up ends: nothing else would close it, and the run would hang.
   */
  own<T>(made: T, close: (made: T) => Promise<unknown>): T {
    this.closes.push(async () => await close(made));
    if (!this.isClosed) return made;
    void this.close().catch((error: unknown) => console.log(`      ${String(error)}`));
    throw new Error('The tests had ended when this was set up.');
  }

  /** An empty folder, which is removed with its content at the end. */
  async makeFolder(prefix: string): Promise<string> {
    const folder = await mkdtemp(path.join(tmpdir(), prefix));
    return this.own(folder, async (made) => await rm(made, { recursive: true, force: true }));
  }

  async startSimulator(options: SimulatorOptions): Promise<Simulator> {
    return this.own(await Simulator.start(options), async (made) => await made.stop());
  }

  async startVsCode(options: PackagedOptions): Promise<PackagedVsCode> {
    const vscode = this.own(await PackagedVsCode.start(options), async (made) => await made.close());
    this.vscodes.push(vscode);
    return vscode;
  }

  private async picture(title: string): Promise<void> {
    const name = `failed-${title.replace(/\W+/g, '-').slice(0, 60)}`;
    // A page that cannot be pictured any more must fail no other test.
    for (const vscode of this.vscodes)
      await vscode
        .screenshots(name)
        .catch((error: unknown) => console.log(`      no picture: ${String(error)}`));
  }

  private async close(): Promise<void> {
    this.isClosed = true;
    const failures: unknown[] = [];
    for (const close of this.closes.splice(0).reverse()) {
      await close().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw new AggregateError(failures, 'Not all could be taken down.');
  }
}
