// What came of a test request, in words; no vscode, so that it can be tested.
import type { TestResult } from '../../service/clients/testRequest';
import type { Formats } from '../../webview/formats';
import type { Translate } from '../../webview/translate';
import { reachText } from '../reachText';

/** One message: what happened, and for a failure what to do. */
export function testResultText(
  result: Exclude<TestResult, { kind: 'cancelled' }>,
  t: Translate,
  formats: Formats,
): string {
  switch (result.kind) {
    case 'answered':
      return answeredText(result, t, formats);
    case 'refused':
      return [refusedText(result.status, t), result.message].filter((text) => text !== '').join(' ');
    case 'failed':
      return t('The proxy did not answer ({0}). Restart it, or run the doctor.', reachText(result.code, t));
    case 'unreachable':
      return t(
        'OpenRouter cannot be reached ({0}), so nothing was sent. Look at the network, or run the doctor.',
        reachText(result.code, t),
      );
  }
}

function answeredText(
  { model, text, tookMs, keyLabel, attempts }: TestResult & { kind: 'answered' },
  t: Translate,
  formats: Formats,
): string {
  const seconds = formats.count(Math.round(tookMs / 100) / 10);
  const said =
    text === ''
      ? t('{0} answered in {1} s with an empty text.', model, seconds)
      : t('{0} answered in {1} s: “{2}”', model, seconds, text);
  const how = keyLabel === null ? null : t('Key: {0}.', keyLabel);
  const tries = attempts > 1 ? t('It took {0} attempts.', attempts) : null;
  return [t('It works.'), said, how, tries].filter((part) => part !== null).join(' ');
}

function refusedText(status: number, t: Translate): string {
  switch (status) {
    case 401:
      return t('The proxy refused its own key ({0}).', status);
    case 402:
    case 429:
      return t('The proxy answers, but no key can serve this request now ({0}).', status);
    default:
      return t('The proxy answers, but the request failed ({0}).', status);
  }
}
