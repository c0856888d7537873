// Says that OpenRouter cannot be reached, why, and what is retried; does not import vscode, so that it can be tested.
import type { Snapshot } from '../service/snapshot';
import { reachReason } from './reachReason';
import type { Speech } from './stateWords';

type Reach = Pick<Snapshot, 'unreached' | 'running'>;

/** Such as `OpenRouter cannot be reached since 22:51 (connection refused, ECONNREFUSED). 1 request is being retried.`; empty while it is reached. */
export function unreachedText({ unreached, running }: Reach, speech: Speech): string {
  if (unreached === undefined) return '';
  const { t, formats, nowMs } = speech;
  const { sinceMs, code, heldUntilMs } = unreached;
  const since = formats.since(sinceMs, nowMs);
  const text = t('OpenRouter cannot be reached since {0} ({1}).', since, reachReason(code, t));
  return `${text} ${retriedText(running, heldUntilMs ?? 0, speech)}`.trimEnd();
}

/** Such as `2 requests are being retried, the next at 22:52:07.`, or that nothing is tried for a while; empty if nothing is retried. */
function retriedText(
  running: Snapshot['running'],
  heldUntilMs: number,
  { t, formats, nowMs }: Speech,
): string {
  if (heldUntilMs > nowMs)
    return t(
      'It is not tried again before {0}, unless you choose Check Now.',
      formats.until(heldUntilMs, nowMs),
    );
  // Requests whose last attempt did not reach OpenRouter.
  const retried = running.filter(({ outcome, stage }) => outcome === 'notSent' && stage !== 'answering');
  if (retried.length === 0) return '';
  const times = retried.flatMap(({ nextAtMs }) => nextAtMs ?? []);
  const many = formats.count(retried.length);
  if (times.length === 0)
    return retried.length === 1
      ? t('1 request is being retried.')
      : t('{0} requests are being retried.', many);
  const next = formats.until(Math.min(...times), nowMs);
  return retried.length === 1
    ? t('1 request is being retried, next at {0}.', next)
    : t('{0} requests are being retried, the next at {1}.', many, next);
}
