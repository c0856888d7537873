// The result of a test request as text; does not import vscode, so that it can be tested.
import { tookText } from './formats';
import type { TestResult } from '../clients/testRequest';
import type { Formats } from './formats';
import type { Translate } from './translate';
import { reachText } from './reachText';

/** One message: the result, and for a failure what to do. */
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
        'OpenRouter cannot be reached ({0}), so nothing was sent. Check your network, or run the doctor.',
        reachText(result.code, t),
      );
  }
}

function answeredText(
  { model, text, tookMs, keyLabel, attempts }: TestResult & { kind: 'answered' },
  t: Translate,
  formats: Formats,
): string {
  const took = tookText(tookMs, { t, formats });
  const said =
    text === ''
      ? t('{0} answered in {1} without text.', model, took)
      : t('{0} answered in {1}: “{2}”', model, took, text);
  const how = keyLabel === null ? null : t('Key: {0}.', keyLabel);
  const tries = attempts > 1 ? t('{0} attempts.', attempts) : null;
  return [t('It works.'), said, how, tries].filter((part) => part !== null).join(' ');
}

function refusedText(status: number, t: Translate): string {
  switch (status) {
    case 401:
      return t('The proxy key was not accepted ({0}).', status);
    case 402:
    case 429:
      return t('No key can serve this request now ({0}).', status);
    default:
      return t('The request failed ({0}).', status);
  }
}
