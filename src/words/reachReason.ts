// Reasons why a server could not be reached; runs in a browser too.
import { certificateProblem, proxyProblem } from '../base/unreached';
import type { Translate } from './translate';

/** Such as `connection refused, ECONNREFUSED`: text for the user, code for a report. An unknown code is returned as it is. */
export function reachReason(detail: string, t: Translate): string {
  switch (detail) {
    case 'ENOTFOUND':
    case 'ENODATA':
    case 'EAI_AGAIN':
      return t('address not found, {0}', detail);
    case 'ECONNREFUSED':
      return t('connection refused, {0}', detail);
    case 'ENETUNREACH':
    case 'ENETDOWN':
    case 'EHOSTUNREACH':
      return t('no route from this machine, {0}', detail);
    case 'ECONNRESET':
    case 'EPIPE':
      return t('connection lost, {0}', detail);
    case 'noHttp':
      return t('something else answered, {0}', detail);
    case 'ETIMEDOUT':
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'headTimeout':
    case 'timeout':
      return t('timed out, {0}', detail);
    default:
      return certificateText(detail, t) ?? networkProxyText(detail, t) ?? detail;
  }
}

function certificateText(detail: string, t: Translate): string | null {
  switch (certificateProblem(detail)) {
    case 'expired':
      return t('its certificate has expired, or the clock is wrong, {0}', detail);
    case 'notYetValid':
      return t('its certificate is not valid yet, as the clock is behind, {0}', detail);
    case 'selfSigned':
      return t('its certificate is self-signed, {0}', detail);
    case 'otherName':
      return t('its certificate is for another name, {0}', detail);
    case 'unknownIssuer':
      return t('its certificate is signed by an authority that is not trusted here, {0}', detail);
    case 'other':
      return t('its certificate is not accepted, {0}', detail);
    case null:
      return null;
  }
}

function networkProxyText(detail: string, t: Translate): string | null {
  switch (proxyProblem(detail)) {
    case 'credentials':
      return t('a network proxy requires a user name and password, {0}', detail);
    case 'refused':
      return t('a network proxy does not let it through, {0}', detail);
    case 'silent':
      return t('a network proxy gave no answer in time, {0}', detail);
    case 'unreached':
      return t('a network proxy was not reached, {0}', detail);
    case null:
      return null;
  }
}

/** What to do, or null without specific advice. */
export function reachAdvice(detail: string, t: Translate): string | null {
  switch (certificateProblem(detail)) {
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
    case null:
      return networkProxyAdvice(detail, t);
  }
}

function networkProxyAdvice(detail: string, t: Translate): string | null {
  switch (proxyProblem(detail)) {
    case 'credentials':
      return t('Add a user name and password to the setting http.proxy: http://user:password@host:port.');
    case 'refused':
      return t('Ask who runs the network proxy to let OpenRouter’s host through, at port 443.');
    case 'silent':
    case 'unreached':
      return t('Check the setting http.proxy, or HTTPS_PROXY if it is empty.');
    case null:
      return null;
  }
}
