// `keywheel status`: asks the running proxy for its accounts, and prints what they can serve.
import * as v from 'valibot';
import { SystemClock } from '../base/clock';
import { ask, type Answer } from '../base/http';
import { parseJson } from '../base/json';
import { printable } from '../base/log';
import type { KeyView, LockView } from '../service/snapshot';
import { Formats, joined } from '../words/formats';
import { unreachedText } from '../words/reachReason';
import { accountWords, waitingText } from '../words/stateWords';
import { translator } from '../words/translate';
import type { Configuration } from './options';
import { give, tableText } from './output';
import { askedOrigin } from './serve';

const answerTimeoutMs = 5_000;

/** Accepts any text in place of a union, as a proxy of another build may have more members. */
function oneOf<Text extends string>() {
  return v.custom<Text>((text) => typeof text === 'string');
}

const instant = v.pipe(v.string(), v.transform(Date.parse), v.number());
const lockSchema = v.pipe(
  v.object({ reason: oneOf<LockView['reason']>(), covers: oneOf<LockView['covers']>(), until: instant }),
  v.transform(({ until: untilMs, ...lock }) => ({ ...lock, untilMs })),
);
const keySchema = v.pipe(
  v.object({
    enabled: v.boolean(),
    health: oneOf<KeyView['health']>(),
    // Servers of earlier builds do not send it.
    paid_use: v.optional(oneOf<KeyView['paidUse']>(), 'auto'),
    locks: v.optional(v.array(lockSchema), []),
  }),
  v.transform(({ paid_use: paidUse, ...key }) => ({ ...key, paidUse })),
);
const figures = { used: v.number(), limit: v.number() };

const statusSchema = v.object({
  unreached: v.optional(v.nullable(v.object({ code: v.string(), since: instant })), null),
  free_left: v.number(),
  free_limit: v.number(),
  resets_at: v.nullable(instant),
  waiting: v.number(),
  accounts: v.array(
    v.object({
      name: v.string(),
      state: v.picklist(['ready', 'waiting', 'usedUp', 'locked', 'off']),
      until: v.nullable(instant),
      day: v.object({ ...figures, left: v.number() }),
      minute: v.object(figures),
      locks: v.array(lockSchema),
      keys: v.array(keySchema),
    }),
  ),
});

/** Prints a table and resolves with the exit code: 0 if a Keywheel answers, 1 if none does, 2 without its proxy key. */
export async function status({ settings, proxyKey }: Configuration): Promise<number> {
  if (proxyKey === null) return give(2, 'PROXY_API_KEY is missing: set it to the key of the running proxy.');
  const origin = askedOrigin(settings);
  const answer = await ask({
    url: `${origin}/key-status`,
    headers: { authorization: `Bearer ${proxyKey}` },
    timeoutMs: answerTimeoutMs,
  });
  const read = answer.kind === 'failed' ? null : v.safeParse(statusSchema, parseJson(answer.text));
  if (read === null || !read.success) return give(1, problemOf(answer, origin));
  process.stdout.write(printable(statusText(read.output, origin, settings.timezone)));
  return 0;
}

function problemOf(answer: Answer, origin: string): string {
  if (answer.kind === 'failed')
    return answer.code === 'timeout'
      ? `What listens at ${origin} does not answer: restart it, or correct HOST and PORT.`
      : `No Keywheel answers at ${origin} (${answer.code}): start it, or correct HOST and PORT.`;
  return answer.status === 401 && answer.headers['x-keywheel-refusal'] !== undefined
    ? `PROXY_API_KEY is not the key of the proxy at ${origin}: set it to what that one was started with.`
    : `Something other than Keywheel answers at ${origin} (status ${answer.status}): correct HOST and PORT.`;
}

function statusText(status: v.InferOutput<typeof statusSchema>, origin: string, timezone: string): string {
  const { unreached, free_left: left, free_limit: limit, resets_at: resetsAtMs } = status;
  const formats = new Formats('en', timezone);
  const textContext = { t: translator({}), formats, nowMs: new SystemClock().wallMs() };
  const of = (some: number, all: number): string => `${formats.count(some)} of ${formats.count(all)}`;
  const rows = status.accounts.map(({ name, until: untilMs, day, minute, keys, ...account }) => [
    name,
    formats.count(keys.length),
    of(day.left, day.limit),
    of(minute.used, minute.limit),
    accountWords({ ...account, untilMs, keys }, textContext).text,
  ]);
  const facts = joined(
    ', ',
    // The limit is 0 if no key serves free requests: then there is no sum to show.
    limit > 0 && `${of(left, limit)} free requests left today`,
    resetsAtMs !== null && `resets ${formats.until(resetsAtMs, textContext.nowMs)}`,
    waitingText(status.waiting, textContext),
  );
  const known = unreached && { code: unreached.code, sinceMs: unreached.since, heldUntilMs: null };
  const outage = known && unreachedText({ unreached: known, running: [] }, textContext);
  return `${joined('\n', joined(': ', `Keywheel at ${origin}`, facts), outage)}

${tableText(['Account', 'Keys', 'Left today', 'This minute', 'State'], rows)}`;
}
