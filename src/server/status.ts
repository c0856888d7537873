// `keywheel status`: asks the running proxy, and prints what it can serve.
import * as v from 'valibot';
import { SystemClock } from '../base/clock';
import { ask } from '../base/http';
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

/** A text, which a proxy of another build may have more of. */
function oneOf<Text extends string>() {
  return v.custom<Text>((text) => typeof text === 'string');
}

const instant = v.pipe(v.string(), v.transform(Date.parse), v.number());
const locks = v.pipe(
  v.array(
    v.object({ reason: oneOf<LockView['reason']>(), covers: oneOf<LockView['covers']>(), until: instant }),
  ),
  v.transform((all) => all.map(({ until: untilMs, ...lock }) => ({ ...lock, untilMs }))),
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
      locks,
      keys: v.array(
        v.object({
          enabled: v.boolean(),
          health: oneOf<KeyView['health']>(),
          // Servers of earlier builds do not tell.
          paid_use: v.optional(oneOf<KeyView['paidUse']>(), 'auto'),
          locks: v.optional(locks, []),
        }),
      ),
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
  if (answer.kind === 'failed')
    return give(
      1,
      answer.code === 'timeout'
        ? `What listens at ${origin} does not answer: restart it, or correct HOST and PORT.`
        : `No Keywheel answers at ${origin} (${answer.code}): start it, or correct HOST and PORT.`,
    );
  if (answer.headers['x-keywheel-refusal'] !== undefined && answer.status === 401)
    return give(
      1,
      `PROXY_API_KEY is not the key of the proxy at ${origin}: set it to what that one was started with.`,
    );
  const read = v.safeParse(statusSchema, parseJson(answer.text));
  if (!read.success)
    return give(
      1,
      `Something other than Keywheel answers at ${origin} (status ${answer.status}): correct HOST and PORT.`,
    );
  const {
    unreached,
    free_left: left,
    free_limit: limit,
    resets_at: resetsAtMs,
    waiting,
    accounts,
  } = read.output;
  const formats = new Formats('en', settings.timezone);
  const speech = { t: translator({}), formats, nowMs: new SystemClock().wallMs() };
  const of = (some: number, all: number): string => `${formats.count(some)} of ${formats.count(all)}`;
  const rows = accounts.map(({ name: account, state, until: untilMs, day, minute, keys, locks: held }) => {
    const facts = keys.map(({ paid_use: paidUse, ...key }) => ({ ...key, paidUse }));
    return [
      account,
      formats.count(keys.length),
      of(day.left, day.limit),
      of(minute.used, minute.limit),
      accountWords({ state, untilMs, locks: held, keys: facts }, speech).text,
    ];
  });
  const facts = joined(
    ', ',
    // Without a key that serves free requests there is no sum.
    limit > 0 && `${of(left, limit)} free requests left today`,
    resetsAtMs !== null && `resets ${formats.until(resetsAtMs, speech.nowMs)}`,
    waitingText(waiting, speech),
  );
  const outage =
    unreached !== null &&
    unreachedText(
      { unreached: { code: unreached.code, sinceMs: unreached.since, heldUntilMs: null }, running: [] },
      speech,
    );
  const text = `${joined('\n', joined(': ', `Keywheel at ${origin}`, facts), outage)}

${tableText(['Account', 'Keys', 'Left today', 'This minute', 'State'], rows)}`;
  process.stdout.write(printable(text));
  return 0;
}
