// OpenRouter's list of models, requested at most once an hour; all windows share a copy on disk, which also serves after a failure.
import * as v from 'valibot';
import { parseJson } from '../base/json';
import type { Clock } from '../base/clock';
import type { Log } from '../base/log';
import { readConfigFile, replaceFile } from './configFile';
import { listedModelSchema, type ListedModel } from './modelList';

export interface ModelCataloguePorts {
  readonly clock: Clock;
  readonly log: Log;
  /** The path of the copy; need not exist. */
  readonly file: string;
  /** Resolves to an empty list if the request fails, to null while the proxy does not run. Never rejects. */
  readonly ask: () => Promise<readonly ListedModel[] | null>;
}

const freshMs = 60 * 60_000;
/** Pause after a failure, because VS Code asks often. */
const retryMs = 60_000;

const keptSchema = v.object({ atMs: v.number(), models: v.array(listedModelSchema) });
type Kept = v.InferOutput<typeof keptSchema>;

export class ModelCatalogue {
  private known: Kept = { atMs: Number.NEGATIVE_INFINITY, models: [] };
  private running: Promise<readonly ListedModel[]> | null = null;
  private failedAtMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly ports: ModelCataloguePorts) {}

  /** A list of at most one hour ago, else a new one, else the last copy; empty without a copy. Never rejects. */
  async models(): Promise<readonly ListedModel[]> {
    if (this.isFresh() || isWithin(this.ports.clock.wallMs(), this.failedAtMs, retryMs))
      return this.known.models;
    this.running ??= this.renewed().finally(() => (this.running = null));
    return await this.running;
  }

  private isFresh(): boolean {
    return isWithin(this.ports.clock.wallMs(), this.known.atMs, freshMs);
  }

  private async renewed(): Promise<readonly ListedModel[]> {
    const { clock, log, ask, file } = this.ports;
    // Another window may have asked meanwhile.
    this.known = (await this.kept()) ?? this.known;
    if (this.isFresh()) return this.known.models;
    const models = await ask();
    if (models === null) return this.known.models;
    if (models.length === 0) {
      this.failedAtMs = clock.wallMs();
      return this.known.models;
    }
    this.known = { atMs: clock.wallMs(), models: [...models] };
    try {
      const expected = await readConfigFile(file);
      await replaceFile({ file, bytes: Buffer.from(JSON.stringify(this.known)), expected });
    } catch (error: unknown) {
      log.warn(`The list of models is not kept: ${String(error)}`);
    }
    return models;
  }

  private async kept(): Promise<Kept | null> {
    const found = await readConfigFile(this.ports.file).catch(() => null);
    const parsed = v.safeParse(keptSchema, found === null ? null : parseJson(found.text));
    return parsed.success ? parsed.output : null;
  }
}

/** False if the clock was set back before `atMs`. */
function isWithin(nowMs: number, atMs: number, ms: number): boolean {
  return nowMs >= atMs && nowMs - atMs < ms;
}
