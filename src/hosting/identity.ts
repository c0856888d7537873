// Who a window is, and what a host says of itself to whoever asks.
import * as v from 'valibot';

/** To be raised when a window would misread what a host of another version streams. */
export const protocol = 1;

export interface WindowIdentity {
  readonly secret: Buffer;
  readonly machineId: string;
  /** Random, one a window start. */
  readonly instance: string;
  /** The extension's version, such as `1.2.0`. */
  readonly version: string;
  /** The editor, such as `Visual Studio Code`. */
  readonly product: string;
  /** The machine's own name. */
  readonly machine: string;
  /** What people know this window by: its folder's name. */
  readonly window: string;
}

const shortText = v.pipe(v.string(), v.maxLength(200));

/** The answer to `GET /health?nonce=`. */
export const healthSchema = v.object({
  program: v.literal('keywheel'),
  protocol: v.number(),
  version: shortText,
  product: shortText,
  instance: shortText,
  machineId: shortText,
  machine: shortText,
  window: shortText,
  /** The host's end of this connection. */
  address: shortText,
  hostNonce: shortText,
  proof: shortText,
});
export type Health = v.InferOutput<typeof healthSchema>;

/** Whether version `one` is newer than `other`; what follows a hyphen or is no number is not looked at. */
export function isNewer(one: string, other: string): boolean {
  const [a, b] = [numbersOf(one), numbersOf(other)];
  for (let index = 0; index < 3; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}

function numbersOf(version: string): number[] {
  return version
    .replace(/[-+].*$/, '')
    .split('.')
    .map((part) => (/^\d+$/.test(part) ? Number(part) : 0));
}

/** An end of a connection as text, the same on both sides of it. */
export function addressText(host: string | undefined, port: number | undefined): string {
  return `${host ?? ''}:${port ?? 0}`;
}
