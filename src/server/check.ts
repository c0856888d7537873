// `keywheel check`: checks keys, OpenRouter and the clock, without starting the proxy and without a model request.
import { SystemClock } from '../base/clock';
import { maskKey } from '../base/secret';
import { askUpstream, clockToleranceMs, whoAnswers, type UpstreamAnswer } from '../service/askUpstream';
import { checkKeyAt, checkKeys, type KeyCheck } from '../service/keyring/keyCheck';
import type { StoredKey } from '../service/keyring/storedKey';
import { Formats } from '../words/formats';
import { reachText } from '../words/reachText';
import { translator } from '../words/translate';
import { withKeysFile } from './keysFile';
import type { Configuration } from './options';
import { give, tableText } from './output';

const t = translator({});

/** Prints a table and resolves with the exit code: 0 if any key works, 1 if none does. */
export async function check({ keys: own, keysFile, settings }: Configuration): Promise<number> {
  const keys = withKeysFile(own, keysFile);
  if (typeof keys === 'string') return give(2, keys);
  const { upstreamUrl, networkRoute } = settings;
  const place = { upstreamUrl, networkRoute, clock: new SystemClock() };
  const answer = await askUpstream(place);
  const formats = new Formats('en', settings.timezone);
  // Without an answer from OpenRouter each key would fail in the same way.
  const asked = whoAnswers(answer) === 'openRouter' ? keys : [];
  const checks = await checkKeys(asked, async ({ key }) => await checkKeyAt(place, key));
  const names = [...new Set(checks.flatMap((each) => (each.kind === 'good' ? [each.accountId] : [])))];
  const rows = keys.map((key, index) => rowOf(key, checks[index], names, formats));
  process.stdout.write(
    `${tableText(['Name', 'Key', 'Account', 'Free a day', 'Left today', 'Limit left', 'State'], rows)}
OpenRouter  ${upstreamText(answer)}
Clock       ${clockText(answer)}
`,
  );
  return checks.some(({ kind }) => kind === 'good') ? 0 : 1;
}

function rowOf(
  { key, label, dailyLimit }: StoredKey,
  checked: KeyCheck | undefined,
  accounts: readonly string[],
  formats: Formats,
): readonly string[] {
  const row = (...rest: readonly string[]): string[] => [label, maskKey(key), ...rest];
  switch (checked?.kind) {
    case 'good': {
      const { accountId, freeLimit, freeUsed, capLeft } = checked;
      const limit = freeLimit === null ? null : Math.min(freeLimit, dailyLimit ?? freeLimit);
      const left = limit === null || freeUsed === null ? null : Math.max(limit - freeUsed, 0);
      const figure = (value: number | null): string => (value === null ? '?' : formats.count(value));
      const cap = capLeft === null ? 'no limit' : formats.credits(capLeft);
      return row(`account ${accounts.indexOf(accountId) + 1}`, figure(limit), figure(left), cap, 'works');
    }
    case 'management':
      return row('', '', '', '', 'Management key: it cannot run models');
    case 'bad':
      return row('', '', '', '', 'Invalid key');
    case 'unreachable':
      return row('', '', '', '', `not checked (${reachText(checked.detail, t)})`);
    case undefined:
      return row('', '', '', '', 'not checked');
  }
}

function upstreamText(answer: UpstreamAnswer): string {
  if (answer.kind === 'failed') return `cannot be reached: ${reachText(answer.code, t)}`;
  const { status, headMs } = answer;
  const who = whoAnswers(answer);
  if (who === 'openRouter') return `answers in ${Math.round(headMs)} ms`;
  return who === 'trouble'
    ? `answers with an error (status ${status}): see status.openrouter.ai`
    : `something other than OpenRouter answered (status ${status}): correct OPENROUTER_BASE_URL, or sign in to the network`;
}

function clockText(answer: UpstreamAnswer): string {
  const aheadMs = answer.kind === 'answer' ? answer.aheadMs : null;
  if (aheadMs === null) return 'not checked: no time came from OpenRouter';
  if (Math.abs(aheadMs) <= clockToleranceMs) return 'agrees with OpenRouter’s';
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  return `${seconds} s ${aheadMs > 0 ? 'ahead of' : 'behind'} OpenRouter’s: correct it, as resets depend on it`;
}
