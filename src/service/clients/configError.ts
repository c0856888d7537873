// Why a client's file is left alone.

/**
 * `damaged`: not in its format · `unsupported`: in its format, but built so that our values have no place · `olderFormat`: the
 * client still uses a file of its older kind · `readOnly`: may not be written · `inTheWay`: no ordinary file · `changedMeanwhile`:
 * somebody wrote it between reading and writing · `backupLost`: the copy of the file as it was before is gone.
 */
export type ConfigProblem =
  'damaged' | 'unsupported' | 'olderFormat' | 'readOnly' | 'inTheWay' | 'changedMeanwhile' | 'backupLost';

/** The file is as it was. `line` counts from 1, or is null where it is not known. The message holds nothing of the file. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(
    readonly code: ConfigProblem,
    readonly file: string,
    readonly line: number | null = null,
    options?: ErrorOptions,
  ) {
    super(`${file}${line === null ? '' : `:${line}`}: ${code}`, options);
  }
}
