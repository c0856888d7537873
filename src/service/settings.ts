// What the user can set of the proxy; parsed once, at the edge.
import { IANAZone } from 'luxon';
import * as v from 'valibot';

/** A host name that only this machine can reach. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** Why a base URL of upstream is refused, or null. Keys leave only over TLS, unless they stay on this machine. */
export function baseUrlProblem(text: string): string | null {
  if (!URL.canParse(text)) return 'is not a URL';
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return 'must not hold a user name or a password';
  if (url.search !== '' || url.hash !== '') return 'must not have a query or a fragment';
  if (url.protocol === 'https:') return null;
  if (url.protocol === 'http:' && isLoopbackHost(url.hostname)) return null;
  return 'must begin with https:// (http:// is for loopback hosts alone)';
}

const seconds = (min: number, max: number): v.GenericSchema<number> =>
  v.pipe(v.number(), v.minValue(min), v.maxValue(max));

/** The settings that the proxy obeys. Figures are in the unit of the name; defaults are those of the design. */
export const settingsSchema = v.object({
  host: v.optional(v.pipe(v.string(), v.nonEmpty()), '127.0.0.1'),
  port: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535)), 9999),
  upstreamUrl: v.optional(
    v.pipe(
      v.string(),
      v.check(
        (text) => baseUrlProblem(text) === null,
        ({ input }) => baseUrlProblem(input) ?? '',
      ),
      // Paths are put after it.
      v.transform((text) => text.replace(/\/+$/, '')),
    ),
    'https://openrouter.ai/api/v1',
  ),
  /** IANA name, or empty for the machine's own zone. */
  timezone: v.optional(
    v.pipe(
      v.string(),
      v.check(
        (zone) => zone === '' || IANAZone.isValidZone(zone),
        'is not a time zone such as Europe/Berlin',
      ),
    ),
    '',
  ),
  maxWaitSeconds: v.optional(seconds(0, 3600), 90),
  maxWaiting: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(10_000)), 256),
  /** How long new attempts of one request may begin; a running answer is never cut by it. */
  deadlineSeconds: v.optional(seconds(1, 3600), 240),
  firstTokenTimeoutSeconds: v.optional(seconds(1, 3600), 120),
  idleTimeoutSeconds: v.optional(seconds(1, 3600), 90),
  keepAliveAfterSeconds: v.optional(seconds(1, 3600), 45),
  /** The status of a refusal because everything is used up: most agents stop at 402 and show its text. */
  exhaustedStatus: v.optional(v.picklist([429, 402]), 429),
  /** Model pattern (`*` stands for any text) → models to try instead, in this order. */
  fallbackModels: v.optional(
    v.pipe(
      // An array would pass for a record of its indexes.
      v.custom<object>((value) => typeof value === 'object' && !Array.isArray(value), 'must be an object'),
      v.record(v.string(), v.array(v.pipe(v.string(), v.nonEmpty()))),
    ),
    {},
  ),
});

export type Settings = v.InferOutput<typeof settingsSchema>;

export const defaultSettings: Settings = v.parse(settingsSchema, {});

export interface SettingProblem {
  readonly setting: string;
  readonly problem: string;
}

/**
 * Every right value of `raw` on top of `last`; a wrong one leaves the last good one and is told in `problems`.
 * Unknown fields are left out.
 */
export function readSettings(
  raw: Readonly<Record<string, unknown>>,
  last: Settings,
): { readonly settings: Settings; readonly problems: readonly SettingProblem[] } {
  const problems: SettingProblem[] = [];
  const good: Record<string, unknown> = { ...last };
  for (const [setting, schema] of Object.entries(settingsSchema.entries)) {
    const value = raw[setting];
    if (value === undefined) continue;
    const read = v.safeParse(schema, value);
    if (read.success) good[setting] = read.output;
    else problems.push({ setting, problem: read.issues[0].message });
  }
  return { settings: v.parse(settingsSchema, good), problems };
}
