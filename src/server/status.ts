// `keywheel status`: asks the running proxy, and prints what it can serve.
import * as v from 'valibot';
import { SystemClock } from '../base/clock';
import { ask } from '../base/http';
import { parseJson } from '../base/json';
import { printable } from '../base/log';
import { Formats, joined } from '../words/formats';
import { waitingText } from '../words/stateWords';
import { translator } from '../words/translate';
import type { Configuration } from './options';
import { give, tableText } from './output';
import { askedOrigin } from './serve';

const answerTimeoutMs = 5_000;

/** As the dashboard calls them. */
const stateTexts = new Map([
  ['ready', 'Ready'],
  ['waiting', 'Minute limit reached'],
  ['usedUp', 'Used up'],
  ['locked', 'Locked'],
  ['off', 'Off'],
]);

const statusSchema = v.object({
  free_left: v.number(),
  free_limit: v.number(),
  resets_at: v.nullable(v.string()),
  waiting: v.number(),
  accounts: v.array(
    v.object({
      name: v.string(),
      state: v.string(),
      until: v.nullable(v.string()),
      day: v.object({ used: v.number(), limit: v.number(), left: v.number() }),
      minute: v.object({ used: v.number(), limit: v.number() }),
      keys: v.array(v.object({ label: v.string() })),
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
    return give(1, `No Keywheel answers at ${origin} (${answer.code}): start it, or correct HOST and PORT.`);
  if (answer.status === 401)
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
  const { free_left: left, free_limit: limit, resets_at: resetsAt, waiting, accounts } = read.output;
  const formats = new Formats('en', settings.timezone);
  const of = (some: number, all: number): string => `${formats.count(some)} of ${formats.count(all)}`;
  const nowMs = new SystemClock().wallMs();
  const at = (time: string): string => {
    const atMs = Date.parse(time);
    return Number.isNaN(atMs) ? time : formats.until(atMs, nowMs);
  };
  const rows = accounts.map(({ name: account, state, until, day, minute, keys }) => [
    account,
    formats.count(keys.length),
    of(day.left, day.limit),
    of(minute.used, minute.limit),
    `${stateTexts.get(state) ?? state}${until === null ? '' : ` until ${at(until)}`}`,
  ]);
  const facts = joined(
    ', ',
    `${of(left, limit)} free requests left today`,
    resetsAt !== null && `resets ${at(resetsAt)}`,
    waitingText(waiting, { t: translator({}), formats }),
  );
  const text = `Keywheel at ${origin}: ${facts}

${tableText(['Account', 'Keys', 'Left today', 'This minute', 'State'], rows)}`;
  process.stdout.write(printable(text));
  return 0;
}
