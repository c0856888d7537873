// The identity of a window, and the host's public answer to `/health`.
import * as v from 'valibot';

/** To be raised when a window would misread a host of another version, or a host such a window. */
export const protocol = 1;

export interface WindowIdentity {
  readonly secret: Uint8Array;
  readonly machineId: string;
  /** The extension's version, such as `1.2.0`. */
  readonly version: string;
  /** The editor, such as `Visual Studio Code`. */
  readonly product: string;
  /** The machine's own name. */
  readonly machine: string;
  /** The open folder's name. Only windows with the same secret can read it. */
  readonly window: string;
}

const shortText = v.pipe(v.string(), v.maxLength(200));

/** The answer to `GET /health?nonce=`: any client can read it, so it names neither machine nor folder. */
export const healthSchema = v.object({
  program: v.literal('keywheel'),
  protocol: v.number(),
  version: shortText,
  product: shortText,
  machineId: shortText,
  /** Only hosts of earlier builds fill `machine`, `window` and `instance`; others send them empty, as windows of those builds require them. */
  machine: v.optional(shortText, ''),
  window: v.optional(shortText, ''),
  instance: v.optional(shortText, ''),
  /** The hash of the machine's name by `machineMark`. */
  machineMark: v.optional(shortText, ''),
  /** Address and port of the host's end of this connection. */
  address: shortText,
  hostNonce: shortText,
  /** The window's name, sealed as `window`. */
  sealedWindow: v.optional(v.pipe(v.string(), v.maxLength(2_000)), ''),
  proof: shortText,
});
export type Health = v.InferOutput<typeof healthSchema>;

/** Whether version `one` is newer than `other`; text after a hyphen is ignored, and a part that is no number counts as 0. */
export function isNewer(one: string, other: string): boolean {
  const [a, b] = [numbersOf(one), numbersOf(other)];
  const at = [0, 1, 2].find((index) => (a[index] ?? 0) !== (b[index] ?? 0)) ?? 0;
  return (a[at] ?? 0) > (b[at] ?? 0);
}

function numbersOf(version: string): number[] {
  return version
    .replace(/[-+].*$/, '')
    .split('.')
    .map((part) => (/^\d+$/.test(part) ? Number(part) : 0));
}

/** The host's end of a connection as text, the same at both ends. */
export function addressText(host: string | undefined, port: number | undefined): string {
  return `${host ?? ''}:${port ?? 0}`;
}
