// Texts about a server that could not be reached: reason, advice and retried requests; runs in a browser too.
import {
  certificateProblem,
  proxyProblem,
  type CertificateProblem,
  type ProxyProblem,
} from '../base/systemError';
import type { Snapshot } from '../service/snapshot';
import { joined } from './formats';
import type { TextContext } from './stateWords';
import { wordsFor, type Translate } from './translate';

type Reason = (t: Translate, code: string) => string;

const reasons: readonly (readonly [codes: RegExp, reason: Reason])[] = [
  [/^(?:ENOTFOUND|ENODATA|EAI_AGAIN)$/, (t, code) => t('address not found, {0}', code)],
  [/^ECONNREFUSED$/, (t, code) => t('connection refused, {0}', code)],
  [/^(?:ENETUNREACH|ENETDOWN|EHOSTUNREACH)$/, (t, code) => t('no route from this machine, {0}', code)],
  [/^(?:ECONNRESET|EPIPE)$/, (t, code) => t('connection lost, {0}', code)],
  [/^noHttp$/, (t, code) => t('something else answered, {0}', code)],
  [/^(?:ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT|headTimeout|timeout)$/, (t, code) => t('timed out, {0}', code)],
];

/** Such as `connection refused, ECONNREFUSED`: text for the user, code for a report. An unknown code is returned as it is. */
export function reachReason(code: string, t: Translate): string {
  const problem = certificateProblem(code) ?? proxyProblem(code);
  if (problem !== null) return problemReason(problem, t, code);
  const [, reason] = reasons.find(([codes]) => codes.test(code)) ?? [];
  return reason?.(t, code) ?? code;
}

const problemReason = wordsFor<CertificateProblem | ProxyProblem, string, [detail: string]>({
  expired: (t, detail) => t('its certificate has expired, or the clock is wrong, {0}', detail),
  notYetValid: (t, detail) => t('its certificate is not valid yet, as the clock is behind, {0}', detail),
  selfSigned: (t, detail) => t('its certificate is self-signed, {0}', detail),
  otherName: (t, detail) => t('its certificate is for another name, {0}', detail),
  unknownIssuer: (t, detail) =>
    t('its certificate is signed by an authority that is not trusted here, {0}', detail),
  other: (t, detail) => t('its certificate is not accepted, {0}', detail),
  unusable: (t, detail) => t('the network proxy’s address cannot be used, {0}', detail),
  credentials: (t, detail) => t('a network proxy requires a user name and password, {0}', detail),
  refused: (t, detail) => t('a network proxy does not let it through, {0}', detail),
  silent: (t, detail) => t('a network proxy gave no answer in time, {0}', detail),
  unreached: (t, detail) => t('a network proxy was not reached, {0}', detail),
});

/** Advice for this kind of failure, or null if there is none. */
export function reachAdvice(detail: string, t: Translate): string | null {
  switch (certificateProblem(detail) ?? proxyProblem(detail)) {
    case 'expired':
    case 'notYetValid':
      return t(
        'Correct this machine’s clock. If it is right, something on the way answers in OpenRouter’s place.',
      );
    case 'selfSigned':
    case 'otherName':
      return t(
        'Something on the way answers in OpenRouter’s place: sign in to the network, and check the setting keywheel.upstreamUrl.',
      );
    case 'unknownIssuer':
      return t(
        'A company or a security program may inspect TLS: install its certificate authority on this machine, or name its PEM file in NODE_EXTRA_CA_CERTS and restart VS Code.',
      );
    case 'other':
      return t('Check what answers in OpenRouter’s place.');
    case 'unusable':
      return t(
        'Set http.proxy, or HTTPS_PROXY if it is empty, to an address such as http://proxy:3128. SOCKS is not supported.',
      );
    case 'credentials':
      return t('Add a user name and password to the setting http.proxy: http://user:password@host:port.');
    case 'refused':
      return t('Ask whoever runs the network proxy to let OpenRouter’s host through, at port 443.');
    case 'silent':
    case 'unreached':
      return t('Check the setting http.proxy, or HTTPS_PROXY if it is empty.');
    case null:
      return null;
  }
}

/** Such as `OpenRouter has been unreachable since 22:51 (…). 1 request is being retried.`; empty if it is not unreachable. */
export function unreachedText(
  { unreached, running }: Pick<Snapshot, 'unreached' | 'running'>,
  textContext: TextContext,
): string {
  if (unreached === undefined) return '';
  const { t, formats, nowMs } = textContext;
  const { sinceMs, code, heldUntilMs } = unreached;
  const since = formats.since(sinceMs, nowMs);
  const text = t('OpenRouter has been unreachable since {0} ({1}).', since, reachReason(code, t));
  return joined(' ', text, retriedText(running, heldUntilMs ?? 0, textContext));
}

/** Such as `2 requests are being retried, the next at 22:52:07.`, or the time before which nothing is tried; else empty. */
function retriedText(
  running: Snapshot['running'],
  heldUntilMs: number,
  { t, formats, nowMs }: TextContext,
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
