// Declares and reads the proxy's settings; those of the network come from VS Code and the environment.
import { IANAZone } from 'luxon';
import * as v from 'valibot';
import { directRoute, type NetworkRoute } from '../proxy/upstream/networkRoute';

/** A host name that only this machine can reach. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** The host as a URL has it: an IPv6 address in brackets. */
export function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** Why a base URL of upstream is refused, or null. Keys are sent over TLS only, except to a loopback host. */
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

/** Text without the blanks around it, which a paste may leave. */
export const pastedText = v.pipe(v.string(), v.trim());

/** Figures are in the unit that the setting's name ends in. */
export const settingsSchema = v.object({
  host: v.optional(v.pipe(v.string(), v.nonEmpty()), '127.0.0.1'),
  port: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535)), 9999),
  upstreamUrl: v.optional(
    v.pipe(
      pastedText,
      v.check(
        (text) => baseUrlProblem(text) === null,
        ({ input }) => baseUrlProblem(input) ?? '',
      ),
      // Paths are appended to it.
      v.transform((text) => text.replace(/\/+$/, '')),
    ),
    'https://openrouter.ai/api/v1',
  ),
  /** IANA name, or empty for the machine's own zone. */
  timezone: v.optional(
    v.pipe(
      pastedText,
      v.check(
        (zone) => zone === '' || IANAZone.isValidZone(zone),
        'is not a time zone such as Europe/Berlin',
      ),
    ),
    '',
  ),
  maxWaitSeconds: v.optional(seconds(0, 3600), 90),
  maxWaiting: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(10_000)), 256),
  /** How many attempts run upstream at once; further ones wait like requests without a free slot, but do not count for `maxWaiting`. */
  maxUpstreamAttempts: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100_000)), 1024),
  /** How long a request may begin new attempts; it never cuts a running answer. */
  deadlineSeconds: v.optional(seconds(1, 3600), 240),
  firstTokenTimeoutSeconds: v.optional(seconds(1, 3600), 120),
  idleTimeoutSeconds: v.optional(seconds(1, 3600), 90),
  keepAliveAfterSeconds: v.optional(seconds(1, 3600), 45),
  /** How long running answers may go on once the proxy has been told to stop. */
  drainSeconds: v.optional(seconds(0, 3600), 30),
  /** The status of a refusal when all allowances are used up: most agents stop at 402 and show its text. */
  exhaustedStatus: v.optional(v.picklist([429, 402]), 429),
  /** Where an account's own settings refuse a request: `otherAccount` tries other accounts · `giveBack` returns the refusal. */
  policyRefusals: v.optional(v.picklist(['otherAccount', 'giveBack']), 'otherAccount'),
  /** Requests that may cost are refused. */
  freeOnly: v.optional(v.boolean(), false),
  /** Whether requests that make or move keys are passed on: a client could make a real key with them. */
  allowKeyChanges: v.optional(v.boolean(), false),
  /** Model pattern (`*` stands for any text) → models to try instead, in this order. */
  fallbackModels: v.optional(
    v.pipe(
      // An array would pass for a record of its indexes.
      v.custom<object>(
        (value) => typeof value === 'object' && !Array.isArray(value),
        'must be JSON such as {"x/y:free":["openrouter/free"]}',
      ),
      v.record(pastedText, v.array(v.pipe(pastedText, v.nonEmpty()))),
    ),
    {},
  ),
  /** Not a setting of Keywheel: `networkRouteOf` reads it from the editor and the environment. */
  networkRoute: v.optional(
    v.custom<NetworkRoute>((value) => typeof value === 'object'),
    directRoute,
  ),
});

export type Settings = v.InferOutput<typeof settingsSchema>;

export const defaultSettings: Settings = v.getDefaults(settingsSchema);

export interface SettingProblem {
  readonly setting: string;
  readonly problem: string;
}

/**
 * `last` with every valid value of `raw`; an invalid one is reported in `problems` and changes nothing.
 * Fields that the schema does not have are ignored.
 */
export function readSettings<Schema extends v.ObjectSchema<v.ObjectEntries, undefined>>(
  schema: Schema,
  raw: Readonly<Record<string, unknown>>,
  last: v.InferOutput<Schema>,
): { readonly values: v.InferOutput<Schema>; readonly problems: readonly SettingProblem[] } {
  const problems: SettingProblem[] = [];
  const good: Record<string, unknown> = { ...last };
  for (const [setting, entry] of Object.entries(schema.entries)) {
    const value = raw[setting];
    if (value === undefined) continue;
    const read = v.safeParse(entry, value);
    if (read.success) good[setting] = read.output;
    // The value is not reported: it may be a secret that was entered at the wrong setting.
    else problems.push({ setting, problem: read.issues[0].message.replace(/ but received [^]*/, '') });
  }
  return { values: v.parse(schema, good), problems };
}

/** VS Code's settings of the section `http` that say how upstream is reached. */
export const httpSettings = [
  'proxy',
  'noProxy',
  'proxyStrictSSL',
  'proxySupport',
  'systemCertificates',
] as const;

/** The way by VS Code's proxy, else the environment's: variables in both spellings, lower case first. `http` is unparsed. */
export function networkRouteOf(
  environment: Readonly<Record<string, string | undefined>>,
  http: Readonly<Partial<Record<(typeof httpSettings)[number], unknown>>> = {},
): NetworkRoute {
  const first = (...texts: readonly unknown[]): string =>
    texts.map((text) => (typeof text === 'string' ? text.trim() : '')).find((text) => text !== '') ?? '';
  const variable = (...names: readonly string[]): string => first(...names.map((name) => environment[name]));
  const { proxy, noProxy } = http;
  return {
    proxyUrl:
      http.proxySupport === 'off'
        ? ''
        : first(proxy, variable('https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY')),
    noProxy: first(Array.isArray(noProxy) ? noProxy.join(',') : '', variable('no_proxy', 'NO_PROXY')),
    isStrict: http.proxyStrictSSL !== false,
    systemCertificates: http.systemCertificates !== false,
    extraCaFile: variable('NODE_EXTRA_CA_CERTS'),
  };
}
